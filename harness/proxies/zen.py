"""Zen-score: how far a small change of the images moves the last feature map of a random Gaussian network.

score = mean over 4 draws of ln(mean over samples of |f(x) - f(x + 0.01 e)|_1) + sum over batch norms of
ln sqrt(v). f is the last map before the global pooling, |.|_1 the sum over all entries of a sample; v the
variance of a batch norm's input at x, over samples and pixels, averaged over channels. Higher is better; the
second sum puts back the scale that batch norm takes out.

Each draw: weights of convolutions and linear layers, and x and e (16 images of the batch's size), from N(0,
1); biases 0, weights of normalisations 1. Batch norm in training mode. The value hangs on the seed, not on
the network's weights, nor on the batch. A batch norm of zeros or constants takes no scale out and
adds 0. Costs 128 images' forward passes.

Undefined where no map has more than one pixel (status nan), where the logits do not depend on the images
(status disconnected), where f(x) = f(x + 0.01 e) (status inf).

Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Image Recognition", ICCV 2021;
``ZeroShotProxy/compute_zen_score.py`` in idstcv/ZenNAS.
"""

from __future__ import annotations

from math import log
from statistics import fmean

from harness.about import About
from harness.proxies._gaussian import scaled_change
from harness.proxies._outcome import Undefined, finite
from harness.proxies._passes import Passes

ABOUT = About(
    formula="ln |f(x) - f(x + 0.01 e)|_1, f the last map, + sum over batch norms of ln sqrt(variance)",
    source="Lin et al., ICCV 2021 (idstcv/ZenNAS)",
    undefined="logits that do not depend on the images (disconnected); no feature map (nan); no change (inf)",
    choices="the batch's variances (authors: running_var, updated from 1); 4 draws, not 32; Gaussian images",
    images=False,
)
DRAWS, SAMPLES, STEP = 4, 16, 0.01
"""One draw's standard deviation is below 6 % of that between networks of the three spaces; four halve it."""


def score(passes: Passes) -> float:
    """Mean Zen-score of some draws of all weights and images."""
    return passes.read("zen", lambda: fmean(_of_draw(passes, draw) for draw in range(DRAWS)))


def _of_draw(passes: Passes, draw: int) -> float:
    change, logarithms = scaled_change(passes, passes.generator("zen", draw), SAMPLES, STEP)
    if finite(change, "the change of the features") == 0:
        raise Undefined("inf", "the features do not change with the images: the logarithm is minus infinity")
    return log(change) + logarithms
