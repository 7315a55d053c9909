"""EPE-NAS: how alike the input gradients of images of one class are.

score = sum over classes c of |s_c|, s_c = sum_ij log(|C_ij| + k), k = 1e-5, C = correlation of the rows of J
whose image is of class c; row i of J is d(sum of all logits)/d(image i) as a vector, batch norm in training
mode. With more than 100 classes s_c is divided by c's samples and score = sum_cd |s_c - s_d| / classes seen.
Higher is better. Unitless; grows with the samples per class, so compare equal batches only.

A correlation needs two samples: classes of the batch with fewer are left out, the same for every network.
Undefined (status nan) where no class has two samples, where of more than 100 classes only one has, and where
a gradient is constant, as its correlation is 0/0, or all are 0 but for rounding, as for ``jacob_cov``; where
the logits do not depend on the images (status disconnected).

Lopes, Alirezazadeh and Alexandre, "EPE-NAS: Efficient Performance Estimation Without Training for Neural
Architecture Search", ICANN 2021; the choices are those of ``search.py`` in VascoLopes/EPE-NAS
as NASLib keeps them in ``measures/epe_nas.py``.
"""

from __future__ import annotations

import numpy as np

from harness.about import About
from harness.proxies._input_correlation import input_correlation
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes

ABOUT = About(
    formula="sum over classes of |sum log(|C| + k)|, C = correlation of a class's input gradients",
    source="Lopes et al., ICANN 2021 (VascoLopes/EPE-NAS)",
    undefined="logits that do not depend on the images (disconnected); no class with two samples, or "
    "a single one to compare (nan); constant gradients, or 0 but for rounding (nan)",
    choices="classes with fewer than two samples are left out (the authors add 1e-5 for a single one); their "
    "other formula beyond 100 classes; batch norm in training mode",
    labels=True,
    gradients="batch",
)
OFFSET = 1e-5
FEW_CLASSES = 100


def score(passes: Passes) -> float:
    """Sum, or beyond 100 classes the spread, of the classes' summed log correlations."""
    _, _, logits = passes._graph()
    passes.require_classes(logits)
    many = logits.shape[1] > FEW_CLASSES
    logarithms = np.log(np.abs(input_correlation(passes)) + OFFSET)
    labels = passes.targets.cpu().numpy()
    classes = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    seen = [own for own in classes if len(own) > 1]
    if len(seen) < 1 + many:
        raise Undefined(
            "nan", f"{len(seen)} classes of the batch have two samples or more, {1 + many} are needed"
        )
    sums = np.array([logarithms[np.ix_(own, own)].sum() / (len(own) if many else 1) for own in seen])
    return float(np.abs(sums[:, None] - sums).sum() / len(sums) if many else np.abs(sums).sum())
