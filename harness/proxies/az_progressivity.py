"""Progressivity, of AZ-NAS: whether expressivity grows from every block to the next one.

score = min over blocks l >= 2 of s_l - s_(l-1), s_l = entropy of block l's output as ``az_expressivity`` adds
them up. Higher is better; negative where a block loses directions. Unit: nats. Batch norm in training mode.
One pass serves the three scores of AZ-NAS, which costs four to five forward passes.

Undefined where there are fewer than two blocks or a block's output is constant (status nan), and where the
logits do not depend on the images (status disconnected).

Lee and Ham, "AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search", CVPR 2024. Written from
the paper's formulas.
"""

from __future__ import annotations

from itertools import pairwise

from harness.about import About
from harness.proxies._az_nas import blocks
from harness.proxies._outcome import Undefined
from harness.proxies._passes import Passes

ABOUT = About(
    formula="smallest increase of az_expressivity's entropy from one block to the next",
    source="Lee and Ham, CVPR 2024",
    undefined="logits that do not depend on the images (disconnected); one block, or constant features (nan)",
    choices="blocks and batch as az_expressivity; the stem is the first block",
    gradients="batch",
)


def score(passes: Passes) -> float:
    """Smallest difference between consecutive blocks' entropies."""
    increases = [after.entropy - before.entropy for before, after in pairwise(blocks(passes))]
    if not increases:
        raise Undefined("nan", "the network has one block: there is no increase to the next one")
    return min(increases)
