"""Photographs, what is done to them, what simple methods make of it, and how that is judged."""

from __future__ import annotations

from math import log10

import numpy as np
import pytest
from PIL import Image

from harness import restoration
from harness.errors import ConfigError, DataError, UnknownNameError
from harness.restoration._degradations import filled

CHINA = restoration.photograph("china", 32)


def problem(degradation, seed=0):
    return restoration.degraded(CHINA, degradation, np.random.default_rng(seed))


@pytest.mark.parametrize("name", restoration.names())
def test_a_photograph_is_a_square_of_its_side(name):
    image = restoration.photograph(name, 16)
    assert image.shape == (16, 16, 3)
    assert 0 <= image.min() < image.max() <= 1
    assert np.allclose(image * 255, np.rint(image * 255))
    assert "CC" in restoration.credit(name) or "public domain" in restoration.credit(name)


def test_a_file_of_ones_own_is_cut_and_resized(tmp_path):
    pixels = np.zeros((20, 40, 3), np.uint8)
    pixels[:, 10:30] = (255, 0, 51)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    assert np.allclose(restoration.photograph(str(tmp_path / "own.png"), 16), (1.0, 0.0, 0.2))
    named = restoration.called(str(tmp_path / "china.png"))
    assert restoration.credit(named) == "the image file china.png"


def test_what_is_no_image_is_answered_in_a_sentence(tmp_path):
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ConfigError, match="is one image, and .* is a folder: name a file in it"):
        restoration.photograph(str(tmp_path), 16)
    with pytest.raises(ConfigError, match="is no file; name one, or one of china"):
        restoration.photograph(str(tmp_path / "gone.png"), 16)
    with pytest.raises(DataError, match="cannot be read as an image"):
        restoration.photograph(str(tmp_path / "text.png"), 16)
    with pytest.raises(UnknownNameError, match="Unknown truth.image 'chine'. Did you mean 'china'"):
        restoration.photograph("chine", 16)
    with pytest.raises(ConfigError, match="multiple of 4 from 16 to 512; received 18"):
        restoration.photograph("china", 18)
    with pytest.raises(ConfigError, match="has 451 x 300 pixels; take truth.image_size=300 or less"):
        restoration.photograph("chelsea", 400)
    with pytest.raises(
        UnknownNameError, match="Unknown truth.degradation 'blur'. Allowed: downsampled, miss"
    ):
        problem("blur")


def test_noise_has_its_deviation_and_is_clipped():
    grey = np.full((64, 64, 3), 0.5)
    noisy = restoration.degraded(grey, "noise", np.random.default_rng(0)).observed
    assert (noisy - grey).std() == pytest.approx(25 / 255, rel=0.02)
    found = problem("noise")
    assert 0 <= found.observed.min() <= found.observed.max() <= 1
    assert found.known.all()
    assert found.simple is found.observed
    assert not np.array_equal(found.observed, problem("noise", 1).observed)


def test_half_of_the_pixels_are_missing_and_filled_by_their_neighbours():
    found = problem("missing")
    assert found.known.sum() == 32 * 32 // 2
    assert np.array_equal(found.observed[found.known], CHINA[found.known])
    assert not found.observed[~found.known].any()
    for i, j in np.argwhere(~found.known):
        near = [
            CHINA[a, b]
            for a in range(max(i - 1, 0), min(i + 2, 32))
            for b in range(max(j - 1, 0), min(j + 2, 32))
            if found.known[a, b]
        ]
        if near:
            assert found.simple[i, j] == pytest.approx(np.mean(near, axis=0))
    restored = found.finished(np.zeros_like(CHINA))
    assert np.array_equal(restored, found.observed)


def test_filling_goes_on_until_nothing_is_missing():
    image, known = np.zeros((1, 4, 3)), np.zeros((1, 4), bool)
    image[0, 0], known[0, 0] = 1.0, True
    assert np.array_equal(filled(image, known), np.ones((1, 4, 3)))


def test_downsampling_takes_means_and_is_undone_bicubically():
    found = problem("downsampled")
    assert found.observed[3, 5] == pytest.approx(CHINA[12:16, 20:24].mean(axis=(0, 1)))
    assert found.simple.shape == found.shown.shape == CHINA.shape
    flat = restoration.degraded(np.full((16, 16, 3), 0.3), "downsampled", np.random.default_rng(0))
    assert flat.simple == pytest.approx(np.full((16, 16, 3), 0.3))
    assert restoration.psnr(CHINA, found.simple) > restoration.psnr(CHINA, found.shown)


def test_psnr_is_its_formula():
    other = np.clip(CHINA + 0.1, 0, 1)
    assert restoration.psnr(CHINA, other) == pytest.approx(-10 * log10(((CHINA - other) ** 2).mean()))
    assert restoration.psnr(CHINA, CHINA) == np.inf
    assert restoration.quality(CHINA, CHINA).ssim == pytest.approx(1.0)
    assert restoration.quality(CHINA, other).ssim < 1.0


def test_ssim_is_the_mean_over_windows_of_its_formula():
    truth, image = CHINA[:7, :7], CHINA[1:8, 1:8]  # one window of 7x7
    a, b = (part.reshape(49, 3) for part in (truth, image))
    covariance = ((a - a.mean(0)) * (b - b.mean(0))).sum(0) / 48
    numerator = (2 * a.mean(0) * b.mean(0) + 1e-4) * (2 * covariance + 9e-4)
    denominator = (a.mean(0) ** 2 + b.mean(0) ** 2 + 1e-4) * (a.var(0, ddof=1) + b.var(0, ddof=1) + 9e-4)
    assert restoration.quality(truth, image).ssim == pytest.approx((numerator / denominator).mean())
