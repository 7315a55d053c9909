from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def summed_lengths(network: nn.Module) -> float:
    weights = {id(part.weight): part.weight for part in network.modules() if isinstance(part, LAYERS)}
    return sum(float(np.sqrt((weight.detach().numpy() ** 2).sum())) for weight in weights.values())


LAYERS = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["l2_norm"], seed=0)["l2_norm"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(summed_lengths(network), rel=1e-12)


def test_known_lengths_and_a_weight_that_single_precision_cannot_square(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.BatchNorm1d(4), nn.Linear(4, 5))
    with torch.no_grad():
        network[1].weight.fill_(1e25)
        network[3].weight.copy_(-2 * torch.eye(5, 4))
    measured = proxies.measure(network, batch, ["l2_norm"], seed=0)["l2_norm"]
    assert measured.value == pytest.approx(float(torch.tensor(1e25)) * 768**0.5 + 4, rel=1e-12)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_have_no_length(build_network, batch: Batch, number: float) -> None:
    network = build_network("linear")
    with torch.no_grad():
        network[1].weight[0, 0] = number
    measured = proxies.measure(network, batch, ["l2_norm"], seed=0)["l2_norm"]
    assert (measured.value, measured.status) == (None, "nan")


def test_data_do_not_matter(build_network, batch: Batch) -> None:
    network = build_network("disconnected")
    other = Batch(batch.images * 3, torch.full_like(batch.targets, 99))
    found = [proxies.measure(network, each, ["l2_norm"], seed=0)["l2_norm"].value for each in (batch, other)]
    assert found[0] == found[1] == pytest.approx(summed_lengths(network), rel=1e-12)
