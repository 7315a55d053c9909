"""Accel-NASBench's MnasNet space: four decisions for each of seven blocks of inverted bottlenecks.

Ahmad, Xu and Samanta, "Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS", DAC 2024; the
blocks are those of EfficientNet-B0, which is in the space, as is MobileNetV2's body but for its depth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigError
from harness.spaces._diagram import Diagram, Node, chain
from harness.spaces._space import Architecture, Decision, Space

BLOCKS = 7
DEEPEST = 5
"""The one block that may have a fourth layer."""
KINDS = {
    "expansion": ("1", "4", "6"),
    "kernel": ("3", "5"),
    "layers": ("1", "2", "3"),
    "se": ("0", "1"),
}
"""By the authors' names what is decided in every block, and its candidates."""
_DECIDED = ("expansion", "kernel", "depth", "squeeze_excitation")
_TEXT = re.compile(r"e(\d{7})_k(\d{7})_l(\d{7})_s(\d{7})", re.ASCII)


@dataclass(frozen=True)
class Block:
    """What is chosen for a block: layers of one ``expansion`` and ``kernel``, with or without ``se``."""

    expansion: int
    kernel: int
    layers: int
    se: bool

    @property
    def words(self) -> str:
        """``2 x MB6 5x5 SE``: layers, expansion, kernel, and whether it squeezes and excites."""
        return f"{self.layers} x MB{self.expansion} {self.kernel}x{self.kernel}{' SE' * self.se}"


class MnasNet(Space):
    """104,485,552,128 architectures, all of them distinct networks; nobody lists them."""

    name = "mnasnet"
    title = "MnasNet space of Accel-NASBench"
    family = "mnasnet"
    decisions = tuple(
        Decision(
            f"{name}_{block}", (*KINDS[name], "4") if (name, block) == ("layers", DEEPEST) else KINDS[name],
            kind=kind,
        )
        for block in range(BLOCKS)
        for name, kind in zip(KINDS, _DECIDED, strict=True)
    )  # fmt: skip
    identity_candidates: frozenset[str] = frozenset()
    one_key_per_network = True
    forms = (
        "its string, such as e1666666_k3353553_l1223341_s1111111, with seven digits each of expansions 1, 4, "
        "6, kernels 3, 5, layers 1 to 3 (in block 5 to 4) and squeeze-and-excitation 0, 1; a mapping from "
        "expansion, kernel, layers and se to seven numbers each, or from every decision's name to its "
        "candidate's; or 28 tuples of one index each"
    )

    def blocks(self, arch: Architecture) -> tuple[Block, ...]:
        """The seven blocks, from the first to the last."""
        expansions, kernels, layers, ses = (self._chosen(arch, name) for name in KINDS)
        return tuple(
            Block(int(expansion), int(kernel), int(depth), se == "1")
            for expansion, kernel, depth, se in zip(expansions, kernels, layers, ses, strict=True)
        )

    def format(self, arch: Architecture) -> str:
        """``e1666666_k3353553_l1223341_s1111111``: a digit of each kind for every block."""
        return "_".join(f"{name[0]}{self._chosen(arch, name)}" for name in KINDS)

    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string."""
        match = _TEXT.fullmatch(text)
        arch = self._of_digits(match.groups()) if match else None
        if arch is None:
            raise ConfigError(
                "An architecture of mnasnet is written like e1666666_k3353553_l1223341_s1111111, seven "
                "digits each of expansions 1, 4 or 6, kernels 3 or 5, layers 1 to 3 (in block 5 to 4) "
                f"and squeeze-and-excitation 0 or 1; received {text!r}."
            )
        return arch

    def parse_mapping(self, items: Mapping[Any, Any]) -> Architecture | None:
        """Read seven digits or numbers for each of :data:`KINDS` too, as the authors' code names them."""
        if set(items) != set(KINDS):
            return super().parse_mapping(items)
        digits = ["".join(map(_digit, _listed(items[name]))) for name in KINDS]
        return self._of_digits(digits)

    def canonical(self, arch: Architecture) -> str:
        """The string: no two of them are the same network."""
        return self.format(arch)

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The blocks, one behind the other."""
        return (
            chain(
                tuple(Node(f"block {number}", block.words) for number, block in enumerate(self.blocks(arch)))
            ),
        )

    def non_identity_operations(self, arch: Architecture) -> int:
        """How many layers there are in all blocks."""
        return sum(block.layers for block in self.blocks(arch))

    def _chosen(self, arch: Architecture, name: str) -> str:
        """The digits of one kind, block by block."""
        place = list(KINDS).index(name)
        chosen = zip(self.decisions[place :: len(KINDS)], arch[place :: len(KINDS)], strict=True)
        return "".join(decision.candidates[pick] for decision, (pick,) in chosen)

    def _of_digits(self, digits: Sequence[str]) -> Architecture | None:
        """The architecture of seven digits for each of :data:`KINDS`; None where one is no candidate."""
        if any(len(own) != BLOCKS for own in digits):
            return None
        ordered = [own[block] for block in range(BLOCKS) for own in digits]
        pairs = list(zip(self.decisions, ordered, strict=True))
        if any(digit not in decision.candidates for decision, digit in pairs):
            return None
        return tuple((decision.candidates.index(digit),) for decision, digit in pairs)


def _listed(digits: Any) -> Sequence[Any]:
    return digits if isinstance(digits, Sequence) else ()


def _digit(value: Any) -> str:
    """``value`` as a digit; a truth value stands for 0 or 1."""
    return str(int(value)) if isinstance(value, int) else str(value)


SPACE = MnasNet()
