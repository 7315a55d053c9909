from __future__ import annotations

import math

import pytest
from torch import nn

from harness import proxies
from harness.inputs import Batch


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["swap", "swap_reg"], seed=0)
    millions = sum(parameter.numel() for parameter in network.parameters()) / 1e6
    product = measured["swap"].value * math.exp(-((millions - 1) ** 2))
    assert measured["swap_reg"].status == "ok"
    assert math.exp(measured["swap_reg"].value) == pytest.approx(product, rel=1e-12)


@pytest.mark.parametrize(("parameters", "exponent"), [(10**6, 0), (2 * 10**6, -1), (40 * 10**6, -1521)])
def test_the_curve_is_highest_at_a_million_and_never_0(batch: Batch, parameters: int, exponent: int) -> None:
    network = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(192, 5))
    spare = parameters - sum(parameter.numel() for parameter in network.parameters())
    network[2].register_parameter("spare", nn.Parameter(network[2].weight.new_zeros(1).expand(spare)))
    measured = proxies.measure(network, batch, ["swap", "swap_reg"], seed=0)
    assert measured["swap_reg"].value == pytest.approx(math.log(measured["swap"].value) + exponent, rel=1e-12)
