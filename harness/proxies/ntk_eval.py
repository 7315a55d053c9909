"""Condition number of the neural tangent kernel in evaluation mode, where a sample is by itself.

score = -kappa, kappa = lambda_max / lambda_min of K = J J^T, row i of J being d(sum of sample i's logits)/dW
for every parameter with "weight" in its name, as in ``ntk``. Higher is better. At most -1, which one sample
has.

Batch norm uses its running statistics, which for an untrained network are mean 0 and variance 1. Values are 1
to 3 orders of magnitude from those of ``ntk``: compare within one mode only. One backward pass serves all
samples; a network that cannot be traced, or whose normalisations have no running statistics, needs one per
sample. Gradients in the network's number format, K and its eigenvalues in double precision.

Undefined as ``ntk``: K singular to the precision of its gradients (status inf), all gradients 0 (status nan),
logits that do not depend on the images (status disconnected).

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective" (TE-NAS), ICLR 2021; ``train_mode=False`` of ``lib/procedures/ntk.py`` in VITA-Group/TENAS.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._spectrum import negative_condition

ABOUT = About(
    formula="-(largest / smallest eigenvalue) of the tangent kernel, batch norm in evaluation mode",
    source="Chen et al., ICLR 2021 (VITA-Group/TENAS)",
    undefined="logits that do not depend on the images (disconnected); singular (inf); no gradients (nan)",
    choices="as ntk; batch norm on running statistics, as most reimplementations",
    gradients="sample",
)


def score(passes: Passes) -> float:
    """Negative condition number of the tangent kernel, batch norm in evaluation mode."""
    return negative_condition(passes.tangent_kernel_eval(), passes.images.dtype)
