"""Supernets: all architectures of a space at once, and views of what a mask leaves of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import nn

from harness.errors import ConfigError
from harness.networks._blocks import Network
from harness.networks._gates import Averaged, Gate
from harness.networks._masking import Left, Weights, left, mix
from harness.spaces import Mask, Space


class Choices(nn.Module):
    """A part of a supernet that holds every candidate of some decisions.

    It is never run itself: :meth:`masked` makes the module that is, and :meth:`averaged` another one.

    Attributes
    ----------
    passing
        Indices of decisions of which every layer keeps the shape of its input.
    """

    passing: frozenset[int] = frozenset()

    @abstractmethod
    def masked(self, lefts: Sequence[Left]) -> nn.Module:
        """The part with what is ``left`` of every decision of the space; it shares this one's layers."""

    def averaged(self, gates: Sequence[Gate]) -> nn.Module:
        """The part with several branches at once, by the space's ``gates``; it shares this one's layers.

        Raises
        ------
        ConfigError
            For a part that has no such form.
        """
        raise ConfigError(
            "Layers of several branches are there for the supernets of nb201 and nbmacro alone; take one of "
            "these spaces, or another method."
        )


class LayerChoices(Choices):
    """A layer that is one of the ``candidates`` of decision ``index``.

    Where they are ``summed``, one that is left weighs 1 as long as nothing trained says otherwise. ``passes``
    says that the layer keeps the shape of its input.
    """

    def __init__(
        self, index: int, candidates: Iterable[nn.Module], summed: bool = False, passes: bool = False
    ) -> None:
        super().__init__()
        self.index, self.summed = index, summed
        self.passing = frozenset({index} if passes else ())
        self.candidates = nn.ModuleList(candidates)

    def averaged(self, gates: Sequence[Gate]) -> nn.Module:
        """The average of the candidates that run."""
        return Averaged(gates[self.index], dict(enumerate(self.candidates)), self.index in self.passing)

    def masked(self, lefts: Sequence[Left]) -> nn.Module:
        """The weighted sum of the candidates that run, or the only one."""
        kept = lefts[self.index]
        if self.summed:
            kept = replace(kept, weight=1.0)
        branches, removed = (
            [self.candidates[candidate] for candidate in candidates]
            for candidates in (kept.candidates, kept.removed)
        )
        return mix(kept, branches, removed)


class Supernet(nn.Module):
    """The supernet of ``space``: a stem, parts that hold choices or not, and a head."""

    network: type[nn.Module] = Network
    """How stem, body and head are run one after the other."""

    def __init__(self, space: Space, stem: nn.Module, body: Iterable[nn.Module], head: nn.Module) -> None:
        super().__init__()
        self.space = space
        self.stem = stem
        self.body = nn.ModuleList(body)
        self.head = head

    def forward(
        self,
        images: torch.Tensor,
        mask: Mask | None = None,
        masking: str = "drop",
        weights: Weights | None = None,
    ) -> torch.Tensor:
        """Images ``(B, 3, H, W)`` to logits ``(B, classes)``, under ``mask`` (default: nothing removed).

        ``masking``, ``weights`` and errors are those of :meth:`masked`.
        """
        return self.masked(self.space.full_mask if mask is None else mask, masking, weights)(images)

    def masked(self, mask: Mask, masking: str = "drop", weights: Weights | None = None) -> nn.Module:
        """A network of the layers that run under ``mask``, for ``view(images)``.

        The layers are the supernet's own, not copies: their weights, gradients, running
        statistics, hooks and training mode are shared, and only what runs is among the view's
        ``modules()`` and ``parameters()``. The supernet itself does not change.

        Parameters
        ----------
        mask
            For every decision of the space one truth value per candidate, at least one of them true.
        masking
            A name of :data:`harness.networks.MASKINGS`: what becomes of removed candidates.
        weights
            For every decision the weight of each candidate while it is open, numbers or a tensor that takes
            part in gradients; default: ``1 / n``.

        Raises
        ------
        ConfigError
            Where the mask speaks of other decisions or candidates than the space has, or leaves
            a decision none.
        UnknownNameError
            For an unknown ``masking``.
        """
        decisions = self.space.decisions
        if len(mask) != len(decisions):
            raise ConfigError(
                f"A mask of {self.space.name} has one tuple of truth values for each of its "
                f"{len(decisions)} decisions; received {len(mask)}."
            )
        rows = [None] * len(decisions) if weights is None else weights
        lefts = [
            left(decision, kept, masking, row)
            for decision, kept, row in zip(decisions, mask, rows, strict=True)
        ]
        return self._view([part.masked(lefts) if isinstance(part, Choices) else part for part in self.body])

    def switched(self) -> Switched:
        """A network in which all candidates run, and the mask is told later."""
        rows = [len(decision.candidates) for decision in self.space.decisions]
        values = next(self.parameters()).new_ones(len(rows) + sum(rows))
        switches = values.unbind()
        weights, own = switches[: len(rows)], iter(switches[len(rows) :])
        lefts = [
            Left(tuple(range(count)), weight, switches=tuple(islice(own, count)))
            for count, weight in zip(rows, weights, strict=True)
        ]
        view = self._view([part.masked(lefts) if isinstance(part, Choices) else part for part in self.body])
        for number, switch in enumerate(switches):  # whoever writes the view down takes them for its own
            view.register_buffer(f"switch {number}", switch, persistent=False)
        return Switched(self, view, values, switches)

    def averaged(self, gates: Sequence[Gate]) -> nn.Module:
        """A network of several branches a layer, for ``view(images)``; shared as in :meth:`masked`.

        ``gates`` are one for each decision; errors are those of :meth:`Choices.averaged`.
        """
        return self._view([part.averaged(gates) if isinstance(part, Choices) else part for part in self.body])

    @property
    def passing(self) -> tuple[bool, ...]:
        """For every decision whether all of its layers keep the shape of their input."""
        found = {index for part in self.body if isinstance(part, Choices) for index in part.passing}
        return tuple(index in found for index in range(len(self.space.decisions)))

    def _view(self, body: list[nn.Module]) -> nn.Module:
        view = self.network(self.stem, body, self.head)
        if not self.training:  # what was made just now is in training mode
            own = set(self.modules())
            for module in view.modules():
                if module not in own:
                    module.training = False
        return view


@dataclass(frozen=True)
class Switched:
    """A supernet under masks that are told one after the other, by the numbers in one tensor.

    Attributes
    ----------
    supernet, view
        The supernet, and the network that shares its layers.
    values
        What the view's sums multiply by: for every decision the weight of what is left, and then for every
        candidate 1 or 0.
    switches
        The same one by one, tensors of shape ``()`` in the memory of ``values``.
    """

    supernet: Supernet
    view: nn.Module
    values: torch.Tensor
    switches: tuple[torch.Tensor, ...]

    def told(self, mask: Mask) -> list[float]:
        """The ``values`` with which the view gives what ``supernet.masked(mask)`` does.

        It does so to the last bit, as long as all that removed candidates compute is finite.
        """
        decisions = self.supernet.space.decisions
        weights = [float(left(decision, kept).weight) for decision, kept in zip(decisions, mask, strict=True)]
        return [*weights, *(float(one) for kept in mask for one in kept)]
