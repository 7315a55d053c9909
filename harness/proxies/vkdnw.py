"""VKDNW for one network: its layers, and how evenly its predictions tell of their weights.

score = l + h / ln 9; l = number of convolution and linear layers, as ``trainable_layers``; h = -sum_k q_k ln
q_k, q = the nine deciles of the eigenvalues of F over their sum; F = mean over samples and predicted labels
of v v^T, v = the gradient of the log-likelihood with respect to one weight of each of the layers. h / ln 9
is in 0..1, so it orders the networks of equal l. Higher is better. Unitless. Labels are not used: the network
predicts its own.

Batch norm is in evaluation mode, F in double precision from gradients of the network's number format. One
backward pass per class. Undefined where all deciles are 0 (status nan), and where the logits do not depend
on the images (status disconnected).

Tybl and Neumann, "Training-free Neural Architecture Search through Variance of Knowledge of Deep Network
Weights", CVPR 2025, from the paper's formulas.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import entr

from harness.about import About
from harness.proxies._eigenvalues import eigenvalues
from harness.proxies._information import fisher_information
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes

ABOUT = About(
    formula="layers + entropy / ln 9 of the deciles of the eigenvalues of the Fisher information",
    source="Tybl and Neumann, CVPR 2025, from the formula",
    undefined="logits that do not depend on the images (disconnected); deciles that are all 0 (nan)",
    choices="a layer stands for itself by the first entry of its weight, normalisations not at all; nine "
    "deciles by linear interpolation; expectation over predicted labels; the paper's score of one network, "
    "not its rank over a population; batch norm in evaluation mode",
    gradients="sample",
)
DECILES = np.arange(1, 10) / 10


def score(passes: Passes) -> float:
    """Number of layers plus the normalised entropy of the Fisher information's deciles."""
    information = fisher_information(passes).cpu().numpy()
    deciles = np.quantile(eigenvalues(information).clip(min=0), DECILES)
    if not deciles.sum():
        raise Undefined(
            "nan", "nine tenths of the Fisher information's eigenvalues are 0, and their shares 0/0"
        )
    return len(information) + float(entr(deciles / deciles.sum()).sum()) / math.log(len(DECILES))
