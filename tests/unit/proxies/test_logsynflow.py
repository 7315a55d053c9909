from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def damped_flow(network: nn.Module) -> float:
    """On a positive copy in which batch norm is the identity and ReLU6 is ReLU."""
    network = copy.deepcopy(network).double()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.forward = lambda features: features
        elif isinstance(part, nn.ReLU6):
            part.forward = torch.relu
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    network(torch.ones(1, 3, 8, 8, dtype=torch.float64)).sum().backward()
    pairs = [(parameter.detach(), parameter.grad) for parameter in network.parameters() if parameter.ndim > 1]
    return sum(float((w * torch.log(1 + g.abs())).sum()) for w, g in pairs if g is not None)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["logsynflow"], seed=0)["logsynflow"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(damped_flow(network), rel=1e-12)


def test_a_chain_of_linear_layers_in_closed_form(batch: Batch) -> None:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(192, 4, bias=False), nn.ReLU(), nn.Linear(4, 5, bias=False)
    )
    first, second = network[1].weight.detach().double().abs(), network[3].weight.detach().double().abs()
    # dR/dW of the first layer is the second's column sum, of the second the first's row sum.
    expected = sum(
        float(first[unit].sum()) * math.log(1 + float(second[:, unit].sum()))
        + float(second[:, unit].sum()) * math.log(1 + float(first[unit].sum()))
        for unit in range(4)
    )
    measured = proxies.measure(network, batch, ["logsynflow"], seed=0)["logsynflow"]
    assert measured.value == pytest.approx(expected, rel=1e-12)


def test_values_far_beyond_float32_are_computed(batch: Batch) -> None:
    layers = [layer for _ in range(30) for layer in (nn.Linear(192, 192, bias=False), nn.ReLU())]
    network = nn.Sequential(nn.Flatten(), *layers, nn.Linear(192, 5))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1)
    measured = proxies.measure(network, batch, ["logsynflow"], seed=0)["logsynflow"]
    # A weight's gradient: the 192^29 * 5 paths through it, 192^30 to the last layer's.
    hidden, last = math.log(1 + 192**29 * 5), math.log(1 + 192**30)
    assert measured.value == pytest.approx(30 * 192**2 * hidden + 5 * 192 * last, rel=1e-12)


def test_a_network_without_a_path_is_disconnected(build_network: Callable, batch: Batch) -> None:
    for kind in ("disconnected", "severed"):
        measured = proxies.measure(build_network(kind), batch, ["logsynflow"], seed=0)["logsynflow"]
        assert (measured.value, measured.status) == (None, "disconnected")


def test_a_gradient_beyond_float64_has_no_number(batch: Batch) -> None:
    layers = [nn.Linear(192, 4), nn.Linear(4, 4), nn.Linear(4, 5)]
    network = nn.Sequential(nn.Flatten(), *layers).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1e200)
    measured = proxies.measure(network, batch, ["logsynflow"], seed=0)["logsynflow"]
    assert (measured.value, measured.status) == (None, "nan")


def test_images_and_labels_do_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    other = Batch(batch.images * 3 + 1, batch.targets.flip(0))
    first = proxies.measure(network, batch, ["logsynflow"], seed=0)["logsynflow"].value
    assert proxies.measure(network, other, ["logsynflow"], seed=1)["logsynflow"].value == first
