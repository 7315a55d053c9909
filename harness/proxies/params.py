"""Number of parameters: the first of the two trivial baselines every proxy should beat.

score = entries of all weights, biases and batch-norm scales and shifts, a shared one once; buffers such as
running statistics are none. Higher is better. Uses neither data nor labels. Always defined.
"""

from __future__ import annotations

from harness.networks import count_parameters
from harness.proxies._passes import Passes

HIGHER_IS_BETTER = True
NEEDS_LABELS = False
NEEDS_IMAGES = False


def score(passes: Passes) -> float:
    """Parameter count."""
    return float(count_parameters(passes.module))
