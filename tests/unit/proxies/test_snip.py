from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch


def summed_mask_gradients(network: nn.Module, batch: Batch) -> float:
    """|dL/dm| for masks m = 1 that multiply the weights, which is the definition."""
    names = [name for name, parameter in network.named_parameters() if parameter.ndim > 1]
    masks = {name: torch.ones_like(network.get_parameter(name), requires_grad=True) for name in names}
    masked = {name: mask * network.get_parameter(name) for name, mask in masks.items()}
    loss = F.cross_entropy(functional_call(network.train(), masked, batch.images.double()), batch.targets)
    gradients = torch.autograd.grad(loss, list(masks.values()), allow_unused=True)
    return sum(float(gradient.abs().sum()) for gradient in gradients if gradient is not None)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["snip"], seed=0)["snip"]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(summed_mask_gradients(network, batch), rel=1e-9)
