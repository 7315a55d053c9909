from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch


def regions(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["linear_regions"], seed=0)["linear_regions"]


def patterns_of_outputs(network: nn.Module, images: Tensor) -> int:
    """Different rows of the signs of all ReLU outputs, gathered by hooks."""
    network, outputs = copy.deepcopy(network).train(), []
    for part in network.modules():
        if isinstance(part, nn.ReLU | nn.ReLU6):
            part.register_forward_hook(lambda part, inputs, output: outputs.append(output.clone()))
    with torch.no_grad():
        network(images.clone())
    rows = torch.cat([(output != 0).flatten(1) for output in outputs], 1)
    return len({tuple(row.tolist()) for row in rows})


def few(count: int, batch_of: Callable) -> Batch:
    """Constant images of few shades, so that many samples share a pattern."""
    drawn = batch_of(count)
    shades = (drawn.images[:, :, :1, :1] * 2).round() / 2
    return Batch(shades.expand(-1, -1, 8, 8), drawn.targets)


def test_the_formula(network: nn.Module, batch: Batch, batch_of: Callable) -> None:
    assert regions(network, batch).value == patterns_of_outputs(network, batch.images.double())
    shaded = few(200, batch_of)
    measured = regions(network, shaded)
    assert measured.value == patterns_of_outputs(network, shaded.images.double())
    assert 1 < measured.value < 200


def test_a_few_units_have_a_few_patterns(batch_of: Callable) -> None:
    network = nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 5)
    )
    nn.init.eye_(network[2].weight)
    nn.init.zeros_(network[2].bias)
    batch = batch_of(300)
    octants = {tuple((image.mean((1, 2)) > 0).tolist()) for image in batch.images}
    assert regions(network, batch).value == len(octants) == 8


def test_units_of_several_calls_count_together(batch_of: Callable) -> None:
    class Two(nn.Module):
        """Two ReLUs of a unit each: neither tells more than two groups of samples apart."""

        def __init__(self) -> None:
            super().__init__()
            self.relus, self.weight = nn.ModuleList([nn.ReLU(), nn.ReLU()]), nn.Parameter(torch.ones(1))

        def forward(self, images: Tensor) -> Tensor:
            means = images.mean((2, 3)) * self.weight
            return torch.cat([self.relus[0](means[:, :1]), self.relus[1](means[:, 1:2]), means], 1)

    batch = batch_of(100)
    quadrants = {tuple((image.mean((1, 2))[:2] > 0).tolist()) for image in batch.images}
    assert regions(Two(), batch).value == len(quadrants) == 4


def test_batch_norm_is_in_training_mode(build_network: Callable, batch_of: Callable) -> None:
    shaded, network = few(200, batch_of), build_network("plain")
    expected = regions(network, shaded).value
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.fill_(1e3)
    assert regions(network.eval(), shaded).value == expected


def test_a_network_without_relus_is_one_region(batch: Batch) -> None:
    assert regions(nn.Sequential(nn.Flatten(), nn.Linear(192, 5)), batch).value == 1


@pytest.mark.parametrize("name", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network: Callable, batch: Batch, name: str) -> None:
    assert regions(build_network(name), batch).status == "disconnected"


def test_a_relu_that_is_not_run_on_the_samples_is_told(batch: Batch) -> None:
    class Folds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.head = nn.ReLU(), nn.Linear(192, 5)

        def forward(self, images: Tensor) -> Tensor:
            return self.head(self.relu(images.reshape(2 * len(images), -1)).reshape(len(images), -1))

    measured = regions(Folds(), batch)
    assert measured.status == "failed"
    assert "whose first dimension is not the batch of 6" in measured.reason
