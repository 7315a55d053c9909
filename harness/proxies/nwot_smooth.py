"""NASWOT for networks of any activation, smooth ones such as swish among them.

score = log |det K|, K = sum over calls of an activation of c c^T + (1 - c)(1 - c)^T, where row i of c holds,
for sample i, which of the activation's inputs are positive; K_ij counts the units on which samples i and j
agree. Higher is better. Unitless; grows with the number of units and of samples, so compare equal batches
only. A smooth activation has no linear regions: the codes tell on which side of its bend a unit is.

Where every activation is a ReLU it is ``nwot``, which has no value where none is. Besides ReLU and ReLU6,
torch's SiLU (swish), hard swish, GELU, Mish, ELU, CELU, SELU, leaky and parametric ReLU count, as modules and
as functions. Gates do not: sigmoid and hard sigmoid, as of squeeze-and-excitation, and tanh; neither does a
swish that is written out as a product. Batch norm is in training mode. Codes are counted call by call, on the
reference path, whatever the run's ``path``. Undefined (status inf) where K is singular.

The kernel is that of Mellor et al., "Neural Architecture Search without Training", ICML 2021; to take it of
the inputs of smooth activations is ours.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._kernel import log_determinant
from harness.proxies._passes import Passes

ABOUT = About(
    formula="log |det K|, K_ij = units in front of any activation whose signs agree for samples i and j",
    source="Mellor et al., ICML 2021; of other activations than ReLUs: ours",
    undefined="logits that do not depend on the images (disconnected); a singular K (inf)",
    choices=(
        "as nwot; swish, hard swish, GELU, Mish, ELU, CELU, SELU, leaky and parametric ReLU count as well, "
        "gates do not; always on the reference path"
    ),
)


def score(passes: Passes) -> float:
    """Log determinant of the kernel of all activations, batch norm in training mode."""
    return log_determinant(passes.activation_kernel())
