"""What every input promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from harness import inputs
from harness.errors import ConfigError, UnknownNameError


@pytest.fixture(params=inputs.names())
def source(request: pytest.FixtureRequest, folder_of: Callable[[str], Path]) -> inputs.Source:
    return inputs.load(request.param).open(classes=10, image_size=16, folder=folder_of(request.param))


def test_a_batch_has_the_promised_shapes(source: inputs.Source) -> None:
    batch = source.batch(seed=0, step=0, size=7)
    assert batch.images.shape == (7, 3, 16, 16)
    assert batch.images.dtype == torch.float32
    assert batch.images.is_contiguous()
    assert batch.targets.shape == (7,)
    assert batch.targets.dtype == torch.int64
    assert batch.targets.min() >= 0
    assert batch.targets.max() < 10


def test_a_batch_depends_on_its_arguments_only(source: inputs.Source) -> None:
    expected = {key: source.batch(*key) for key in [(0, 0, 6), (0, 1, 6), (1, 0, 6), (0, 9, 6), (0, 0, 3)]}
    torch.rand(3)
    np.random.rand(3)
    for key in reversed(expected):
        again = source.batch(*key)
        assert torch.equal(again.images, expected[key].images)
        assert torch.equal(again.targets, expected[key].targets)
    first = expected.pop((0, 0, 6))
    for key, other in expected.items():
        assert key[2] != 6 or not torch.equal(first.images, other.images)


def test_a_batch_leaves_the_global_generators_alone(source: inputs.Source) -> None:
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    source.batch(0, 0, 5)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


@pytest.mark.parametrize("size", [0, -1, 10**9])
def test_a_size_out_of_range_is_answered(source: inputs.Source, size: int) -> None:
    with pytest.raises(ConfigError, match=rf"holds 1 to \d+ images; received batch size {size}\."):
        source.batch(0, 0, size)


def test_a_negative_step_is_answered(source: inputs.Source) -> None:
    with pytest.raises(ConfigError, match="received step -1"):
        source.batch(0, -1, 2)


def test_the_digest_is_a_sha256_that_opening_again_repeats(
    source: inputs.Source, folder_of: Callable[[str], Path]
) -> None:
    again = inputs.load(source.name).open(classes=10, image_size=16, folder=folder_of(source.name))
    assert source.digest == again.digest
    assert len(bytes.fromhex(source.digest)) == 32


@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_labelled_images_need_ten_classes(name: str, python_folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"at least 10 classes; received 9\. Input 'noise' allows any"):
        inputs.load(name).open(classes=9, image_size=32, folder=python_folder)
    assert (
        inputs.load(name).open(classes=100, image_size=32, folder=python_folder).batch(0, 0, 9).targets.max()
        < 10
    )


@pytest.mark.parametrize("name", ["digits", "cifar10"])
def test_an_epoch_shows_each_image_at_most_once(name: str, python_folder: Path) -> None:
    source = inputs.load(name).open(classes=10, image_size=16, folder=python_folder)
    size = source.largest_batch // 3
    epoch = torch.cat([source.batch(0, step, size).images for step in range(3)])
    assert len(torch.unique(epoch.flatten(1), dim=0)) == len(epoch)
    second = torch.cat([source.batch(0, step, size).images for step in range(3, 6)])
    assert len(torch.unique(second.flatten(1), dim=0)) == len(second) == 3 * size
    assert not torch.equal(second, epoch)
    whole = source.batch(0, 0, source.largest_batch).images
    assert len(torch.unique(whole.flatten(1), dim=0)) == source.largest_batch


def test_an_unknown_input_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'noise'"):
        inputs.load("noises")
