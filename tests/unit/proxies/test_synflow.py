from __future__ import annotations

import copy
import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch


def without_normalisation(network: nn.Module) -> nn.Module:
    """A positive copy with batch norm and the bound of ReLU6 cut out."""
    network = copy.deepcopy(network).eval().double()
    for path, part in list(network.named_modules()):
        parent = network.get_submodule(path.rpartition(".")[0])
        if isinstance(part, nn.BatchNorm2d):
            setattr(parent, path.rpartition(".")[2], nn.Identity())
        elif isinstance(part, nn.ReLU6):
            setattr(parent, path.rpartition(".")[2], nn.ReLU())
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    return network


def flow(network: nn.Module) -> float:
    positive = without_normalisation(network)
    positive(torch.ones(1, 3, 8, 8, dtype=torch.float64)).sum().backward()
    weights = [parameter for parameter in positive.parameters() if parameter.ndim > 1]
    return sum((w * w.grad).abs().sum().item() for w in weights if w.grad is not None)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["synflow"], seed=0)["synflow"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(math.log(flow(network)), rel=1e-12)


def test_a_chain_of_linear_layers_in_closed_form(batch: Batch) -> None:
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(192, 4, bias=False), nn.ReLU(), nn.Linear(4, 5, bias=False)
    )
    paths = (network[3].weight.double().abs() @ network[1].weight.double().abs()).sum().item()
    # Each layer's |W dR/dW| sums to R, the weight of all paths.
    measured = proxies.measure(network, batch, ["synflow"], seed=0)["synflow"]
    assert measured.value == pytest.approx(math.log(2 * paths), rel=1e-12)


def test_values_far_beyond_float32_are_computed(batch: Batch) -> None:
    layers = [layer for _ in range(30) for layer in (nn.Linear(192, 192, bias=False), nn.ReLU())]
    network = nn.Sequential(nn.Flatten(), *layers, nn.Linear(192, 5))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1)
    measured = proxies.measure(network, batch, ["synflow"], seed=0)["synflow"]
    # 31 layers, each with the flow 192^31 * 5.
    assert measured.value == pytest.approx(math.log(31 * 5) + 31 * math.log(192), rel=1e-12)


def test_the_bound_of_relu6_does_not_cut_the_flow(batch: Batch) -> None:
    bounded = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.ReLU6(), nn.Linear(4, 5))
    with torch.no_grad():
        bounded[1].weight.fill_(1)
    free = nn.Sequential(bounded[0], bounded[1], nn.ReLU(), bounded[3])
    measured = [
        proxies.measure(network, batch, ["synflow"], seed=0)["synflow"] for network in (bounded, free)
    ]
    assert measured[0].status == "ok"
    assert measured[0].value == measured[1].value


def test_a_flow_beyond_float64_has_no_number(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 4), nn.Linear(4, 5)).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1e200)
    measured = proxies.measure(network, batch, ["synflow"], seed=0)["synflow"]
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "the sum of the flow is not a finite number"


def test_images_and_labels_do_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    other = Batch(batch.images * 3 + 1, batch.targets.flip(0))
    first = proxies.measure(network, batch, ["synflow"], seed=0)["synflow"].value
    assert proxies.measure(network, other, ["synflow"], seed=1)["synflow"].value == first


class Function(nn.Module):
    def __init__(self, function: Callable) -> None:
        super().__init__()
        self.function = function

    def forward(self, features: Tensor) -> Tensor:
        return self.function(features)


BOUNDS: dict[str, nn.Module] = {
    "relu6": Function(nn.functional.relu6),
    "relu6 in place": Function(lambda x: nn.functional.relu6(x, inplace=True)),
    "hard tanh": nn.Hardtanh(),
    "hard tanh by keyword": Function(lambda x: nn.functional.hardtanh(input=x)),
    "hard tanh in place": Function(nn.functional.hardtanh_),
    "batch norm": Function(lambda x: nn.functional.batch_norm(x, torch.ones(4), torch.ones(4))),
    "torch's batch norm": Function(
        lambda x: torch.batch_norm(x, None, None, torch.ones(4), torch.ones(4), False, 0.1, 1e-5, False)
    ),
    "batch norm of one's own": nn.BatchNorm1d(4),
}


@pytest.mark.parametrize("kind", BOUNDS)
@pytest.mark.parametrize("name", ["synflow", "logsynflow"])
def test_bounds_and_batch_norms_are_handed_through_as_functions_too(
    kind: str, name: str, batch: Batch
) -> None:
    layers = [nn.Flatten(), nn.Linear(192, 4), nn.ReLU(), nn.Linear(4, 5)]
    with torch.no_grad():
        layers[1].weight.fill_(1)
    bounded = nn.Sequential(*layers[:2], BOUNDS[kind], layers[3])
    free, measured = (
        proxies.measure(network, batch, [name], seed=0)[name] for network in (nn.Sequential(*layers), bounded)
    )
    assert measured.status == "ok", measured
    assert measured.value == free.value
