from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _az_nas
from harness.seeding import derive
from tests.unit.proxies.az_blocks import ONE_BLOCK, handed_on


def trainability(network: nn.Module, batch: Batch, seed: int = 0) -> proxies.Measurement:
    return proxies.measure(network, batch, ["az_trainability"], seed)["az_trainability"]


def window(index: int, before: int, after: int) -> slice:
    """The pixels that one pixel stands for, where ``after`` of them stand for ``before``."""
    return slice(index * before // after, -(-(index + 1) * before // after))


def jacobian_norm(before: Tensor, after: Tensor, signs: Tensor) -> float:
    """By outer products of single pixels' gradients; ``before`` has at least as many pixels."""
    (gradient,) = torch.autograd.grad(after, before, signs, retain_graph=True)
    received, sent = gradient.numpy(), signs.numpy()
    total, (height, width) = np.zeros((received.shape[1], sent.shape[1])), sent.shape[2:]
    joined = received.shape[2] * received.shape[3] / (height * width)
    for sample in range(len(sent)):
        for y in range(height):
            for x in range(width):
                rows, columns = window(y, received.shape[2], height), window(x, received.shape[3], width)
                arriving = received[sample, :, rows, columns].mean(axis=(1, 2)) * joined
                total += np.outer(arriving, sent[sample, :, y, x])
    return float(np.linalg.svd(total / (len(sent) * height * width), compute_uv=False)[0])


def test_the_formula(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    kind = request.node.callspec.params["network"]
    measured = trainability(network, batch)
    if kind in ONE_BLOCK:
        assert (measured.value, measured.status) == (None, "nan")
        assert measured.reason == "the network has one block: there is none behind features of another"
        return
    features = handed_on(kind, network, batch.images.double())
    generator = torch.Generator().manual_seed(derive(0, "proxies", "az_nas"))
    gains = []
    for before, after in pairwise(features):
        if kind == "reused":  # signs are drawn for the map that stands beside the first, too
            torch.randint(2, before.shape, generator=generator)
        signs = (2 * torch.randint(2, after.shape, generator=generator) - 1).double()
        gains.append(jacobian_norm(before, after, signs))
    assert measured.status == "ok"
    assert measured.value == pytest.approx(np.mean([2 - g - 1 / g for g in gains]), rel=1e-9)


def one_channel(weight: float, *behind: nn.Module) -> nn.Sequential:
    middle = nn.Conv2d(1, 1, 1, bias=False)
    nn.init.constant_(middle.weight, weight)
    return nn.Sequential(
        nn.Conv2d(3, 1, 1), middle, *behind, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, 5)
    )


@pytest.mark.parametrize("weight", [1.0, -2.0, 0.25])
@pytest.mark.parametrize("behind", [(), (nn.AvgPool2d(2),), (nn.AvgPool2d(4),)])
def test_a_factor_in_closed_form(weight: float, behind: tuple, batch: Batch) -> None:
    # With one channel the signs cancel out, and a pooling by the mean passes on what it receives.
    measured = trainability(one_channel(weight, *behind).double(), batch)
    assert measured.value == pytest.approx(2 - abs(weight) - 1 / abs(weight), rel=1e-10)


def test_the_gain_is_that_of_the_weights_matrix() -> None:
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    before = torch.randn(3000, 3, 4, 4, generator=generator, dtype=torch.float64, requires_grad=True)
    after = torch.einsum("oc,bchw->bohw", weight, before)
    assert _az_nas.gain(before, after, generator) == pytest.approx(
        float(np.linalg.norm(weight.numpy(), 2)), rel=0.02
    )


def test_many_channels_of_few_samples_are_the_same_matrix() -> None:
    generator = torch.Generator().manual_seed(0)
    before = torch.randn(4, 30, generator=generator, dtype=torch.float64, requires_grad=True)
    after = before @ torch.randn(30, 20, generator=generator, dtype=torch.float64)
    state = generator.get_state()
    measured = _az_nas.gain(before, after, generator)
    signs = (2 * torch.randint(2, after.shape, generator=generator.set_state(state)) - 1).double()
    (gradient,) = torch.autograd.grad(after, before, signs)
    expected = np.linalg.norm(gradient.numpy().T @ signs.numpy() / 4, 2)
    assert measured == pytest.approx(float(expected), rel=1e-10)


def test_a_block_with_more_pixels_behind_counts_each_of_them() -> None:
    before = torch.ones(500, 1, 3, 3, dtype=torch.float64, requires_grad=True)
    after = 0.5 * before.repeat_interleave(2, 2).repeat_interleave(2, 3)
    # Each pixel receives half the sum of 4 signs, of which the one that it is compared with is its own.
    assert _az_nas.gain(before, after, torch.Generator().manual_seed(0)) == pytest.approx(0.5, rel=0.05)


def test_what_does_not_depend_on_the_features_before_has_no_gain() -> None:
    before = torch.ones(2, 3, requires_grad=True)
    beside = torch.ones(2, 3, requires_grad=True) * 2
    assert _az_nas.gain(before, beside, torch.Generator()) is None


class Cut(nn.Module):
    """The middle layer hands nothing on, but the images go round it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.inner = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5))
        nn.init.zeros_(self.inner.weight)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.inner(self.stem(images)) + images)


def test_a_block_that_lets_no_gradient_through(batch: Batch) -> None:
    measured = trainability(Cut(), batch)
    assert (measured.value, measured.status) == (None, "inf")
    assert measured.reason == "a block lets no gradient through: 1/g is infinite"


def test_the_signs_hang_on_the_seed(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    assert trainability(network, batch, 0).value != trainability(network, batch, 1).value
