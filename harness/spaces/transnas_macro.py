"""TransNAS-Bench-101's macro space: four to six modules of two residual blocks, each of one of four kinds.

Duan, Chen, Xu, Chen, Liang, Zhang and Li, "TransNAS-Bench-101: Improving Transferability and Generalizability
of Cross-Task Neural Architecture Search", CVPR 2021.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from harness.errors import ConfigError
from harness.spaces._space import Architecture, Decision, Space, is_index

KINDS = ("plain", "widen", "reduce", "both")
"""Of modules, as the digits 1 to 4: nothing changes, twice the channels, half the resolution, both."""
ABSENT = "absent"
MODULES = 6
LEAST = 4
"""So many modules, and no fewer."""
REDUCING, WIDENING = {"reduce", "both"}, {"widen", "both"}
MOST_REDUCING, MOST_WIDENING = 4, 3
"""One module at least reduces and one widens, and so many at most."""

_TEXT = re.compile(r"(?:64-)?([1-4]{4,6})(?:-basic)?", re.ASCII)


class TransNASMacro(Space):
    """3,256 architectures, all of them distinct networks.

    A decision for every place of a module; the last two places may be empty. Picks that make no architecture
    (:meth:`counts`: modules that reduce or widen) are no part of the space, and no neighbours.
    """

    name = "transnas_macro"
    title = "TransNAS-Bench-101 macro"
    family = "transnas_macro"
    decisions = tuple(
        Decision(f"module_{place}", KINDS if place < LEAST else (ABSENT, *KINDS), kind="module")
        for place in range(MODULES)
    )
    identity_candidates = frozenset({ABSENT})
    forms = (
        "the authors' string such as 64-224131-basic, or its digits, four to six numbers of 1 to 4, or a "
        "mapping from module_0 to module_5"
    )

    def modules(self, arch: Architecture) -> tuple[str, ...]:
        """The kinds of the modules that are there, from the first to the last."""
        picked = (decision.candidates[pick] for decision, (pick,) in zip(self.decisions, arch, strict=True))
        return tuple(kind for kind in picked if kind != ABSENT)

    def counts(self, arch: Architecture) -> tuple[int, int]:
        """How many modules reduce, and how many widen."""
        kinds = self.modules(arch)
        return sum(kind in REDUCING for kind in kinds), sum(kind in WIDENING for kind in kinds)

    def has(self, arch: Architecture) -> bool:
        """Whether as many modules reduce and widen as the authors' enumeration allows."""
        reducing, widening = self.counts(arch)
        return 1 <= reducing <= MOST_REDUCING and 1 <= widening <= MOST_WIDENING

    def listing(self) -> tuple[Architecture, ...]:
        """Every architecture, in lexicographic order of the picks; not the order of the authors' indices."""
        return self._listed

    @cached_property
    def _listed(self) -> tuple[Architecture, ...]:
        return tuple(arch for arch in self.encodings() if self.normalise(arch) == arch and self.has(arch))

    def normalise(self, arch: Architecture) -> Architecture:
        """Empty places behind the modules."""
        if arch[LEAST] == (0,) and arch[LEAST + 1] != (0,):
            return (*arch[:LEAST], arch[LEAST + 1], (0,))
        return arch

    def validate(self, arch: Architecture) -> None:
        super().validate(arch)
        if not self.has(arch):
            reducing, widening = self.counts(arch)
            raise ConfigError(
                f"An architecture of {self.name} has 1 to {MOST_REDUCING} modules that reduce the resolution "
                f"(3, 4) and 1 to {MOST_WIDENING} that widen (2, 4); received {reducing} and {widening}: "
                f"{self.format(arch)}."
            )

    def format(self, arch: Architecture) -> str:
        """``64-digits-basic``, the authors' string: a digit of 1 to 4 for every module, :data:`KINDS`."""
        return f"64-{''.join(str(KINDS.index(kind) + 1) for kind in self.modules(arch))}-basic"

    def parse_text(self, text: str) -> Architecture:
        """Read the authors' string, or its digits."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ConfigError(
                "A transnas_macro architecture is written like 64-224131-basic, with four to six digits of 1 "
                f"(plain), 2 (widen), 3 (reduce) and 4 (both); received {text!r}."
            )
        arch = self._of_digits([int(digit) for digit in match[1]])
        self.validate(arch)
        return arch

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the digits as numbers."""
        digits = LEAST <= len(items) <= MODULES and all(is_index(item) and 1 <= item <= 4 for item in items)
        return self._of_digits([int(item) for item in items]) if digits else None

    def _of_digits(self, digits: Sequence[int]) -> Architecture:
        picks = [digit if place >= LEAST else digit - 1 for place, digit in enumerate(digits)]
        return tuple((pick,) for pick in [*picks, *[0] * (MODULES - len(picks))])

    def canonical(self, arch: Architecture) -> str:
        """The string: no two of them are the same network."""
        return self.format(arch)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Every decision made uniformly and by itself, again until that is an architecture."""
        arch = super().sample(rng)
        while not self.has(arch):
            arch = super().sample(rng)
        return arch

    def neighbours(self, arch: Architecture) -> tuple[Architecture, ...]:
        return tuple(other for other in super().neighbours(arch) if self.has(other))

    def mutated(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """One of ``neighbours(arch)``: another pick in one decision, drawn again until that is one."""
        child = super().mutated(arch, rng)
        while not self.has(child) or child == arch:
            child = super().mutated(arch, rng)
        return child

    def non_identity_operations(self, arch: Architecture) -> int:
        """How many modules there are."""
        return len(self.modules(arch))


SPACE = TransNASMacro()
