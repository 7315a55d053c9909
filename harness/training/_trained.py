"""A supernet in training: its weights, its architecture parameters, and what is done with both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType, ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import RunFailed
from harness.inputs import Batch
from harness.networks import Supernet
from harness.seeding import derive, generator
from harness.spaces import Mask
from harness.training._images import Images

RATE, LAST_RATE, MOMENTUM, WEIGHT_DECAY, LONGEST_GRADIENT = 0.025, 0.001, 0.9, 3e-4, 5.0
ALPHA_RATE, ALPHA_BETAS, ALPHA_DECAY = 3e-4, (0.5, 0.999), 1e-3
FINE_TUNING_RATE = RATE / 10
"""The authors' of DARTS; fine-tuning as in DARTS-PT."""


@dataclass(frozen=True)
class Length:
    """How long a supernet is trained, and how long it is tuned after a decision, in epochs."""

    epochs: int
    fine_tuning_epochs: int


@dataclass(frozen=True)
class State:
    """A copy of everything that training changes."""

    supernet: dict[str, Tensor]
    alphas: list[Tensor]
    mask: Mask


class Trained:
    r"""A supernet with architecture parameters, and the images it is trained on.

    A candidate of an open decision has the weight ``softmax(alpha)`` over all candidates of the decision;
    inputs that feed edges with operations of their own (:meth:`harness.spaces.Space.feeding`) weigh alike,
    and their parameters stay 0: as in DARTS, operations alone learn. A
    mask removes candidates without sharing their weight out among the others, and a decided candidate
    has weight 1. Batch normalisation uses the batch's own statistics throughout, as in DARTS.

    Parameters
    ----------
    supernet
        With initial weights, on the device of the images; it is put into training mode.
    images
        What it is trained and validated on.
    method
        An item of :mod:`harness.training` that trains.
    length
        For how many epochs.
    seed
        The run's.

    Attributes
    ----------
    weights
        The supernet's parameters.
    initial
        By name what these were at first.
    alphas
        One tensor of architecture parameters per decision, one number per candidate.
    mask
        What is trained: at first the whole supernet.
    curve
        A row per epoch of :func:`harness.training.fit`.
    origins
        Where these epochs were trained.
    evaluations
        How many accuracies were measured for a score.
    tuned
        How many epochs of fine-tuning there were.
    alpha_optimiser
        Settings of Adam for the architecture parameters.
    """

    alpha_optimiser: Mapping[str, Any] = MappingProxyType(
        {"lr": ALPHA_RATE, "betas": ALPHA_BETAS, "weight_decay": ALPHA_DECAY}
    )

    def __init__(
        self, supernet: Supernet, images: Images, method: ModuleType, length: Length, seed: int
    ) -> None:
        self.supernet = supernet.train()
        self.weights = list(supernet.parameters())
        self.initial = self.present()
        self.images = images
        self.method = method
        self.length = length
        self.seed = seed
        self.space = supernet.space
        self.mask = self.space.full_mask
        self.alphas = self._first_alphas()
        self.curve: list[dict[str, Any]] = []
        self.origins: list[dict[str, Any]] = []
        self.evaluations = 0
        self.tuned = 0
        self._optimiser: torch.optim.SGD | None = None
        self._accuracies: dict[Mask, float] = {}

    def _first_alphas(self) -> list[Tensor]:
        draws = torch.Generator().manual_seed(derive(self.seed, "training", "alphas"))
        first = self.weights[0]
        return [
            (deviation * torch.randn(len(decision.candidates), generator=draws))
            .to(first.device, first.dtype)
            .requires_grad_(self.method.architecture_gradient is not None)
            for decision, deviation in zip(self.space.decisions, self._deviations(), strict=True)
        ]

    def _deviations(self) -> list[float]:
        """By decision that of the first architecture parameters."""
        own, space = self.method.INITIAL_DEVIATION, self.space
        return [own if space.feeding(index) is None else 0.0 for index in range(len(space.decisions))]

    def present(self) -> dict[str, Tensor]:
        """By name copies of the supernet's parameters as they are."""
        return {name: weight.detach().clone() for name, weight in self.supernet.named_parameters()}

    def paths(self, *names: object) -> Iterator[Mask]:
        """Without end, what a step trains: :attr:`mask`, or what the method draws of it by ``names``."""
        rng, drawn = generator(self.seed, "training", "paths", *names), getattr(self.method, "drawn", None)
        while True:
            yield self.mask if drawn is None else drawn(self.space, self.mask, rng)

    def shares(self) -> list[list[float]]:
        """``softmax(alpha)`` of every decision."""
        return [alpha.detach().softmax(0).tolist() for alpha in self.alphas]

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy of the supernet under :attr:`mask`; a scalar."""
        return F.cross_entropy(self._logits(batch, self.mask), batch.targets)

    def _logits(self, batch: Batch, mask: Mask) -> Tensor:
        return self.supernet(batch.images, mask, weights=[alpha.softmax(0) for alpha in self.alphas])

    def gradients(self, loss: Tensor, of: Sequence[Tensor]) -> list[Tensor]:
        """``d loss / d x`` for every ``x``; zeros where the loss does not depend on it."""
        found = torch.autograd.grad(loss, of, allow_unused=True)
        return [torch.zeros_like(x) if slope is None else slope for x, slope in zip(of, found, strict=True)]

    def accuracy(self, mask: Mask) -> float:
        """Share of the whole validation half that the supernet under ``mask`` gets right, in per cent.

        Counted, and remembered until something is trained.
        """
        if mask not in self._accuracies:
            self._accuracies[mask] = self.measured_accuracy(mask)
            self.evaluations += 1
        return self._accuracies[mask]

    def measured_accuracy(self, mask: Mask) -> float:
        """:meth:`accuracy`, measured anew, and neither counted nor remembered."""
        with self.statistics_kept():
            correct = sum(self.right(batch, mask) for batch in self.images.in_order("valid"))
        return 100 * int(correct) / self.images.count("valid")

    def right(self, batch: Batch, mask: Mask) -> Tensor:
        """How many of ``batch`` the supernet under ``mask`` gets right; moves the running statistics."""
        with torch.no_grad():
            return (self._logits(batch, mask).argmax(1) == batch.targets).sum()

    def outputs(self, mask: Mask) -> Tensor:
        """Class probabilities, (N, classes), of the validation half under ``mask``; counted each time."""
        self.evaluations += 1
        with self.statistics_kept(), torch.no_grad():
            batches = self.images.in_order("valid")
            return torch.cat([self._logits(batch, mask).softmax(1) for batch in batches])

    @contextmanager
    def statistics_kept(self) -> Iterator[None]:
        """The supernet's running statistics are afterwards what they were before."""
        before = [buffer.clone() for buffer in self.supernet.buffers()]
        try:
            yield
        finally:
            for buffer, value in zip(self.supernet.buffers(), before, strict=True):
                buffer.copy_(value)

    def optimisers(self, rate: float) -> tuple[torch.optim.SGD, torch.optim.Adam | None]:
        """Fresh ones: for the weights, at ``rate``, and for the architecture parameters where they learn."""
        self._optimiser = torch.optim.SGD(self.weights, rate, MOMENTUM, weight_decay=WEIGHT_DECAY)
        if self.method.architecture_gradient is None:
            return self._optimiser, None
        return self._optimiser, torch.optim.Adam(self.alphas, **self.alpha_optimiser)

    def momenta(self) -> list[Tensor]:
        """Every weight's momentum in the optimiser; zeros before the first step."""
        states = {} if self._optimiser is None else self._optimiser.state
        found = [states.get(weight, {}).get("momentum_buffer") for weight in self.weights]
        return [
            torch.zeros_like(weight) if momentum is None else momentum
            for weight, momentum in zip(self.weights, found, strict=True)
        ]

    def epoch(
        self,
        weights: torch.optim.SGD,
        alphas: torch.optim.Adam | None,
        names: Sequence[object],
        tick: Callable[[], None] = lambda: None,
    ) -> dict[str, float]:
        """One pass over the training half; its mean loss and its accuracy in per cent, as seen on the way.

        ``names`` name the epoch's draws; ``tick`` is called after every step.

        Raises
        ------
        RunFailed
            Where the loss is no longer a finite number.
        """
        losses, correct = torch.zeros(2, dtype=torch.float64, device=self.alphas[0].device)
        halves = (self.images.shuffled(half, *names) for half in ("train", "valid"))
        paths = self.paths(*names)
        for number, (train, valid) in enumerate(zip(*halves, strict=True)):
            self.begin(number, *names)
            loss, right = self.step(weights, alphas, train, valid, next(paths))
            losses += loss
            correct += right
            tick()
        steps = self.images.steps
        if not torch.isfinite(losses):
            raise RunFailed(
                f"The loss is not a finite number in epoch {names[-1]} of training, so there are no scores."
            )
        return {
            "train_loss": losses.item() / steps,
            "train_accuracy": 100 * correct.item() / (steps * self.images.batch_size),
        }

    def begin(self, number: int, *names: object) -> None:
        """What comes before step ``number`` of an epoch called ``names``; nothing here."""

    def step(
        self,
        weights: torch.optim.SGD,
        alphas: torch.optim.Adam | None,
        train: Batch,
        valid: Batch,
        path: Mask | None = None,
    ) -> tuple[Tensor, Tensor]:
        """A step of the architecture parameters, then one of the weights, of ``path`` or all of :attr:`mask`.

        Returns the loss of the training batch before it, and how many of its images were right.
        """
        self._accuracies.clear()
        if alphas is not None:
            self._step_alphas(alphas, train, valid, weights.param_groups[0]["lr"])
        return self._step_weights(weights, train, self.mask if path is None else path)

    def _step_alphas(self, optimiser: torch.optim.Adam, train: Batch, valid: Batch, rate: float) -> None:
        slopes = self.method.architecture_gradient(self, train, valid, rate)
        for alpha, slope, learns in zip(self.alphas, slopes, self._learning(), strict=True):
            # Without a gradient those of a decided decision stay; with one of zeros they would decay.
            alpha.grad = slope if learns else None
        optimiser.step()

    def _learning(self) -> list[bool]:
        """By decision whether its architecture parameters are to move: whether it is open."""
        rows = zip(self.space.decisions, self.mask, strict=True)
        return [
            sum(row) > decision.picks and self.space.feeding(index) is None
            for index, (decision, row) in enumerate(rows)
        ]

    def _step_weights(self, optimiser: torch.optim.SGD, train: Batch, mask: Mask) -> tuple[Tensor, Tensor]:
        logits = self._logits(train, mask)
        loss = F.cross_entropy(logits, train.targets)
        # A weight that did not take part gets no gradient, so that it neither moves nor decays.
        slopes = torch.autograd.grad(loss, self.weights, allow_unused=True)
        for weight, slope in zip(self.weights, slopes, strict=True):
            weight.grad = slope
        nn.utils.clip_grad_norm_(self.weights, LONGEST_GRADIENT)
        optimiser.step()
        return loss.detach(), (logits.detach().argmax(1) == train.targets).sum()

    def fine_tune(self, mask: Mask) -> None:
        """Train weights and open decisions' architecture parameters under ``mask``, which becomes the mask.

        For ``length.fine_tuning_epochs`` at a tenth of the first learning rate, with fresh optimisers, as
        DARTS-PT does between two decisions. The draws depend on the mask alone, not on what was tuned before.
        """
        self.mask = mask
        weights, alphas = self.optimisers(FINE_TUNING_RATE)
        for epoch in range(self.length.fine_tuning_epochs):
            self.epoch(weights, alphas, ("fine-tuning", mask, epoch))
            self.tuned += 1

    def state(self) -> State:
        """A copy to :meth:`restore` from."""
        supernet = {name: value.clone() for name, value in self.supernet.state_dict().items()}
        return State(supernet, [alpha.detach().clone() for alpha in self.alphas], self.mask)

    def restore(self, state: State) -> None:
        """Weights, running statistics, architecture parameters and mask as ``state`` has them."""
        self._accuracies.clear()
        self.supernet.load_state_dict(state.supernet)
        self.mask = state.mask
        with torch.no_grad():
            for alpha, value in zip(self.alphas, state.alphas, strict=True):
                alpha.copy_(value)
