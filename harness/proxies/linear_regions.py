"""Number of linear regions that the samples of a batch fall into: expressivity, as TE-NAS measures it.

score = number of different sign patterns over the samples, a pattern being, for every input of every ReLU,
whether it is positive. Higher is better; 1 to the number of samples, so that it says nothing where all
samples differ: count many samples of few pixels. A network without a ReLU has 1.

Batch norm is in training mode, as in TE-NAS's search. Every call of a ReLU or ReLU6 counts, by a
module or as a function. Undefined where the logits do not depend on the images (status disconnected).

Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
Perspective" (TE-NAS), ICLR 2021; ``lib/procedures/linear_region_counter.py`` in VITA-Group/TENAS counts the
same patterns, there in half precision.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes

ABOUT = About(
    formula="number of different sign patterns of all ReLU inputs over the samples",
    source="Chen et al., ICLR 2021 (VITA-Group/TENAS)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="counted exactly, on the batch as it is; batch norm in training mode",
)


def score(passes: Passes) -> float:
    """Number of different ReLU sign patterns, batch norm in training mode."""
    return float(passes.sign_patterns())
