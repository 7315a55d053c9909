"""What is done with a supernet in training, each against a second way to compute it."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, spaces, training
from harness.errors import HarnessError, UnknownNameError
from harness.inputs import Batch, digits
from harness.spaces import only, without
from harness.training import Images, Length, Trained
from harness.training._trained import RATE
from tests.unit.training.toy import CPU, PATTERN, SKIP, everything, same, toy

LEARNING = sorted(
    name
    for name in training.names()
    if training.load(name).TRAINS
    and training.load(name).architecture_gradient
    and not hasattr(training.load(name), "ROUNDS")
)


def batches(trained: Trained, *names: object) -> tuple[Batch, Batch]:
    return tuple(next(trained.images.shuffled(half, *names)) for half in ("train", "valid"))


def softmax(values: torch.Tensor) -> list[float]:
    powers = np.exp(values.detach().numpy().astype(float))
    return (powers / powers.sum()).tolist()


def gradient(loss: torch.Tensor, weights: list[nn.Parameter]) -> list[torch.Tensor]:
    return list(torch.autograd.grad(loss, weights))


def test_every_way_to_train_is_known():
    names = ("darts", "darts_second_order", "fixed_alphas", "gates", "none", "random_labels", "single_paths")
    assert training.names() == names
    assert LEARNING == ["darts", "darts_second_order"]
    assert not training.load("none").TRAINS
    with pytest.raises(UnknownNameError, match=r"Did you mean 'darts'\?"):
        training.load("dart")


@pytest.mark.parametrize("method", LEARNING)
def test_first_architecture_parameters_are_small_draws_of_the_seed(method):
    first, again, other = (toy(method, seed=seed, inputs=True) for seed in (0, 0, 1))
    assert [alpha.shape for alpha in first.alphas] == [(3,), (3,), (3,)]
    assert all(torch.equal(a, b) for a, b in zip(first.alphas, again.alphas, strict=True))
    values = torch.cat([alpha.detach() for alpha in first.alphas])
    assert len(set(values.tolist())) == 9, "two decisions have the same draws"
    assert not torch.equal(values, torch.cat([alpha.detach() for alpha in other.alphas]))
    many = torch.cat([alpha.detach() for seed in range(60) for alpha in toy(method, seed=seed).alphas])
    assert many.std() == pytest.approx(1e-3, rel=0.15)
    assert many.mean() == pytest.approx(0, abs=2e-4)


def test_fixed_alphas_stay_and_weights_move():
    trained = toy("fixed_alphas")
    before = everything(trained)
    trained.fine_tune(trained.mask)
    after = everything(trained)
    assert {name for name in before if torch.equal(before[name], after[name])} == {
        "alpha 0", "alpha 1", "body.0.operations.0.2.pattern", "body.0.operations.1.2.pattern",
    }  # fmt: skip
    assert trained.shares() == [pytest.approx([1 / 3] * 3)] * 2


def test_a_global_draw_changes_nothing_and_none_is_made():
    first, second = toy(), toy()
    first.fine_tune(first.mask)
    torch.manual_seed(5)
    np.random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    second.fine_tune(second.mask)
    assert same(everything(first), everything(second))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_weights_step_by_momentum_and_decay_along_the_clipped_gradient(scale):
    """Two steps of stochastic gradient descent by the formula."""
    trained = toy("fixed_alphas")
    with torch.no_grad():
        trained.supernet.head[-1].weight *= scale
    reference = copy.deepcopy(trained.supernet)
    optimiser, _ = trained.optimisers(0.1)
    momenta = [torch.zeros_like(weight) for weight in trained.weights]
    longest = []
    for step in range(2):
        batch, _ = batches(trained, step)
        before = reference(batch.images, weights=[[1 / 3] * 3] * 2)
        loss = nn.functional.cross_entropy(before, batch.targets)
        slopes = gradient(loss, list(reference.parameters()))
        longest.append(float(torch.cat([slope.flatten() for slope in slopes]).norm()))
        with torch.no_grad():
            for index, (weight, slope) in enumerate(zip(reference.parameters(), slopes, strict=True)):
                clipped = slope * min(1.0, 5 / longest[-1])
                momenta[index] = 0.9 * momenta[index] + clipped + 3e-4 * weight
                weight -= 0.1 * momenta[index]
        found, right = trained.step(optimiser, None, batch, batch)
        assert float(found) == pytest.approx(loss.item(), rel=1e-5)
        assert int(right) == (before.argmax(1) == batch.targets).sum()
        for weight, expected in zip(trained.weights, reference.parameters(), strict=True):
            torch.testing.assert_close(weight, expected, rtol=1e-4, atol=1e-6 * scale)
    assert (min(longest) > 5) if scale > 1 else (max(longest) < 5)


def test_architecture_parameters_step_by_adam_along_the_validation_gradient():
    """Two steps of Adam by the formula, each before the weights' step."""
    trained = toy("darts")
    reference = copy.deepcopy(trained.supernet)
    alphas = [alpha.detach().clone().requires_grad_() for alpha in trained.alphas]
    weights, own = trained.optimisers(0.1)
    first, second = ([torch.zeros_like(alpha) for alpha in alphas] for _ in range(2))
    for step in (1, 2):
        train, valid = batches(trained, step)
        logits = reference(valid.images, weights=[alpha.softmax(0) for alpha in alphas])
        slopes = gradient(nn.functional.cross_entropy(logits, valid.targets), alphas)
        trained.step(weights, own, train, valid)
        for index, (alpha, slope) in enumerate(zip(alphas, slopes, strict=True)):
            slope = slope + 1e-3 * alpha.detach()
            first[index] = 0.5 * first[index] + 0.5 * slope
            second[index] = 0.999 * second[index] + 0.001 * slope**2
            shift = (first[index] / (1 - 0.5**step)) / ((second[index] / (1 - 0.999**step)).sqrt() + 1e-8)
            with torch.no_grad():
                alpha -= 3e-4 * shift
            torch.testing.assert_close(trained.alphas[index], alpha, rtol=1e-3, atol=1e-7)
        reference.load_state_dict(trained.supernet.state_dict())


