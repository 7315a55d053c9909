from __future__ import annotations

import pytest
import torch
from sklearn.datasets import load_digits

from harness.errors import ConfigError
from harness.inputs import digits


def test_at_native_size_images_are_the_normalised_digits() -> None:
    source = digits.open(classes=10, image_size=8)
    batch = source.batch(0, 0, source.largest_batch)
    assert source.largest_batch == 1797
    values = batch.images.double()
    assert float(values.mean()) == pytest.approx(0, abs=1e-6)
    assert float(values.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert torch.equal(values[:, 0], values[:, 2])
    grey, labels = load_digits(return_X_y=True)
    known = {tuple(row): int(label) for row, label in zip(grey, labels, strict=True)}
    restored = (values[:, 0].flatten(1) * grey.std() + grey.mean()).round().tolist()
    assert [known[tuple(row)] for row in restored] == batch.targets.tolist()


def test_doubled_images_are_bilinear() -> None:
    small = digits.open(10, 8).batch(0, 0, 3).images[:, 0].double()
    large = digits.open(10, 16).batch(0, 0, 3).images[:, 0].double()
    # Output pixel 2i + 1 lies a quarter of the way from input pixel i to i + 1.
    rows = 0.75 * small[:, 2] + 0.25 * small[:, 3]
    expected = 0.75 * rows[:, 4] + 0.25 * rows[:, 5]
    assert torch.allclose(large[:, 5, 9], expected, atol=1e-6)


def test_a_size_below_the_native_one_is_answered() -> None:
    with pytest.raises(ConfigError, match="needs an image size of at least 8; received 4"):
        digits.open(10, 4)
