"""What a mask leaves of a decision, and what becomes of the candidates it removes.

A candidate that is left has the weight ``1 / n`` with n the number of candidates the decision began
with, or a trained weight of its own, whatever else was removed, and weight 1 as soon as the decision is
*decided*: no more candidates are left than it picks. Zero-Cost-PT (Xiang et al., AAAI 2023) and DARTS-PT
mask in this way, without sharing a removed candidate's weight out among the others. A supernet may sum its
candidates instead, each with weight 1 (:class:`harness.networks.LayerChoices`). What the papers leave
open, and Zero-Cost-PT's released code does in a different way in each space, is whether a removed candidate
still runs: see :data:`MASKINGS`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from torch import Tensor, nn

from harness.errors import ConfigError, unknown_name
from harness.networks._blocks import ReLUConvBN, add
from harness.spaces import Decision
from harness.switches import switched

MASKINGS = ("drop", "zeros", "weightless", "undiscretised")
"""What becomes of a removed candidate ``o`` of a decision with input ``x``:

``drop``: its branch does not exist: it is not run, and its layers are not among the view's.
``zeros``: it runs on ``0 x`` and adds ``0 o(0 x)``. The outputs are those of ``drop``, but its ReLUs are
called, on zeros as long as no bias is trained: to every entry of NASWOT's kernel they add their number
of units.
``weightless``: it runs on ``x`` and adds ``0 o(x)``. The outputs are those of ``drop``, but its ReLUs' codes
count.
``undiscretised``: as ``zeros`` while the decision is open. Once it is decided the others run on ``x`` again
and add ``o(x) / n`` beside the chosen one's weight of 1: a bug of the code released for NAS-Bench-Macro.

Whether a decision is decided is read off the mask: whoever removes one of two candidates decides.
"""


@dataclass(frozen=True)
class Left:
    """What a mask leaves of one decision.

    Attributes
    ----------
    candidates, weight
        Indices of the candidates that are left, and the weight each of them has.
    weights
        Their weights one by one, where they have their own.
    switches
        Where the mask is told later: all candidates run, each times a switch of its own, 1 or 0, and
        ``weight`` is told likewise.
    removed, removed_weight
        Indices of the removed candidates that run all the same, and the weight of each.
    on_zeros
        Whether these run on zeros in place of the decision's input.
    """

    candidates: tuple[int, ...]
    weight: float | Tensor
    removed: tuple[int, ...] = ()
    removed_weight: float = 0.0
    on_zeros: bool = False
    weights: tuple[Tensor | float, ...] | None = None
    switches: tuple[Tensor, ...] | None = None

    @property
    def running(self) -> tuple[int, ...]:
        """Indices of all candidates that run."""
        return self.candidates + self.removed

    def removed_input(self, inputs: Tensor) -> Tensor:
        """What the removed candidates run on."""
        return inputs * 0.0 if self.on_zeros else inputs

    def among(self, present: Collection[int]) -> Left:
        """The same without candidates that are not ``present``."""
        places = [place for place, candidate in enumerate(self.candidates) if candidate in present]
        return replace(
            self,
            candidates=tuple(self.candidates[place] for place in places),
            removed=tuple(candidate for candidate in self.removed if candidate in present),
            weights=None if self.weights is None else tuple(self.weights[place] for place in places),
            switches=None if self.switches is None else tuple(self.switches[place] for place in places),
        )

    def each(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        """``tensors``, one for each candidate that is left, times their weights."""
        if self.weights is None:
            return [weighted(self.weight, tensor) for tensor in self._switched(tensors)]
        return [weight * tensor for weight, tensor in zip(self.weights, tensors, strict=True)]

    def combined(self, kept: Sequence[Tensor], removed: Sequence[Tensor]) -> Tensor:
        """``weight * sum(kept) + removed_weight * sum(removed)``, without the part that is empty."""
        if self.weights is not None:
            return add([*self.each(kept), *(self.removed_weight * tensor for tensor in removed)])
        parts = [(self.weight, self._switched(kept)), (self.removed_weight, removed)]
        return add([weighted(weight, add(tensors)) for weight, tensors in parts if tensors])

    def _switched(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        if self.switches is None:
            return tensors
        return [switched(tensor, switch) for tensor, switch in zip(tensors, self.switches, strict=True)]


Weights = Sequence[Tensor | Sequence[float]]
"""For every decision the weights of all its candidates, in place of ``1 / n`` each."""


def left(
    decision: Decision,
    kept: Sequence[bool],
    masking: str = "drop",
    weights: Tensor | Sequence[float] | None = None,
) -> Left:
    """What ``kept`` leaves of ``decision`` under the convention ``masking``.

    ``weights`` are all candidates' own, in place of ``1 / n`` each; a decided one weighs 1 all the same.

    Raises
    ------
    ConfigError
        Where ``kept`` does not speak of every candidate, or leaves none; for ``undiscretised`` with
        ``weights``, which the released code knows no such supernets for.
    UnknownNameError
        For a ``masking`` that is none of :data:`MASKINGS`.
    """
    if masking not in MASKINGS:
        raise unknown_name("masking", masking, MASKINGS)
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
    if weights is not None:
        require_weightable(masking)
    share, decided = 1 / len(decision.candidates), len(candidates) <= decision.picks
    weight = 1.0 if decided else share
    own = None if weights is None or decided else tuple(weights[index] for index in candidates)
    removed = tuple(index for index, keep in enumerate(kept) if not keep)
    if masking == "drop" or not removed:
        return Left(candidates, weight, weights=own)
    if masking == "undiscretised" and decided:
        return Left(candidates, weight, removed, share)
    return Left(candidates, weight, removed, on_zeros=masking != "weightless", weights=own)


def require_weightable(masking: str) -> None:
    """Raise :class:`ConfigError` where ``masking`` cannot be with candidates' own weights."""
    if masking == "undiscretised":
        raise ConfigError(
            "masking=undiscretised is what the code released for NAS-Bench-Macro does to an untrained "
            "supernet; received a trained one: use drop, zeros or weightless."
        )


