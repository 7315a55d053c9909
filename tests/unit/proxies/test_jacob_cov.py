from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def score_of_correlations(network: nn.Module, batch: Batch) -> float:
    network = copy.deepcopy(network).train()
    rows = torch.autograd.functional.jacobian(lambda x: network(x.clone()).sum(), batch.images.double())
    eigenvalues = np.linalg.eigvals(np.corrcoef(rows.flatten(1).numpy())).real
    return -sum(np.log(value + 1e-5) + 1 / (value + 1e-5) for value in eigenvalues)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["jacob_cov"], seed=0)["jacob_cov"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(score_of_correlations(network, batch), rel=1e-7)
    assert measured.value <= -len(batch.images)


def test_uncorrelated_rows_reach_the_upper_bound() -> None:
    class Picks(nn.Module):
        """Sample i answers to its pixel pair i only: rows of +1 and -1 at other places each."""

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            flat = images.flatten(1)
            own = [flat[i, 2 * i] - flat[i, 2 * i + 1] for i in range(len(flat))]
            return torch.stack(own)[:, None].expand(-1, 5)

    batch = Batch(torch.rand(4, 3, 8, 8), torch.zeros(4, dtype=torch.int64))
    measured = proxies.measure(Picks().double(), batch, ["jacob_cov"], seed=0)["jacob_cov"]
    assert measured.value == pytest.approx(-4 * (np.log(1 + 1e-5) + 1 / (1 + 1e-5)), rel=1e-12)


def test_one_sample_gives_the_constant(build_network: Callable, batch_of: Callable) -> None:
    measured = proxies.measure(build_network("no batch norm"), batch_of(1), ["jacob_cov"], seed=0)[
        "jacob_cov"
    ]
    assert measured.value == pytest.approx(-(np.log(1 + 1e-5) + 1 / (1 + 1e-5)), rel=1e-9)


def test_a_constant_row_has_no_correlation(batch: Batch) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5, bias=False))
    torch.nn.init.ones_(network[2].weight)
    measured = proxies.measure(network.double(), batch, ["jacob_cov"], seed=0)["jacob_cov"]
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "the input gradient of sample 0 is constant: its correlation is 0/0"


@pytest.mark.parametrize("name", ["jacob_cov", "epe_nas"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradients_that_are_made_of_rounding_have_no_correlation(name: str, dtype: torch.dtype) -> None:
    """A batch norm without a ReLU behind it fixes the sum of all logits: its true gradient is 0."""
    draw = torch.Generator().manual_seed(0)
    images, labels = torch.randn(8, 3, 8, 8, generator=draw), torch.arange(8) % 2
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)]
    found = []
    for network in (nn.Sequential(*layers, *head), nn.Sequential(*layers, nn.ReLU(), *head)):
        found.append(proxies.measure(network.to(dtype), Batch(images, labels), [name], seed=0)[name])
    assert [each.status for each in found] == ["nan", "ok"]
    assert "0 but for rounding" in found[0].reason
