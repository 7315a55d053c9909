"""Jacobian covariance: how little the samples' input gradients resemble each other.

score = -sum_i (log(v_i + k) + 1 / (v_i + k)), k = 1e-5, v = eigenvalues of the correlation matrix of J,
whose row i is d(sum of all logits)/d(image i) as a vector; batch norm in training mode. Higher is better;
at most -B for B samples, which uncorrelated rows reach but for k. Computed in double precision from the
gradients, as 1 / (v + k) follows the smallest eigenvalues. With one sample it is the constant of v = (1).

Undefined where a row is constant, as its correlation is 0/0, or all rows are 0 but for rounding, as where a
normalisation without a ReLU before the classifier fixes the sum of all logits (status nan), and where the
logits do not depend on the images (status disconnected).

Mellor et al., "Neural Architecture Search without Training", first version, 2020, arXiv:2006.04647v1;
Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021.
"""

from __future__ import annotations

import numpy as np

from harness.about import About
from harness.proxies._eigenvalues import eigenvalues
from harness.proxies._input_correlation import input_correlation
from harness.proxies._passes import Passes

ABOUT = About(
    formula="-sum log(v + k) + 1 / (v + k), v = eigenvalues of the correlation of input gradients",
    source="Mellor et al., 2020, arXiv:2006.04647v1; Abdelfattah et al., ICLR 2021",
    undefined="logits that do not depend on the images (disconnected); constant gradients, or "
    "0 but for rounding (nan)",
    choices="eigenvalues of a symmetric matrix in double precision",
    gradients="batch",
)
OFFSET = 1e-5


def score(passes: Passes) -> float:
    """Negative sum of log(v + k) + 1 / (v + k) over the correlation eigenvalues v."""
    shifted = eigenvalues(input_correlation(passes)) + OFFSET
    return -float(np.sum(np.log(shifted) + 1 / shifted))
