"""Networks that share their first layers: one trunk, and for every member a rest and a head of its own.

The shape is that of NEAS (Chen, Fu and Ling, "One-Shot Neural Ensemble Architecture Search by
Diversity-Guided Search Space Shrinking", CVPR 2021), as its released retraining has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from harness.errors import ConfigError
from harness.networks._blocks import Network
from harness.networks._build import build, require_supernet
from harness.networks._counting import count_flops
from harness.networks._sizes import resized
from harness.networks._supernet import LayerChoices, Supernet
from harness.seeding import derive
from harness.spaces import Architecture, Space


class Ensemble(nn.Module):
    """The stem and the first ``split`` layers of the first of ``members``; of each one the rest and the head.

    In training the gradient that comes back to what is shared is divided by the number of members.
    """

    def __init__(self, members: Sequence[Network], split: int) -> None:
        super().__init__()
        self.shared = nn.Sequential(members[0].stem, members[0].body[:split])
        self.rests = nn.ModuleList(nn.Sequential(each.body[split:], each.head) for each in members)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(B, 3, H, W)`` to every member's logits, ``(B, classes, members)``."""
        features = self.shared(images)
        if features.requires_grad:
            features.register_hook(lambda gradient: gradient / len(self.rests))
        return torch.stack([rest(features) for rest in self.rests], 2)

    def member(self, number: int) -> nn.Module:
        """One of the members, from images to logits; it shares this one's layers."""
        return nn.Sequential(self.shared, self.rests[number])


def build_ensemble(
    space: Space,
    members: Sequence[Architecture],
    split: int,
    size: object,
    seed: int,
    classes: int,
    convolutions: str = "real",
) -> Ensemble:
    """The :class:`Ensemble` of ``members`` with fresh weights, each member's own, on the CPU.

    Parameters
    ----------
    space, members
        A search space that :func:`require_ensembles` passes, and two or more of its encodings.
    split
        How many layers of the body are shared, from 0, the stem alone, to all.
    size, seed, classes, convolutions
        As ``fidelity`` and the others of :func:`harness.networks.build`.
    """
    networks = (
        build(space, arch, size, derive(seed, "member", number), classes, convolutions=convolutions)
        for number, arch in enumerate(members)
    )
    return Ensemble([cast("Network", each) for each in networks], split)


def require_ensembles(space: Space, size: object) -> int:
    """Make sure that networks of ``space`` can share their first layers; how many layers they have.

    They can where the layers of the body stand one after the other, in every architecture as many and as
    wide, and there is a number of channels to widen a network by.

    Raises
    ------
    ConfigError
        Otherwise.
    """
    require_supernet(space)
    network = build(space, next(space.encodings()), size)
    kinds = {decision.kind for decision in space.decisions}
    numbers = resized(space, size)[1]
    if not isinstance(network, Network) or not kinds <= {"operation", "input"} or "channels" not in numbers:
        raise ConfigError(
            "Members of an ensemble share their first layers and are compared with a wider network, and "
            f"networks of {space.name} are no row of layers, as many and as wide in every architecture, with "
            "a number of channels to choose; take a space such as nb201, nb1shot1_1 or nbmacro."
        )
    return len(network.body)


def shared_decisions(supernet: Supernet, split: int) -> frozenset[int]:
    """Decisions that are made in the first ``split`` layers alone: members have them in common.

    None where every layer is a cell of the same decisions.
    """
    return frozenset(part.index for part in supernet.body[:split] if isinstance(part, LayerChoices))


def channels_of_flops(
    space: Space, arch: Architecture, size: object, flops: int, classes: int, image_size: int
) -> int:
    """The number of channels at which the network of ``arch`` comes nearest to ``flops`` multiply-adds.

    The smaller one of two that are as near. It is no smaller than that of ``size``.
    """
    channels = int(resized(space, size)[1]["channels"])

    def counted(number: int) -> int:
        return count_flops(build(space, arch, resized(space, size, number)[0], 0, classes), image_size)

    below = counted(channels)
    while below < flops:
        above = counted(channels + 1)
        if above >= flops:
            return channels if flops - below <= above - flops else channels + 1
        channels, below = channels + 1, above
    return channels