def test_an_epoch_reports_mean_loss_and_accuracy_as_seen():
    trained = toy("fixed_alphas", count=100)
    reference = copy.deepcopy(trained.supernet)
    optimiser, _ = trained.optimisers(0.0)
    ticks = []
    seen = trained.epoch(optimiser, None, ("epoch", 3), lambda: ticks.append(0))
    assert len(ticks) == trained.images.steps == 6
    losses, right, count = [], 0, 0
    for batch in trained.images.shuffled("train", "epoch", 3):
        logits = reference(batch.images)
        losses.append(nn.functional.cross_entropy(logits, batch.targets).item())
        right += sum(int(a == b) for a, b in zip(logits.argmax(1), batch.targets, strict=True))
        count += len(batch.targets)
    assert seen == {
        "train_loss": pytest.approx(np.mean(losses), rel=1e-5),
        "train_accuracy": pytest.approx(100 * right / count),
    }


@pytest.mark.parametrize("inputs", [False, True])
def test_accuracy_is_the_share_of_the_validation_half_that_is_right(inputs):
    """With a last batch that is smaller, on masks with removed and decided candidates."""
    trained = toy(inputs=inputs, count=77)
    for _ in range(3):
        trained.fine_tune(trained.mask)
    space = trained.space
    masks = [space.full_mask, without(space.full_mask, 0, PATTERN), only(space.full_mask, 1, (SKIP,))]
    found = set()
    for mask in masks:
        reference = copy.deepcopy(trained.supernet)
        shares = [softmax(alpha) for alpha in trained.alphas]
        right = 0
        for batch in trained.images.in_order("valid"):
            logits = reference(batch.images, mask, weights=shares)
            right += sum(int(a == b) for a, b in zip(logits.argmax(1), batch.targets, strict=True))
        assert trained.accuracy(mask) == pytest.approx(100 * right / 39)
        found.add(right)
    assert len(found) > 1, "equal accuracies test nothing"


def test_accuracies_change_neither_numbers_nor_modes_nor_gradients():
    trained = toy()
    before, modes = everything(trained), [part.training for part in trained.supernet.modules()]
    trained.accuracy(trained.mask)
    trained.accuracy(only(trained.mask, 0, (PATTERN,)))
    assert same(everything(trained), before)
    assert [part.training for part in trained.supernet.modules()] == modes
    assert all(weight.grad is None and weight.requires_grad for weight in [*trained.weights, *trained.alphas])
    assert trained.mask == trained.space.full_mask


def test_running_statistics_are_kept_also_where_something_fails():
    trained = toy()
    before = everything(trained)

    def fail() -> None:
        with trained.statistics_kept():
            trained.loss(batches(trained)[0])
            assert not same(everything(trained), before)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert same(everything(trained), before)


def test_an_accuracy_is_remembered_until_something_is_trained_or_restored(monkeypatch):
    trained = toy()
    asked = []
    measured = trained.measured_accuracy
    monkeypatch.setattr(trained, "measured_accuracy", lambda mask: asked.append(mask) or measured(mask))
    full, less = trained.mask, without(trained.mask, 0, 0)
    state = trained.state()
    values = [trained.accuracy(mask) for mask in (full, less, full, less)]
    assert asked == [full, less]
    assert trained.evaluations == 2
    for change in (
        lambda: trained.step(*trained.optimisers(RATE), *batches(trained)),
        lambda: trained.fine_tune(full),
        lambda: trained.restore(state),
    ):
        asked.clear()
        change()
        assert trained.accuracy(full) == measured(full)
        assert asked == [full]
    assert trained.accuracy(full) == values[0]
    assert trained.evaluations == 5


