from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _samples, _tangent


def ntk(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["ntk"], seed=0)["ntk"]


def kappa_of_singular_values(network: nn.Module, images: Tensor) -> float:
    """(largest / smallest singular value)^2 of J, whose rows are gathered by plain backward passes."""
    network = copy.deepcopy(network).train()
    logits, rows = network(images.clone()), []
    for own in logits:
        network.zero_grad()
        own.sum().backward(retain_graph=True)
        weights = [value for name, value in network.named_parameters() if "weight" in name]
        rows.append(torch.cat([w.grad.flatten() for w in weights if w.grad is not None]).numpy())
    values = np.linalg.svd(np.array(rows), compute_uv=False)
    return float((values[0] / values[-1]) ** 2)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = ntk(network, batch)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(
        -kappa_of_singular_values(network, batch.images.double()), rel=1e-6
    )
    assert measured.value < -1


def test_a_linear_classifiers_kernel_is_that_of_the_images(batch: Batch) -> None:
    # d(sum of k logits)/dW has k equal rows x: K = k X X^T, whatever the weights and the bias.
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    values = np.linalg.svd(batch.images.double().flatten(1).numpy(), compute_uv=False)
    assert ntk(network, batch).value == pytest.approx(-((values[0] / values[-1]) ** 2), rel=1e-9)


def test_gradients_run_through_the_batchs_statistics(batch_of: Callable) -> None:
    """Against central differences of the logits in training mode, weight by weight."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 4, 3),
            nn.BatchNorm2d(4),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(4, 5),
        ).double()
    batch, step, columns = batch_of(4), 1e-6, []
    weights = [value for name, value in network.named_parameters() if "weight" in name]
    with torch.no_grad():
        for entry in (weight.view(-1)[index] for weight in weights for index in range(weight.numel())):
            sums = []
            for shift in (step, -2 * step):
                entry += shift
                sums.append(network.train()(batch.images.double()).sum(1))
            entry += step
            columns.append((sums[0] - sums[1]) / (2 * step))
    values = np.linalg.svd(torch.stack(columns, 1).numpy(), compute_uv=False)
    assert ntk(network, batch).value == pytest.approx(-((values[0] / values[-1]) ** 2), rel=1e-5)


def test_one_sample_has_condition_number_one(build_network: Callable, batch_of: Callable) -> None:
    assert ntk(build_network("no batch norm"), batch_of(1)).value == -1


def test_single_precision_agrees(build_network: Callable, batch: Batch) -> None:
    for name in ("plain", "residual", "depthwise"):
        double, single = build_network(name), build_network(name, torch.float32)
        assert ntk(single, batch).value == pytest.approx(ntk(double, batch).value, rel=1e-3)


def test_little_memory_gives_the_same_kernel(
    build_network: Callable, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build_network("residual")
    expected = ntk(network, batch).value
    largest, held = 0, []
    jacobian = _samples.jacobian

    def watched(outputs: Tensor, weights: list[Tensor]) -> Tensor:
        held.append(sum(weight.numel() for weight in weights))
        return jacobian(outputs, weights)

    largest = max(weight.numel() for weight in network.parameters())
    monkeypatch.setattr(_samples, "jacobian", watched)
    monkeypatch.setattr(_samples, "JACOBIAN_BYTES", 8 * 6 * 200)
    monkeypatch.setattr(_tangent, "_COLUMNS", 7)
    assert ntk(network, batch).value == pytest.approx(expected, rel=1e-9)
    assert len(held) > 2
    assert max(held) <= max(largest, 200)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_singular_kernel_has_no_number(build_network: Callable, batch: Batch, dtype: torch.dtype) -> None:
    twice = Batch(batch.images[[0, 1, 2, 1]], batch.targets[:4])
    few = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1)).to(dtype)
    normalised = nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)
    ).to(dtype)
    for network, images in ((build_network("plain", dtype), twice), (few, batch), (normalised, batch)):
        measured = ntk(network, images)
        assert (measured.value, measured.status) == (None, "inf")
        assert measured.reason == f"the tangent kernel of {len(images.images)} samples is singular"


class Weightless(nn.Module):
    """Logits of the images alone; ``weight`` takes part, but for nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.register_parameter(name, nn.Parameter(torch.ones(5, dtype=torch.float64)))

    def forward(self, images: Tensor) -> Tensor:
        return images.flatten(1)[:, :5] + 0 * next(self.parameters())


def test_gradients_of_zero_have_no_condition_number(batch: Batch) -> None:
    measured = ntk(Weightless("weight"), batch)
    assert (measured.status, measured.reason) == (
        "nan",
        "all gradients are 0: the condition number is 0/0",
    )


def test_a_network_without_weights_is_told(batch: Batch) -> None:
    measured = ntk(Weightless("scale"), batch)
    assert measured.status == "failed"
    assert measured.reason == "the network has no parameter with 'weight' in its name; take another proxy"


def test_gradients_that_overflow_have_no_number(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    huge = Batch(batch.images.double() * 1e200, batch.targets)
    assert ntk(network, huge).status == "nan"
