from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch

STEP = 1e-5


def grasp(network: nn.Module, batch: Batch, **settings: object) -> proxies.Measurement:
    return proxies.measure(network, batch, ["grasp"], seed=0, **settings)["grasp"]


def gradients(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Of an ordinary training step, on the distinct convolution and linear weights."""
    network = copy.deepcopy(network).train()
    F.cross_entropy(network(batch.images.double()), batch.targets).backward()
    layers = {id(part.weight) for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)}
    found = {name: weight.grad for name, weight in network.named_parameters() if id(weight) in layers}
    return {name: gradient for name, gradient in found.items() if gradient is not None}


def moved(network: nn.Module, direction: dict[str, Tensor], length: float) -> nn.Module:
    network = copy.deepcopy(network)
    with torch.no_grad():
        for name, step in direction.items():
            network.get_parameter(name).add_(step, alpha=length)
    return network


def by_differences(network: nn.Module, batch: Batch) -> float:
    """-sum W Hg, Hg being how much the gradient changes over a small step along itself."""
    first = gradients(network, batch)
    ahead, behind = (gradients(moved(network, first, length), batch) for length in (STEP, -STEP))
    return -sum(
        float((network.get_parameter(name).detach() * (ahead[name] - behind[name]) / (2 * STEP)).sum())
        for name in first
    )


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = grasp(network, batch)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(by_differences(network, batch), rel=1e-5, abs=1e-9)


def test_softmax_regression_in_closed_form(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5, bias=False)).double()
    x, weight = batch.images.double().flatten(1).numpy(), network[1].weight.detach().numpy()
    shares = np.exp(x @ weight.T)
    shares /= shares.sum(axis=1, keepdims=True)
    errors = shares - np.eye(5)[batch.targets.numpy()]
    gradient = errors.T @ x / len(x)
    along = x @ gradient.T
    product = (shares * (along - (shares * along).sum(axis=1, keepdims=True))).T @ x / len(x)
    assert grasp(network, batch).value == pytest.approx(-(weight * product).sum(), rel=1e-10)


def test_the_weights_of_normalisations_are_left_out(build_network, batch: Batch) -> None:
    network = build_network("residual")
    before = grasp(network, batch).value
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.weight.requires_grad_(False)
    assert grasp(network, batch).value == before


def test_logits_that_no_layer_takes_part_in_have_no_number(batch: Batch) -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, images: Tensor) -> Tensor:
            return images.flatten(1)[:, :5]

    measured = grasp(Idle(), batch)
    assert (measured.value, measured.status) == (None, "failed")
    assert measured.reason.startswith("no weight received a gradient")


def test_a_network_without_a_path_is_disconnected(build_network, batch: Batch) -> None:
    measured = grasp(build_network("disconnected"), batch)
    assert (measured.value, measured.status) == (None, "disconnected")


def test_gradients_that_overflow_have_no_number(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    measured = grasp(network, Batch(batch.images.double() * 1e200, batch.targets))
    assert (measured.value, measured.status) == (None, "nan")


class Attending(nn.Module):
    """Attention over the places of a map, by one fused function or written out."""

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.stem, self.mix, self.head = nn.Conv2d(3, 6, 3), nn.Linear(6, 18), nn.Linear(6, 5)

    def forward(self, images: Tensor) -> Tensor:
        places = self.stem(images).flatten(2).transpose(1, 2)
        query, key, value = self.mix(places).chunk(3, dim=2)
        if self.fused:
            mixed = F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None])[:, 0]
        else:
            mixed = (query @ key.transpose(1, 2) / 6**0.5).softmax(2) @ value
        return self.head((places + mixed).mean(1))


def test_fused_attention_has_a_second_derivative(batch: Batch) -> None:
    fused, written_out = Attending(True).double(), Attending(False).double()
    written_out.load_state_dict(fused.state_dict())
    measured = grasp(fused, batch)
    assert measured.status == "ok", measured
    assert measured.value == pytest.approx(grasp(written_out, batch).value, rel=1e-9)
    assert measured.value == pytest.approx(by_differences(fused, batch), rel=1e-4, abs=1e-9)
