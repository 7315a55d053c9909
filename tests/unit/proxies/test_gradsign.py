from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch


def gradsign(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["gradsign"], seed=0)["gradsign"]


def agreement_of_signs(network: nn.Module, batch: Batch) -> float:
    """A backward pass per sample, batch norm in evaluation mode."""
    logits = network.eval()(batch.images.double().clone())
    parameters = list(network.parameters())
    sums = [torch.zeros_like(parameter) for parameter in parameters]
    for own, target in zip(logits, batch.targets, strict=True):
        loss = F.cross_entropy(own[None], target[None])
        gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
        for total, gradient in zip(sums, gradients, strict=True):
            if gradient is not None:
                total += gradient.sign()
    return float(sum(total.abs().sum() for total in sums))


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = gradsign(network, batch)
    assert measured.status == "ok"
    # Biases in front of a normalisation over the batch have no gradient but rounding, 6 of them of 6 samples.
    rounding = (
        36 if any(getattr(part, "track_running_stats", True) is False for part in network.modules()) else 0
    )
    assert abs(measured.value - agreement_of_signs(network, batch)) <= rounding
    assert 0 < measured.value <= 6 * sum(parameter.numel() for parameter in network.parameters())


def test_equal_samples_agree_wherever_there_is_a_gradient(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    equal = Batch(batch.images[:1].expand(4, -1, -1, -1), batch.targets[:1].expand(4))
    assert gradsign(network, equal).value == 4 * (192 * 5 + 5)


def test_opposite_samples_cancel(batch: Batch) -> None:
    # Weights 0: every class has the same chance, so that x and -x of one target have opposite gradients.
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    nn.init.zeros_(network[1].weight)
    nn.init.zeros_(network[1].bias)
    pair = Batch(torch.cat([batch.images[:1], -batch.images[:1]]), batch.targets[:1].expand(2))
    assert gradsign(network, pair).value == 2 * 5  # the bias only


def test_targets_outside_the_classes_are_answered(build_network: Callable, batch: Batch) -> None:
    measured = gradsign(build_network("plain"), Batch(batch.images, batch.targets + 5))
    assert measured.status == "failed"
    assert measured.reason.startswith("targets must lie in 0..4")


@pytest.mark.parametrize("kind", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network: Callable, batch: Batch, kind: str) -> None:
    assert gradsign(build_network(kind), batch).status == "disconnected"
