from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _samples


def ntk(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["ntk_eval"], seed=0)["ntk_eval"]


def kappa_of_singular_values(network: nn.Module, images: Tensor) -> float:
    """(largest / smallest singular value)^2 of J, whose rows are gathered by plain backward passes."""
    logits, rows = network.eval()(images.clone()), []
    weights = [value for name, value in network.named_parameters() if "weight" in name]
    for own in logits:
        gradients = torch.autograd.grad(own.sum(), weights, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([g.flatten() for g in gradients if g is not None]).numpy())
    values = np.linalg.svd(np.array(rows), compute_uv=False)
    return float((values[0] / values[-1]) ** 2)


@pytest.fixture
def backward_passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Filled with the number of backward passes that are run for a sample each."""
    passes: list[int] = []
    original = _samples.jacobian

    def counted(outputs: Tensor, weights: list[Tensor]) -> Tensor:
        passes.append(len(outputs))
        return original(outputs, weights)

    monkeypatch.setattr(_samples, "jacobian", counted)
    return passes


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = ntk(network, batch)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(
        -kappa_of_singular_values(network, batch.images.double()), rel=1e-6
    )


def layers(**settings: object) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 6, 3),
            nn.Conv2d(6, 12, **settings),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(7),
            nn.BatchNorm1d(7),
            nn.Linear(7, 5),
        ).double()


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3},
        {"kernel_size": 1},
        {"kernel_size": 3, "stride": 2, "padding": 1},
        {"kernel_size": (3, 2), "stride": (1, 2), "padding": (2, 0)},
        {"kernel_size": (1, 3), "dilation": (1, 2), "padding": (0, 2)},
        {"kernel_size": 3, "groups": 2, "padding": 1},
        {"kernel_size": 3, "groups": 6, "dilation": 2, "padding": 2},
    ],
)
@pytest.mark.parametrize("patch_bytes", [1, 2**27])
def test_every_kind_of_convolution_in_one_backward_pass(
    batch: Batch, settings: dict, patch_bytes: int, backward_passes: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_samples, "PATCH_BYTES", patch_bytes)
    network = layers(**settings)
    network(batch.images.double())
    for part in network.modules():
        if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(part.weight, -1, 1)
            nn.init.uniform_(part.running_mean, -1, 1)
    expected = -kappa_of_singular_values(network, batch.images.double())
    assert ntk(network, batch).value == pytest.approx(expected, rel=1e-6)
    assert backward_passes == []


@pytest.mark.parametrize(("kind", "passes"), [("in place", []), ("no running statistics", [6])])
def test_networks_whose_samples_may_meet_go_sample_by_sample(
    build_network: Callable, batch: Batch, kind: str, passes: list[int], backward_passes: list
) -> None:
    network = build_network(kind)
    expected = -kappa_of_singular_values(network, batch.images.double())
    assert ntk(network, batch).value == pytest.approx(expected, rel=1e-6)
    assert backward_passes == passes


class Reads(nn.Module):
    """A weight is used by a layer and, tied, by another; a branch of zeros is added to the first."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.second.weight = self.first.weight
        self.norm, self.head = nn.BatchNorm2d(3), nn.Linear(192, 5)

    def forward(self, images: Tensor) -> Tensor:
        features = self.second(self.norm(self.first(images)))
        features = features + self.second(torch.zeros_like(self.first(features)))
        return self.head(torch.flatten(features, 1))


def test_a_weight_that_several_layers_read_has_one_gradient(batch: Batch, backward_passes: list) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Reads().double()
    expected = -kappa_of_singular_values(network, batch.images.double())
    assert ntk(network, batch).value == pytest.approx(expected, rel=1e-6)
    assert backward_passes == []


def test_one_sample_has_condition_number_one(build_network: Callable, batch_of: Callable) -> None:
    assert ntk(build_network("plain"), batch_of(1)).value == -1


def test_single_precision_agrees(build_network: Callable, batch: Batch) -> None:
    for name in ("plain", "residual", "depthwise"):
        double, single = build_network(name), build_network(name, torch.float32)
        assert ntk(single, batch).value == pytest.approx(ntk(double, batch).value, rel=1e-3)


def test_equal_samples_have_no_number(build_network: Callable, batch: Batch) -> None:
    twice = Batch(batch.images[[0, 1, 2, 1]], batch.targets[:4])
    measured = ntk(build_network("plain"), twice)
    assert (measured.value, measured.status) == (None, "inf")
    assert measured.reason == "the tangent kernel of 4 samples is singular"


class Scaled(nn.Module):
    """Logits of the images alone; a parameter takes part, but for nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.register_parameter(name, nn.Parameter(torch.ones(5, dtype=torch.float64)))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :5] + 0 * next(self.parameters())


def test_without_gradients_or_weights_there_is_no_number(batch: Batch) -> None:
    assert ntk(Scaled("weight"), batch).status == "nan"
    measured = ntk(Scaled("scale"), batch)
    assert measured.reason == "the network has no parameter with 'weight' in its name; take another proxy"


@pytest.mark.parametrize("kind", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network: Callable, batch: Batch, kind: str) -> None:
    assert ntk(build_network(kind), batch).status == "disconnected"
