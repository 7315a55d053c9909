from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def summed_norms(network: nn.Module, batch: Batch) -> float:
    """An ordinary training step's backward pass on a copy, the cross-entropy written out."""
    network = copy.deepcopy(network).train()
    logits = network(batch.images.double())
    picked = logits[torch.arange(len(logits)), batch.targets]
    (torch.log(torch.exp(logits).sum(dim=1)) - picked).mean().backward()
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    gradients = {id(layer.weight): layer.weight.grad for layer in layers}
    return sum(float((gradient**2).sum()) ** 0.5 for gradient in gradients.values() if gradient is not None)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["grad_norm"], seed=0)["grad_norm"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(summed_norms(network, batch), rel=1e-9)


def test_a_network_without_weights_fails_with_the_reason(batch: Batch) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d((5, 1)), nn.Flatten(), nn.Unflatten(1, (3, 5)), Last())
    measured = proxies.measure(network, batch, ["grad_norm", "snip", "synflow"], seed=0)
    for one in measured.values():
        assert (one.value, one.status) == (None, "failed")
        assert one.reason.startswith("the network has no convolution or linear layer; take a proxy")


class Last(nn.Module):
    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features.sum(dim=1)
