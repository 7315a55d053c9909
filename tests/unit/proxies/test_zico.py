from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import proxies
from harness.errors import ConfigError
from harness.inputs import Batch, noise


@pytest.fixture
def batches() -> list[Batch]:
    source = noise.open(5, 8)
    return [source.batch(seed=0, step=step, size=6) for step in (0, 1)]


def zico(network: nn.Module, batches: list[Batch]) -> proxies.Measurement:
    return proxies.measure(network, batches, ["zico"], seed=0)["zico"]


def log_steadiness(network: nn.Module, batches: list[Batch]) -> float:
    """Two ordinary training steps' gradients, layer by layer, weight by weight."""
    steps = []
    for batch in batches:
        stepped = copy.deepcopy(network).train()
        F.cross_entropy(stepped(batch.images.double()), batch.targets).backward()
        layers = {id(p.weight): p.weight for p in stepped.modules() if isinstance(p, nn.Conv2d | nn.Linear)}
        steps.append([weight.grad for weight in layers.values()])
    total = 0.0
    for pair in zip(*steps, strict=True):
        if pair[0] is None:
            continue
        first, second = (gradient.flatten().numpy() for gradient in pair)
        terms = [
            np.mean(np.abs([a, b])) / np.std([a, b]) for a, b in zip(first, second, strict=True) if a != b
        ]
        total += math.log(sum(terms)) if terms else 0
    return total


def test_the_formula(network: nn.Module, batches: list[Batch]) -> None:
    measured = zico(network, batches)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(log_steadiness(network, batches), rel=1e-9)


def test_the_order_of_the_batches_and_later_ones_do_not_matter(build_network, batches: list[Batch]) -> None:
    network = build_network("residual")
    expected = zico(network, batches).value
    assert zico(network, batches[::-1]).value == pytest.approx(expected, rel=1e-12)
    third = noise.open(5, 8).batch(seed=0, step=2, size=6)
    assert zico(network, [*batches, third]).value == expected


def test_softmax_regression_in_closed_form() -> None:
    """One image of ones, targets 0 and 1 of two: gradients of (-1, 1) / 2 and (1, -1) / 2 for every pixel."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).double()
    torch.nn.init.zeros_(network[1].weight)
    torch.nn.init.zeros_(network[1].bias)
    images = torch.ones(1, 3, 2, 2)
    pair = [Batch(images, torch.tensor([target])) for target in (0, 1)]
    assert zico(network, pair).value == pytest.approx(math.log(24), rel=1e-12)
    # Images of 3 in the second batch: |-1/2|, |3/2|, mean 1, standard deviation 1. Of one label: 1 over 1/2.
    pair[1] = Batch(images * 3, torch.tensor([1]))
    assert zico(network, pair).value == pytest.approx(math.log(24), rel=1e-12)
    pair[1] = Batch(images * 3, torch.tensor([0]))
    assert zico(network, pair).value == pytest.approx(math.log(48), rel=1e-12)


def test_entries_and_layers_that_do_not_differ_are_dropped(build_network, batches: list[Batch]) -> None:
    network = build_network("linear")
    with torch.no_grad():
        network[1].bias[:7] = -1e9  # seven dead units: gradients of 0 in both batches
    assert zico(network, batches).value == pytest.approx(log_steadiness(network, batches), rel=1e-9)
    with torch.no_grad():
        network[1].bias[7:] = -1e9
    measured = zico(network, batches)
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "no weight's gradient differs between the batches"


def test_equal_batches_have_no_steadiness(build_network, batches: list[Batch]) -> None:
    measured = zico(build_network("plain"), [batches[0], batches[0]])
    assert (measured.value, measured.status) == (None, "nan")


def test_one_batch_is_answered(build_network, batch: Batch) -> None:
    with pytest.raises(ConfigError, match=r"Proxy zico reads 2 batches; received 1"):
        proxies.measure(build_network("plain"), batch, ["zico"], seed=0)


@pytest.mark.parametrize("position", [0, 1])
def test_targets_outside_the_classes_are_answered(build_network, batches: list[Batch], position: int) -> None:
    batches[position] = Batch(batches[position].images, torch.full((6,), 5))
    measured = zico(build_network("plain"), batches)
    assert measured.status == "failed"
    assert measured.reason.startswith("targets must lie in 0..4 for a network with 5 classes")


def test_a_network_without_a_path_is_disconnected(build_network, batches: list[Batch]) -> None:
    measured = zico(build_network("disconnected"), batches)
    assert (measured.value, measured.status) == (None, "disconnected")


def test_without_layers_that_take_part_there_is_no_number(batches: list[Batch]) -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, images: Tensor) -> Tensor:
            return images.flatten(1)[:, :5]

    assert zico(Idle(), batches).reason.startswith("no weight received a gradient")
