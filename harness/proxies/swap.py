"""SWAP-score: into how many different sets of samples the units of a network split a batch.

score = number of different rows of the matrix A, (units, samples), A_us = 1 where the input of ReLU unit u is
positive on sample s. Higher is better; 0 to the number of units, and to 2^B for B samples: with few
samples it counts patterns, with many nearly all units that are not copies of each other.

Batch norm in training mode. Every call of a ReLU or ReLU6 counts, by a module or as a function, all rows of
the network together; 0 without one. Counted exactly. The network's own weights and the whole batch are taken
once. Costs a forward pass. Undefined where the logits do not depend on the images (status disconnected).

Peng et al., "SWAP-NAS: Sample-Wise Activation Patterns for Ultra-fast NAS", ICLR 2024;
``src/metrics/swap.py`` in pym1024/SWAP.
"""

from __future__ import annotations

from harness.about import About
from harness.proxies._passes import Passes
from harness.proxies._unit_patterns import distinct_unit_patterns

ABOUT = About(
    formula="number of different rows of the (units, samples) matrix of ReLU signs",
    source="Peng et al., ICLR 2024 (pym1024/SWAP)",
    undefined="logits that do not depend on the images (disconnected)",
    choices="the network's own weights and the whole batch, once (authors: 16 samples, mean of 32 Gaussian "
    "draws); ReLUs on vectors count too",
)


def score(passes: Passes) -> float:
    """Number of different sample-wise activation patterns, batch norm in training mode."""
    return float(distinct_unit_patterns(passes))
