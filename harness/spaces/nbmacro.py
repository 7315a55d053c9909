"""NAS-Bench-Macro: 8 layers in stages of 2, 3 and 3, each an identity or one of two mobile blocks.

Su et al., "Prioritized Architecture Sampling with Monto-Carlo Tree Search", CVPR 2021.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError
from harness.options import Option
from harness.spaces._diagram import Diagram, Node, chain
from harness.spaces._growth import by_decisions
from harness.spaces._space import Architecture, Decision, Space, is_index

OPTIONS = {
    "supernet_epochs": Option(
        int, 50, "of a supernet at fidelity=benchmark: DARTS's, nobody published one here"
    )
}

OPERATIONS = ("identity", "mb3_k3", "mb6_k5")
STAGES = (2, 3, 3)


class NBMacro(Space):
    """6,561 architectures, 3,969 distinct networks."""

    name = "nbmacro"
    title = "NAS-Bench-Macro"
    family = "nbmacro"
    decisions = tuple(Decision(f"layer_{index}", OPERATIONS) for index in range(sum(STAGES)))
    identity_candidates = frozenset({"identity"})
    stages = sum(STAGES)
    forms = "eight digits of 0, 1 and 2 as text or as numbers, or a mapping from layer_0 to layer_7"

    def listing(self) -> tuple[Architecture, ...]:
        """Every architecture, in lexicographic order of the picks."""
        return tuple(self.encodings())

    def grown(self, arch: Architecture | None, stage: int) -> tuple[Architecture, ...]:
        """Layer by layer from the first; those behind are identities."""
        layers = [(layer,) for layer in range(self.stages)]
        return by_decisions(self, layers, OPERATIONS.index("identity"), arch, stage)

    def format(self, arch: Architecture) -> str:
        """Eight digits: 0 identity, 1 MB3_K3, 2 MB6_K5."""
        return "".join(str(pick) for (pick,) in arch)

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the eight digits as numbers."""
        digits = all(is_index(item) and 0 <= item < len(OPERATIONS) for item in items)
        return tuple((int(item),) for item in items) if digits else None

    def parse_text(self, text: str) -> Architecture:
        """Read eight digits of 0, 1 and 2."""
        if len(text) != len(self.decisions) or not set(text) <= set("012"):
            raise ConfigError(
                "An nbmacro architecture is written as 8 digits of 0 (identity), 1 (MB3_K3) and "
                f"2 (MB6_K5), like 22212220; received {text!r}."
            )
        return tuple((int(digit),) for digit in text)

    def canonical(self, arch: Architecture) -> str:
        """The digits with the identities of each stage moved to its end.

        After the first block of a stage, which changes the width and the resolution, an
        identity does nothing wherever it stands.
        """
        digits, text = self.format(arch), ""
        for length in STAGES:
            first, rest, digits = digits[0], digits[1:length], digits[length:]
            text += first + rest.replace("0", "").ljust(length - 1, "0")
        return text

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The layers one after another, with the stage of each."""
        stages = [stage for stage, length in enumerate(STAGES, 1) for _ in range(length)]
        layers = (
            Node(str(number), OPERATIONS[pick], f"stage {stage}")
            for number, (stage, (pick,)) in enumerate(zip(stages, arch, strict=True), 1)
        )
        return (chain(tuple(layers)),)


SPACE = NBMacro()
