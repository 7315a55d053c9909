from __future__ import annotations

import pytest
import torch

from harness.errors import ConfigError
from harness.inputs import noise


def test_images_are_standard_normal_and_targets_uniform() -> None:
    batch = noise.open(classes=7, image_size=8).batch(seed=3, step=0, size=7000)
    values = batch.images.double().flatten()
    assert abs(float(values.mean())) < 0.01
    assert abs(float(values.var()) - 1) < 0.01
    assert abs(float((values**4).mean()) - 3) < 0.05
    counts = torch.bincount(batch.targets, minlength=7)
    assert len(counts) == 7
    # Five binomial deviations around 1,000 of 7,000.
    assert (counts - 1000).abs().max() < 5 * (7000 / 7 * 6 / 7) ** 0.5


def test_images_do_not_change_with_the_classes_nor_targets_with_the_size() -> None:
    small = noise.open(classes=10, image_size=8).batch(0, 0, 5)
    assert torch.equal(small.images, noise.open(classes=120, image_size=8).batch(0, 0, 5).images)
    assert torch.equal(small.targets, noise.open(classes=10, image_size=16).batch(0, 0, 5).targets)


@pytest.mark.parametrize(("classes", "image_size"), [(0, 8), (10, 0)])
def test_settings_out_of_range_are_answered(classes: int, image_size: int) -> None:
    with pytest.raises(ConfigError, match="at least 1 class and 1 pixel"):
        noise.open(classes, image_size)
