"""Condition number of the neural tangent kernel: how unevenly gradient descent learns the samples of a batch.

score = -kappa, kappa = lambda_max / lambda_min of K = J J^T, row i of J being d(sum of sample i's logits)/dW
for every parameter with "weight" in its name: weights of convolutions, linear layers and normalisations, no
biases. Higher is better: TE-NAS prefers a small kappa. At most -1, which one sample has.

Batch norm is in training mode, as in TE-NAS's search: through the batch's statistics a sample's logits depend
on all samples, and its gradient runs through the whole batch. Gradients in the network's number format,
K and its eigenvalues in double precision. Costs one backward pass per sample.

Undefined where K is singular to the precision of its gradients, lambda_min <= B eps lambda_max for B
samples and their format's machine epsilon eps (status inf: equal samples, fewer weights than samples, or a
normalisation without a ReLU before the classifier, as in NAS-Bench-1Shot1's supernets: it fixes the sum of
all logits); where all gradients are 0 (status nan); where the logits do not depend on the images (status
disconnected).

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective" (TE-NAS), ICLR 2021; the choices are those of ``lib/procedures/ntk.py`` in VITA-Group/TENAS.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._spectrum import negative_condition

ABOUT = About(
    formula="-(largest / smallest eigenvalue) of the tangent kernel of the sums of logits",
    source="Chen et al., ICLR 2021 (VITA-Group/TENAS)",
    undefined="logits that do not depend on the images (disconnected); singular (inf); no gradients (nan)",
    choices="batch norm in training mode, as TE-NAS's search; the sign turned so that higher is better",
    gradients="sample",
)


def score(passes: Passes) -> float:
    """Negative condition number of the tangent kernel."""
    return negative_condition(passes.tangent_kernel(), passes.images.dtype)
