"""Number of parameters: the first of the two trivial baselines every proxy should beat.

score = entries of all weights, biases and batch-norm scales and shifts, frozen ones too, a shared one once;
buffers such as running statistics are none. Higher is better. Uses neither data nor labels. Always defined.
"""

from __future__ import annotations

from harness.about import About
from harness.networks import count_parameters_in
from harness.proxies._passes import Passes

ABOUT = About(
    formula="number of parameters",
    source="none: the trivial baseline",
    undefined="never",
    choices="frozen weights too; of the network as built: a masked supernet counts what is left",
    images=False,
)
WEIGHTS_ALONE = True
"""The batch is not looked at, nor its shape: it need not be converted."""


def score(passes: Passes) -> float:
    """Parameter count."""
    return float(count_parameters_in(passes.parts))
