from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch


def derivative_of_scaling(network: nn.Module, batch: Batch) -> float:
    """dL/dt at t = 1 of the network whose convolution and linear weights are all multiplied by t."""
    network.train()
    t = torch.ones((), dtype=torch.float64, requires_grad=True)
    scaled = {
        name: value.detach() * t if value.ndim > 1 else value.detach()
        for name, value in network.named_parameters()
    }
    loss = F.cross_entropy(functional_call(network, scaled, batch.images.double()), batch.targets)
    return torch.autograd.grad(loss, t)[0].item()


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["plain", "snip"], seed=0)
    assert measured["plain"].status == "ok"
    expected = derivative_of_scaling(network, batch)
    assert measured["plain"].value == pytest.approx(expected, rel=1e-9, abs=1e-12 * measured["snip"].value)
    assert abs(measured["plain"].value) < measured["snip"].value


def test_the_sign_is_kept() -> None:
    # One image, logits (w, 0): dL/dw = p - 1 for target 0 and p for target 1, p = 1 / (1 + exp(-w)).
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 2, bias=False)).double()
    with torch.no_grad():
        network[1].weight.copy_(torch.tensor([[2.0, 0, 0], [0, 0, 0]]))
    image = torch.tensor([1.0, 0, 0]).reshape(1, 3, 1, 1)
    chance = 1 / (1 + torch.exp(torch.tensor(-2.0, dtype=torch.float64)).item())
    # One image alone proves no connection by its logits; the path through the classifier does.
    for target, expected in ((0, 2 * (chance - 1)), (1, 2 * chance)):
        batch = Batch(image, torch.tensor([target]))
        assert proxies.measure(network, batch, ["plain"], 0)["plain"].value == pytest.approx(
            expected, rel=1e-12
        )


@pytest.mark.parametrize("kind", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network, batch: Batch, kind: str) -> None:
    assert proxies.measure(build_network(kind), batch, ["plain"], 0)["plain"].status == "disconnected"
