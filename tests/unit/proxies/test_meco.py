from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _correlation, meco
from harness.seeding import derive

LAYERS = nn.Conv2d | nn.ReLU | nn.ReLU6 | nn.MaxPool2d | nn.AdaptiveAvgPool2d


def measure(network: nn.Module, batch: Batch, seed: int = 0) -> proxies.Measurement:
    return proxies.measure(network, batch, ["meco"], seed)["meco"]


def image() -> torch.Tensor:
    generator = torch.Generator().manual_seed(derive(0, "proxies", "meco"))
    return torch.randn((1, 3, 64, 64), generator=generator).double()


def summed_eigenvalues(network: nn.Module) -> float:
    """Of NumPy's correlation matrices, on maps that the test collects itself."""
    maps: list[np.ndarray] = []
    for part in network.modules():
        if isinstance(part, LAYERS):
            part.register_forward_hook(lambda _, inputs, output: maps.append(output[0].numpy().copy()))
    with torch.no_grad():
        network.train()(image())
    rows = [one.reshape(len(one), -1) for one in maps if one[0].size > 1]
    return sum(float(np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(each)))[0]) for each in rows)


def test_the_formula(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    measured = measure(network, batch)
    if request.node.callspec.params["network"] == "linear":
        assert measured.status == "failed"  # it takes images of 8 x 8 pixels only
        assert measured.reason.startswith("meco looks at an image of 64 x 64 pixels, which this network does")
    else:
        assert measured.status == "ok"
        assert measured.value == pytest.approx(summed_eigenvalues(network), rel=1e-9)


def test_the_batch_does_not_matter_and_the_seed_does(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    other = Batch(batch.images * 3 + 1, batch.targets.flip(0))
    first = measure(network, batch).value
    assert measure(network.eval(), other).value == first
    assert measure(network, batch, seed=1).value != first


def features(channels: int, pixels: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(channels, pixels, 1, generator=generator, dtype=torch.float64)


def test_eigenvalues_in_closed_form() -> None:
    smallest = _correlation.smallest_eigenvalue
    wave = torch.tensor([1.0, -1.0, 1.0, -1.0]).double()
    other = torch.tensor([1.0, 1.0, -1.0, -1.0]).double()
    assert smallest(torch.stack([wave, 5 * other + 3])[..., None]) == pytest.approx(1, rel=1e-12)
    # Two channels with correlation r have the eigenvalues 1 - |r| and 1 + |r|.
    for share in (0.6, -0.6):
        mixed = torch.stack([wave, share * wave + 0.8 * other])[..., None]
        assert smallest(mixed) == pytest.approx(0.4, rel=1e-12)
    assert smallest(wave[None, :, None]) == 1
    assert smallest(torch.stack([wave, -2 * wave])[..., None]) == pytest.approx(0, abs=1e-12)


def test_constant_channels_and_too_few_pixels_give_0() -> None:
    smallest = _correlation.smallest_eigenvalue
    assert smallest(features(4, 50)) > 0.1
    for number in (0.0, 0.1, -1e6):
        constant = features(4, 50)
        constant[2] = number
        assert smallest(constant) == 0
        assert smallest(constant.float()) == 0
    assert smallest(features(6, 7)) > 0
    assert smallest(features(7, 7)) == 0
    assert smallest(features(8, 7)) == 0


def test_identities_batch_norms_and_containers_are_no_layers(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    padded = nn.Sequential(
        nn.Identity(), nn.Sequential(*network[:3]), nn.BatchNorm2d(8).double(), nn.Identity(), network[3]
    )
    assert measure(padded, batch).value == measure(network, batch).value


def test_a_network_without_maps_has_no_value(batch: Batch) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
    measured = measure(network, batch)
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "no layer hands out a feature map of more than one pixel"


def test_the_size_of_the_image_is_the_authors() -> None:
    assert meco.PIXELS == 64
