from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import networks, proxies, spaces
from harness.inputs import Batch, noise
from harness.proxies import _az_nas
from tests.unit.proxies.az_blocks import handed_on


def entropy(features: Tensor) -> float:
    """Of the shares that the principal components have of the variance."""
    rows = np.moveaxis(features.detach().numpy(), 1, -1).reshape(-1, features.shape[1])
    variances = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False) ** 2
    shares = variances[variances > 1e-20] / variances.sum()
    return float(-(shares * np.log(shares)).sum())


def expressivity(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["az_expressivity"], seed=0)["az_expressivity"]


def test_the_formula(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    measured = expressivity(network, batch)
    kind = request.node.callspec.params["network"]
    assert measured.status == "ok"
    expected = sum(map(entropy, handed_on(kind, network, batch.images.double())))
    assert measured.value == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("channels", [3, 8, 20])
def test_channels_of_one_variance_have_the_largest_entropy(channels: int) -> None:
    # Of eight rows of signs that are orthogonal, all but the first are centred.
    signs = torch.tensor([[1.0]]).double()
    for _ in range(3):
        signs = torch.cat([torch.cat([signs, signs], 1), torch.cat([signs, -signs], 1)])
    features = torch.zeros(8, channels).double()
    used = min(channels, 7)
    features[:, :used] = signs[:, 1 : used + 1]
    assert _az_nas.entropy(features) == pytest.approx(np.log(used), rel=1e-12)


def test_one_direction_has_no_entropy() -> None:
    features = torch.outer(torch.arange(5.0), torch.tensor([1.0, -2.0, 3.0])).double()
    assert _az_nas.entropy(features) == pytest.approx(0, abs=1e-12)


def test_the_mean_does_not_count() -> None:
    features = torch.randn(5, 3, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    shift = torch.tensor([100.0, -7.0, 3.0]).double()[:, None, None]
    assert _az_nas.entropy(features + shift) == pytest.approx(_az_nas.entropy(features), rel=1e-9)


def test_the_networks_mode_does_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    assert expressivity(network.eval(), batch).value == expressivity(network.train(), batch).value


class Constant(nn.Module):
    """The stem hands on its bias, and the images go round it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.inner = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
        nn.init.zeros_(self.stem.weight)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.inner(self.stem(images)) + images)


def test_constant_features_have_no_entropy(batch: Batch) -> None:
    measured = expressivity(Constant(), batch)
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "a block's output is constant: shares of its variance are 0/0"


@pytest.mark.parametrize(
    "network",
    [nn.Sequential(nn.Flatten(), nn.Linear(192, 5)), nn.Sequential(nn.Conv2d(3, 5, 8), nn.Flatten())],
)
def test_a_classifier_alone_has_no_block(network: nn.Module, batch: Batch) -> None:
    measured = expressivity(network, batch)
    assert (measured.value, measured.status) == (None, "nan")
    assert "no block was found" in measured.reason


def test_identities_do_not_count() -> None:
    space = spaces.load("nbmacro")
    # Within a stage, and behind its first layer, it does not matter which layer is the identity.
    left, right = (space.parse(text) for text in ("11102201", "11120210"))
    batch = noise.open(10, 32).batch(0, 0, 2)
    values = [expressivity(networks.build(space, arch, "tiny"), batch).value for arch in (left, right)]
    assert space.canonical(left) == space.canonical(right)
    assert values[0] == pytest.approx(values[1], rel=1e-6)
