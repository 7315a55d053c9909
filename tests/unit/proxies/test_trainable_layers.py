from __future__ import annotations

import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("plain", 3),
        ("residual", 3),
        ("depthwise", 4),
        ("linear", 2),
        ("no running statistics", 2),
        ("reused", 3),
        ("unused", 3),
        ("tied", 3),
        ("disconnected", 3),
        ("severed", 1),
    ],
)
def test_the_count_by_hand(build_network, batch: Batch, name: str, count: int) -> None:
    measured = proxies.measure(build_network(name), batch, ["trainable_layers"], seed=0)["trainable_layers"]
    assert (measured.value, measured.status) == (count, "ok")


def test_transposed_and_frozen_layers_count_and_a_network_without_any_fails(batch: Batch) -> None:
    network = nn.Sequential(nn.ConvTranspose2d(3, 2, 2), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(162, 5))
    network[0].weight.requires_grad_(False)
    assert proxies.measure(network, batch, ["trainable_layers"], seed=0)["trainable_layers"].value == 2
    bare = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.AdaptiveAvgPool1d(5))
    measured = proxies.measure(bare, batch, ["trainable_layers"], seed=0)["trainable_layers"]
    assert (measured.value, measured.status) == (None, "failed")
    assert measured.reason.startswith("the network has no convolution or linear layer; take a proxy")


def test_the_number_format_does_not_matter(build_network, batch: Batch) -> None:
    network = build_network("plain", torch.float32)
    assert proxies.measure(network, batch, ["trainable_layers"], seed=0)["trainable_layers"].value == 3
