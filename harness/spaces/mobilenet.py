"""The MobileNet-like space that Zero-Cost-PT searches: 21 layers, each one of six blocks or an identity.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023; the layers are
those of ``mobilenet_search_space`` in zerocostptnas/zerocost_operation_score at commit 48f48c9, whose widths
are ProxylessNAS-GPU's (Cai, Zhu and Han, "ProxylessNAS", ICLR 2019).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError
from harness.options import Option
from harness.spaces._diagram import Diagram, Node, chain
from harness.spaces._space import Architecture, Decision, Images, Space, is_index

OPTIONS = {
    "supernet_epochs": Option(
        int, 50, "of a supernet at fidelity=benchmark: DARTS's, nobody published one here"
    )
}

BLOCKS = {
    "mb3_k3": (3, 3),
    "mb6_k3": (6, 3),
    "mb3_k5": (3, 5),
    "mb6_k5": (6, 5),
    "mb3_k7": (3, 7),
    "mb6_k7": (6, 7),
}
"""Expansion and kernel of the inverted residuals, in the order of the authors' ids, from 0 on."""
IDENTITY = "identity"
IDENTITY_ID = -1
STAGES = (4, 4, 4, 4, 4, 1)
"""Layers of each stage. The first of a stage sets its width, and is no identity."""
FIRST = tuple(sum(STAGES[:stage]) for stage in range(len(STAGES)))
"""The first layer of each stage."""
_ID = re.compile(r"-?\d+", re.ASCII)


class MobileNet(Space):
    """6^6 7^15 = 2.2e17 architectures; nobody lists them."""

    name = "mobilenet"
    title = "MobileNet-like"
    family = "mobilenet"
    decisions = tuple(
        Decision(f"layer_{layer}", tuple(BLOCKS) if layer in FIRST else (*BLOCKS, IDENTITY))
        for layer in range(sum(STAGES))
    )
    identity_candidates = frozenset({IDENTITY})
    made_for = Images("imagenet", 1000, 224)
    forms = (
        "the authors' 21 ids as a text with blanks such as 2 -1 -1 -1 4 ..., or as numbers, or a mapping "
        "from layer_0 to layer_20"
    )

    def format(self, arch: Architecture) -> str:
        """The authors' genotype: 21 ids between blanks, 0 to 5 (:data:`BLOCKS`) or -1 for an identity."""
        return " ".join(str(IDENTITY_ID if pick == len(BLOCKS) else pick) for (pick,) in arch)

    def parse_text(self, text: str) -> Architecture:
        """Read the authors' genotype."""
        ids = text.split()
        if not all(map(_ID.fullmatch, ids)):
            raise ConfigError(self._expected(f"received {text!r}"))
        return self._of_ids([int(each) for each in ids])

    def parse_sequence(self, items: Sequence[Any]) -> Architecture | None:
        """Read the ids as numbers."""
        return self._of_ids([int(item) for item in items]) if all(map(is_index, items)) else None

    def _of_ids(self, ids: Sequence[int]) -> Architecture:
        if len(ids) != len(self.decisions):
            raise ConfigError(self._expected(f"received {len(ids)}: {' '.join(map(str, ids))}"))
        for layer, (each, decision) in enumerate(zip(ids, self.decisions, strict=True)):
            if each == IDENTITY_ID and IDENTITY not in decision.candidates:
                raise ConfigError(
                    f"Layers {', '.join(map(str, FIRST[:-1]))} and {FIRST[-1]} of {self.name} set the width "
                    f"of a stage and cannot be an identity; received id {each} in layer {layer}: take one of "
                    f"0 to {len(BLOCKS) - 1} there."
                )
            if not IDENTITY_ID <= each < len(BLOCKS):
                raise ConfigError(self._expected(f"received {each} in layer {layer}"))
        return tuple((len(BLOCKS) if each == IDENTITY_ID else each,) for each in ids)

    def _expected(self, received: str) -> str:
        return (
            f"An architecture of {self.name} is written as {len(self.decisions)} ids between blanks, 0 to "
            f"{len(BLOCKS) - 1} for {', '.join(BLOCKS)} and {IDENTITY_ID} for an identity; {received}."
        )

    def canonical(self, arch: Architecture) -> str:
        """The ids with the identities of each stage moved to its end.

        Behind the first layer of a stage all have one width and resolution, and an identity does nothing
        wherever it stands.
        """
        ids, moved = self.format(arch).split(), []
        for first, length in zip(FIRST, STAGES, strict=True):
            moved += sorted(ids[first : first + length], key=lambda each: each == str(IDENTITY_ID))
        return " ".join(moved)

    def diagrams(self, arch: Architecture) -> tuple[Diagram, ...]:
        """The layers one after another, with the stage of each."""
        stages = [stage for stage, length in enumerate(STAGES, 1) for _ in range(length)]
        layers = (
            Node(str(number), decision.candidates[pick], f"stage {stage}")
            for number, (stage, decision, (pick,)) in enumerate(
                zip(stages, self.decisions, arch, strict=True)
            )
        )
        return (chain(tuple(layers)),)


SPACE = MobileNet()
