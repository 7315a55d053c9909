"""Supernets: all architectures of a space at once, and views of what a mask leaves of them.

Under a mask a removed candidate's branch does not exist: it is not run, and its layers are not
among the view's. A candidate that is left has the weight ``1 / n`` with n the number of
candidates the decision began with, whatever else was removed, and weight 1 as soon as no more
candidates are left than the decision picks. Zero-Cost-PT (Xiang et al., AAAI 2023) masks in
this way, without sharing a removed candidate's weight out among the others.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from harness.errors import ConfigError
from harness.networks._blocks import Mixed, Network
from harness.spaces import Decision, Mask, Space


@dataclass(frozen=True)
class Left:
    """What a mask leaves of one decision: the candidates' indices, and the weight each of them has."""

    candidates: tuple[int, ...]
    weight: float


def left(decision: Decision, kept: Sequence[bool]) -> Left:
    """What ``kept`` leaves of ``decision``.

    Raises
    ------
    ConfigError
        Where ``kept`` does not speak of every candidate, or leaves none.
    """
    if len(kept) != len(decision.candidates):
        raise ConfigError(
            f"The mask of decision {decision.name!r} needs one truth value for each of its "
            f"{len(decision.candidates)} candidates ({', '.join(decision.candidates)}); received {len(kept)}."
        )
    candidates = tuple(index for index, keep in enumerate(kept) if keep)
    if not candidates:
        raise ConfigError(
            f"A mask must leave decision {decision.name!r} at least one of its candidates "
            f"({', '.join(decision.candidates)}); received one that leaves none."
        )
    decided = len(candidates) <= decision.picks
    return Left(candidates, 1.0 if decided else 1 / len(decision.candidates))


class Choices(nn.Module):
    """A part of a supernet that holds every candidate of some decisions.

    It is never run itself: :meth:`masked` makes the module that is.
    """

    @abstractmethod
    def masked(self, lefts: Sequence[Left]) -> nn.Module:
        """The part with what is ``left`` of every decision of the space; it shares this one's layers."""


class Supernet(nn.Module):
    """The supernet of ``space``: a stem, parts that hold choices or not, and a head."""

    def __init__(self, space: Space, stem: nn.Module, body: Iterable[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.space = space
        self.stem = stem
        self.body = nn.ModuleList(body)
        self.head = head

    def forward(self, images: torch.Tensor, mask: Mask | None = None) -> torch.Tensor:
        """Images ``(B, 3, H, W)`` to logits ``(B, classes)``, under ``mask`` (default: nothing removed).

        Raises
        ------
        ConfigError
            For a mask that is not one of the space, as :meth:`masked`.
        """
        return self.masked(self.space.full_mask if mask is None else mask)(images)

    def masked(self, mask: Mask) -> nn.Module:
        """A network of the layers that ``mask`` leaves, for ``view(images)``.

        The layers are the supernet's own, not copies: their weights, gradients, running
        statistics, hooks and training mode are shared, and only what is left is among the view's
        ``modules()`` and ``parameters()``. The supernet itself does not change.

        Raises
        ------
        ConfigError
            Where the mask speaks of other decisions or candidates than the space has, or leaves
            a decision none.
        """
        decisions = self.space.decisions
        if len(mask) != len(decisions):
            raise ConfigError(
                f"A mask of {self.space.name} has one tuple of truth values for each of its "
                f"{len(decisions)} decisions; received {len(mask)}."
            )
        lefts = [left(decision, kept) for decision, kept in zip(decisions, mask, strict=True)]
        body = [part.masked(lefts) if isinstance(part, Choices) else part for part in self.body]
        view = Network(self.stem, body, self.head)
        own = set(self.modules())
        for module in view.modules():
            if module not in own:
                module.training = self.training
        return view


def mix(branches: Sequence[nn.Module], weight: float) -> nn.Module:
    """The weighted sum of ``branches``, or the branch itself where it is alone with weight 1."""
    return branches[0] if len(branches) == 1 and weight == 1 else Mixed(branches, weight)