@pytest.mark.parametrize("method", [*LEARNING, "fixed_alphas"])
def test_restoring_brings_everything_back(method):
    trained = toy(method)
    trained.fine_tune(trained.mask)
    state, before, mask = trained.state(), everything(trained), trained.mask
    made = only(mask, 0, (SKIP,))
    trained.fine_tune(made)
    assert not same(everything(trained), before)
    assert trained.mask == made
    trained.restore(state)
    assert same(everything(trained), before)
    assert trained.mask == mask
    trained.fine_tune(made)
    trained.restore(state)
    assert same(everything(trained), before), "a state changed with what it was taken from"


@pytest.mark.parametrize("method", [*LEARNING, "fixed_alphas"])
def test_fine_tuning_does_not_depend_on_what_was_tuned_before(method):
    trained, alone = toy(method), toy(method)
    masks = [only(trained.mask, 0, (candidate,)) for candidate in range(3)]
    state = trained.state()
    for mask in masks[:2]:
        trained.fine_tune(mask)
        trained.restore(state)
    trained.fine_tune(masks[2])
    alone.fine_tune(masks[2])
    assert same(everything(trained), everything(alone))
    assert trained.accuracy(masks[2]) == alone.accuracy(masks[2])
    other = toy(method)
    other.fine_tune(masks[1])
    assert not same(everything(other), everything(alone))


def test_fine_tuning_goes_on_for_its_epochs_at_a_tenth_of_the_rate(monkeypatch):
    trained = toy(epochs=1, fine_tuning_epochs=3)
    seen = []
    epoch = trained.epoch

    def noted(weights, alphas, names):
        seen.append((weights.param_groups[0]["lr"], len(weights.state), names))
        return epoch(weights, alphas, names)

    monkeypatch.setattr(trained, "epoch", noted)
    mask = only(trained.mask, 1, (PATTERN,))
    trained.fine_tune(mask)
    assert [(rate, names) for rate, _, names in seen] == [
        (0.0025, ("fine-tuning", mask, number)) for number in range(3)
    ]
    assert seen[0][1] == 0, "the momentum of an earlier training was kept"
    assert trained.curve == [], "the curve is that of the training before"


@pytest.mark.parametrize("method", LEARNING)
def test_open_decisions_learn_on_and_a_decided_one_stays(method):
    trained = toy(method, inputs=True)
    trained.fine_tune(trained.mask)
    before = [alpha.detach().clone() for alpha in trained.alphas]
    trained.fine_tune(only(without(trained.mask, 1, 0), 0, (PATTERN,)))
    decided, partly_open, still_open = (
        (alpha.detach() != old) for alpha, old in zip(trained.alphas, before, strict=True)
    )
    assert not decided.any()
    assert partly_open.all(), "the softmax of the removed candidate counts on"
    assert still_open.all()


def tiny(method: str) -> Trained:
    """The smallest supernet of NAS-Bench-201 on a few digits."""
    return Trained(
        networks.build_supernet(spaces.load("nb201"), "tiny"),
        Images(digits.open(10, 16), 16, 8, 0, CPU),
        training.load(method),
        Length(1, 1),
        0,
    )


@pytest.mark.parametrize("method", ["darts_second_order", "fixed_alphas"])
def test_a_weight_that_takes_no_part_neither_moves_nor_decays(method):
    trained = tiny(method)
    mask = only(without(trained.mask, 0, 3), 3, (1,))
    idle = ("1<-0.nor_conv_3x3", "3<-0.nor_conv_1x1", "3<-0.nor_conv_3x3")
    before = everything(trained)
    for _ in range(2):
        trained.fine_tune(mask)
    after = everything(trained)
    for name, value in before.items():
        expected = any(part in name for part in idle)
        if name.endswith("weight") and value.dim() == 4:
            assert torch.equal(after[name], value) == expected, name
    assert any(part in name for name in before for part in idle)


@pytest.mark.parametrize("method", ["darts", "fixed_alphas"])
def test_a_loss_that_is_no_number_is_told(method):
    trained = toy(method)
    with torch.no_grad():
        trained.weights[0][0] = torch.inf
    with pytest.raises(HarnessError, match="The loss is not a finite number in epoch 0 of training"):
        trained.fine_tune(trained.mask)
