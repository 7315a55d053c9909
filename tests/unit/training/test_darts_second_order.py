"""DARTS's two gradients, in double precision, against finite differences of the objectives themselves."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.inputs import Batch
from harness.spaces import only, without
from harness.training import Trained, darts, darts_second_order
from tests.unit.training.toy import everything, same, toy

RATE = 0.1
MOMENTUM, DECAY = 0.9, 3e-4


def prepared(momentum: bool = False) -> tuple[Trained, Batch, Batch]:
    """A toy supernet in double precision, with or without momentum from a first step, and two batches."""
    trained = toy("darts_second_order", inputs=True, batch_size=16)
    trained.supernet.double()
    with torch.no_grad():
        trained.alphas = [(300 * alpha).double().requires_grad_() for alpha in trained.alphas]
    train, valid = (
        Batch(batch.images.double(), batch.targets)
        for batch in (next(trained.images.shuffled(half, 0)) for half in ("train", "valid"))
    )
    if momentum:
        weights, _ = trained.optimisers(RATE)
        trained.step(weights, None, valid, valid)
    for weight in trained.weights:
        weight.grad = None
    return trained, train, valid


class Objective:
    """Losses of a copy, with parameters given from outside."""

    def __init__(self, trained: Trained) -> None:
        self.supernet, self.mask = copy.deepcopy(trained.supernet), trained.mask
        self.before = [weight.detach().clone() for weight in trained.weights]
        state = trained._optimiser.state if trained._optimiser is not None else {}
        self.momenta = [
            state[weight]["momentum_buffer"].clone() if weight in state else torch.zeros_like(weight)
            for weight in trained.weights
        ]

    def loss(self, weights: list[Tensor], alphas: list[Tensor], batch: Batch) -> Tensor:
        with torch.no_grad():
            for own, weight in zip(self.supernet.parameters(), weights, strict=True):
                own.copy_(weight)
        logits = self.supernet(batch.images, self.mask, weights=[alpha.softmax(0) for alpha in alphas])
        return F.cross_entropy(logits, batch.targets)

    def ahead(self, alphas: list[Tensor], train: Batch, rate: float) -> list[Tensor]:
        """``w - xi (mu b + grad_w L_train(w, alpha) + lambda w)``."""
        loss = self.loss(self.before, alphas, train)
        slopes = torch.autograd.grad(loss, list(self.supernet.parameters()))
        return [
            weight - rate * (MOMENTUM * momentum + slope + DECAY * weight)
            for weight, momentum, slope in zip(self.before, self.momenta, slopes, strict=True)
        ]

    def unrolled(self, alphas: list[Tensor], train: Batch, valid: Batch, rate: float) -> float:
        return self.loss(self.ahead(alphas, train, rate), alphas, valid).item()


def differences(value, alphas: list[Tensor], step: float = 1e-5) -> list[Tensor]:
    """Central finite differences of ``value(alphas)``."""
    alphas = [alpha.detach().clone() for alpha in alphas]
    slopes = [torch.zeros_like(alpha) for alpha in alphas]
    for alpha, slope in zip(alphas, slopes, strict=True):
        for index in range(len(alpha)):
            ends = []
            for sign in (1, -1):
                moved = alpha[index].item()
                alpha[index] = moved + sign * step
                ends.append(value(alphas))
                alpha[index] = moved
            slope[index] = (ends[0] - ends[1]) / (2 * step)
    return slopes


def distance(one: list[Tensor], other: list[Tensor]) -> float:
    """Largest difference of any number."""
    return max(float((a - b).abs().max()) for a, b in zip(one, other, strict=True))


def test_first_order_is_the_gradient_at_the_weights_as_they_are():
    trained, train, valid = prepared()
    objective = Objective(trained)
    expected = differences(
        lambda alphas: objective.loss(objective.before, alphas, valid).item(), trained.alphas
    )
    found = darts.architecture_gradient(trained, train, valid, RATE)
    assert distance(found, expected) < 1e-8
    assert max(float(slope.abs().max()) for slope in expected) > 1e-2


@pytest.mark.parametrize("removed", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("momentum", [False, True])
def test_second_order_is_the_gradient_of_the_unrolled_objective(momentum, removed, monkeypatch):
    trained, train, valid = prepared(momentum)
    if removed:
        trained.mask = only(without(trained.mask, 1, 1), 0, (0,))
    objective = Objective(trained)
    assert any(bool(buffer.any()) for buffer in objective.momenta) == momentum
    expected = differences(lambda alphas: objective.unrolled(alphas, train, valid, RATE), trained.alphas)
    ahead = objective.ahead(trained.alphas, train, RATE)
    direct = differences(lambda alphas: objective.loss(ahead, alphas, valid).item(), trained.alphas)
    implicit = distance(expected, direct)
    assert implicit > 1e-4, "a small second derivative tests nothing"
    found = darts_second_order.architecture_gradient(trained, train, valid, RATE)
    assert distance(found, expected) < 0.02 * implicit
    monkeypatch.setattr(darts_second_order, "STEP", 1e-4)
    found = darts_second_order.architecture_gradient(trained, train, valid, RATE)
    assert distance(found, expected) < 1e-6 * implicit + 1e-8
    first = darts.architecture_gradient(trained, train, valid, RATE)
    assert distance(found, first) > 100 * distance(found, expected)
    assert (found[0] == 0).all() == removed


@pytest.mark.parametrize("momentum", [False, True])
def test_everything_is_left_as_it_was(momentum):
    trained, train, valid = prepared(momentum)
    before = everything(trained)
    momenta = [momentum.clone() for momentum in trained.momenta()]
    darts_second_order.architecture_gradient(trained, train, valid, RATE)
    assert same(everything(trained), before)
    assert distance(trained.momenta(), momenta) == 0
    assert all(weight.grad is None for weight in [*trained.weights, *trained.alphas])


@pytest.mark.parametrize("momentum", [False, True])
def test_without_a_step_ahead_it_is_the_first_order(momentum):
    trained, train, valid = prepared(momentum)
    found = darts_second_order.architecture_gradient(trained, train, valid, 0.0)
    expected = darts.architecture_gradient(trained, train, valid, 0.0)
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_a_training_step_looks_ahead_by_the_present_rate(monkeypatch):
    trained = toy("darts_second_order")
    rates = []
    gradient = darts_second_order.architecture_gradient

    def noted(trained, train, valid, rate):
        rates.append(rate)
        return gradient(trained, train, valid, rate)

    monkeypatch.setattr(darts_second_order, "architecture_gradient", noted)
    optimisers = trained.optimisers(0.02)
    batch = next(trained.images.shuffled("train", 0))
    trained.step(*optimisers, batch, batch)
    optimisers[0].param_groups[0]["lr"] = 0.007
    trained.step(*optimisers, batch, batch)
    assert rates == [0.02, 0.007]


def test_a_loss_without_a_slope_has_no_second_order():
    """The head is saturated and sees nothing: no direction to look into."""
    trained, _, valid = prepared()
    with torch.no_grad():
        trained.supernet.head[-1].weight.zero_()
        trained.supernet.head[-1].bias.copy_(torch.tensor([1e4, 0, 0, 0]))
    same_class = Batch(valid.images, torch.zeros_like(valid.targets))
    found = darts_second_order.architecture_gradient(trained, same_class, same_class, RATE)
    assert all((slope == 0).all() for slope in found)