class Mixed(nn.Module):
    """What is left of a decision among ``branches`` on one input: their weighted sum.

    ``removed`` holds the branches of removed candidates that run all the same.
    """

    def __init__(self, kept: Left, branches: Sequence[nn.Module], removed: Sequence[nn.Module]) -> None:
        super().__init__()
        self.kept = kept
        self.branches = nn.ModuleList(branches)
        self.removed = nn.ModuleList(removed)

    def alike(self) -> tuple[Left, list[nn.Module]]:
        """Two of them do the same where this is equal: what is left, and the branches, in their order."""
        return self.kept, [*self.branches, *self.removed]

    def forward(self, inputs: Tensor) -> Tensor:
        """Input and output have the shape of every branch's input and output."""
        kept = [branch(inputs) for branch in self.branches]
        return self.kept.combined(kept, [self._removed(branch, inputs) for branch in self.removed])

    def _removed(self, branch: nn.Module, inputs: Tensor) -> Tensor:
        if self.kept.on_zeros and isinstance(branch, ReLUConvBN):
            return branch(inputs, on_zeros=True)
        return branch(self.kept.removed_input(inputs))

    def extra_repr(self) -> str:
        own = self.kept.weights
        weight = f"{float(self.kept.weight):.4g}" if own is None else [round(float(each), 4) for each in own]
        return f"weight={weight}, removed_weight={self.kept.removed_weight:.4g}"


def mix(kept: Left, branches: Sequence[nn.Module], removed: Sequence[nn.Module]) -> nn.Module:
    """:class:`Mixed`, or the branch itself where it alone runs, with weight 1."""
    alone = len(branches) == 1 and not removed and kept.switches is None and kept.weight == 1
    return branches[0] if alone else Mixed(kept, branches, removed)


def weighted(weight: float | Tensor, tensor: Tensor) -> Tensor:
    """``weight * tensor``; no product where the weight is the number 1."""
    if isinstance(weight, Tensor):
        return switched(tensor, weight)
    return tensor if weight == 1 else weight * tensor
