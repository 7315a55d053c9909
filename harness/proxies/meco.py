"""MeCo: how independent the channels of each layer's feature map are on one random image.

score = sum over layers of the smallest eigenvalue of P, P_ij = Pearson correlation over the pixels of
channels i and j of the layer's output for one image from N(0, 1), 64 x 64 pixels as the authors take. Higher
is better. Each layer adds 0 to 1. Batch norm in training mode, its statistics those of the one image. Double
precision from the maps on. The value hangs on the seed, not on the batch. Costs about half a
forward pass of 64 images of 32 x 32. A network that takes images of its own size only gets the status failed.

Layers are all modules without children whose output is a feature map, call by call, but for identities and
batch norms, whose maps have their input's correlations. A constant channel, such as a dead ReLU's, makes a
layer add 0, as in the authors' code (0/0 counts as 0); so do as many channels as pixels, whose P is singular.
Of three rules for what a layer is (every module, convolutions alone) this one ranks NAS-Bench-201 best, and
that was known when it was chosen.

Undefined where no layer hands out a map of more than one pixel (status nan), where the logits do not depend
on the images (status disconnected).

Jiang, Wang and Bie, "MeCo: Zero-Shot NAS with One Data and Single Forward Pass via Minimum Eigenvalue of
Correlation", NeurIPS 2023; ``correlation/foresight/pruners/measures/meco.py`` in HamsterMimi/MeCo.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._correlation import on_another_image
from harness.proxies._gaussian import normal
from harness.proxies._outcome import Refused, Undefined, exact_sum
from harness.proxies._passes import Passes

ABOUT = About(
    formula="sum over layers of the smallest eigenvalue of the channels' correlation over pixels",
    source="Jiang et al., NeurIPS 2023 (HamsterMimi/MeCo)",
    undefined="logits that do not depend on the images (disconnected); no feature map (nan)",
    choices="layers but identities and batch norms (authors: every module, also containers); 64 x 64 pixels",
    images=False,
)
PIXELS = 64
"""Height and width. On 32 x 32 pixels NAS-Bench-201's last stage, 64 channels of 64 pixels, would add 0."""


def score(passes: Passes) -> float:
    """Sum of the layers' smallest correlation eigenvalues on one Gaussian image."""
    return passes.read("meco", lambda: _sum(passes))


def _sum(passes: Passes) -> float:
    if passes.images.ndim != 4:
        raise Refused(
            f"meco looks at maps of {PIXELS} x {PIXELS} pixels, and this network takes images of shape "
            f"{tuple(passes.images.shape[1:])}; hand over one that takes (C, H, W), or take another proxy"
        )
    shape = (1, passes.images.shape[1], PIXELS, PIXELS)
    image = normal(shape, passes.images, passes.generator("meco"))
    eigenvalues, logits = on_another_image(passes, image)
    passes.require_connected(logits)
    if not eigenvalues:
        raise Undefined("nan", "no layer hands out a feature map of more than one pixel")
    return exact_sum(eigenvalues)
