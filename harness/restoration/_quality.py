"""How near an image is to another one, by scikit-image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Quality:
    """Peak signal-to-noise ratio in dB, and structural similarity, at most 1."""

    psnr: float
    ssim: float


def psnr(truth: np.ndarray, image: np.ndarray) -> float:
    """``10 log10(1 / mean((truth - image)^2))`` in dB, of numbers in [0, 1] and all channels together.

    Infinite for equal ones. Arrays of one shape, of any.
    """
    from skimage.metrics import peak_signal_noise_ratio

    if np.array_equal(truth, image):
        return float("inf")  # scikit-image would divide by 0
    return float(peak_signal_noise_ratio(truth, image, data_range=1.0))


def quality(truth: np.ndarray, image: np.ndarray) -> Quality:
    """PSNR and SSIM of ``image`` (H, W, 3) in [0, 1]; SSIM as scikit-image's, means over 7x7 windows."""
    from skimage.metrics import structural_similarity

    ssim = structural_similarity(truth, image, channel_axis=-1, data_range=1.0)
    return Quality(psnr(truth, image), float(ssim))
