from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch


def fisher(network: nn.Module, batch: Batch, others: tuple[str, ...] = ()) -> proxies.Measurement:
    return proxies.measure(network, batch, ["fisher", *others], seed=0)["fisher"]


class Gated(nn.Module):
    """A layer whose outputs are multiplied by gates of one, one per sample and channel."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer, self.gates = layer, []

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = self.layer(inputs)
        gate = torch.ones(outputs.shape[:2], dtype=outputs.dtype, requires_grad=True)
        self.gates.append(gate)
        return outputs * gate.reshape(*gate.shape, *[1] * (outputs.dim() - 2))


def squared_gate_gradients(network: nn.Module, batch: Batch) -> float:
    """The derivative for a channel's gate is its sum of activation x gradient, sample by sample."""
    gated = []
    for part in list(network.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, nn.Conv2d | nn.Linear):
                gated.append(Gated(child))
                setattr(part, name, gated[-1])
    loss = F.cross_entropy(network.train()(batch.images.double().clone()), batch.targets)
    total = 0.0
    for layer in gated:
        for gate in layer.gates:
            (gradient,) = torch.autograd.grad(loss, gate, retain_graph=True, allow_unused=True)
            fan_in = layer.layer.weight[0].numel()
            total += 0.0 if gradient is None else fan_in * float(gradient.square().mean(0).sum()) / 2
    return total


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = fisher(network, batch)
    assert measured.status == "ok"
    alone, beside = measured.value, fisher(network, batch, ("jacob_cov", "grad_norm", "nwot")).value
    assert alone == beside
    assert alone == pytest.approx(squared_gate_gradients(network, batch), rel=1e-9)


class Overwrites(nn.Module):
    """The convolution's own output is overwritten, by a ReLU and by a product."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.relu = nn.Conv2d(3, 6, 3), nn.ReLU(inplace=True)
        self.second, self.head = nn.Conv2d(6, 4, 3), nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        features = self.second(self.relu(self.first(images)))
        features *= 2
        return self.head(features.mean((2, 3)))


def test_outputs_that_are_overwritten_count_as_they_came(batch: Batch) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Overwrites().double()
    measured = fisher(network, batch).value
    assert fisher(network, batch, ("grad_norm", "jacob_cov")).value == measured
    assert measured == pytest.approx(squared_gate_gradients(network, batch), rel=1e-9)


def test_a_gradient_that_is_read_first_adds_nothing(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    first = proxies.measure(network, batch, ["jacob_cov", "fisher"], 0)["fisher"].value
    last = proxies.measure(network, batch, ["fisher", "jacob_cov"], 0)["fisher"].value
    assert first == last == pytest.approx(squared_gate_gradients(network, batch), rel=1e-9)


@pytest.mark.parametrize("kind", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network: Callable, batch: Batch, kind: str) -> None:
    assert fisher(build_network(kind), batch).status == "disconnected"
