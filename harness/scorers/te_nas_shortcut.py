"""What the code of Zero-Cost-PT calls "tenas" and compares itself with; it is not TE-NAS, see ``te_nas``.

``tenas_project`` in ``nasbench201/init_projection.py`` of zerocostptnas/zerocost_operation_score (commit
48f48c9) measures kappa and R (``harness.proxies.ntk``, ``harness.proxies.linear_regions``) once per
candidate o, on Zero-Cost-PT's supernet A without o; R on one whose stem takes one channel. With n
candidates of open decisions,

    score = -((n - rank of kappa) + rank of R), ranks from 1 on, ascending, of all of them together; equal
    values have their mean rank, that of kappa rounded down.

Higher is better to keep, as in ``te_nas``. The differences: decisions are made one after the other, at once
and from the ranks among all, instead of pruning one candidate of each per round; nothing is repeated;
``none`` is a candidate like the others; the supernets are the run's (its fidelity, masking, batch size and
PyTorch's initialisation), drawn once.

Ours: all candidates of a step are compared on the same batches, and a candidate without whom a proxy has no
value has no score. In nb1shot1 none has one: there the supernets' kappa is undefined, see
``harness.proxies.ntk``.
"""

from __future__ import annotations

import numpy as np

from harness.scorers._ranks import ProxyScores, first_failure, open_pairs
from harness.scorers._score import ANY, Score
from harness.scorers.te_nas import OPTIONS as TE_NAS
from harness.spaces import Mask, without

EVIDENCE = "proxies"
ASKS = {"supernets": "run"}
KINDS = ANY
OPTIONS = {name: TE_NAS[name] for name in ("region_batches", "region_batch_size")}


def score(scores: ProxyScores, mask: Mask, decision: int) -> dict[int, Score]:
    """Negative rank sums of the candidates left at the open ``decision``, ranked with all of its kind."""
    from scipy.stats import rankdata  # here, since settings are checked without SciPy

    pairs = open_pairs(scores.space, mask, scores.space.decisions[decision].kind)
    masks = [without(mask, *pair) for pair in pairs]
    (kappa,), (regions,) = (
        [evaluate(masks) for evaluate in scores.repeats[proxy]] for proxy in ("ntk", "linear_regions")
    )
    failed = {pair: first_failure(*both) for pair, *both in zip(pairs, kappa, regions, strict=True)}
    ranked = [place for place, pair in enumerate(pairs) if failed[pair] is None]
    kappas, counts = (
        np.array([scored[place].value for place in ranked], dtype=np.float64) for scored in (kappa, regions)
    )
    sums = len(ranked) - rankdata(-kappas).astype(int) + rankdata(counts)
    totals = {pairs[place]: Score(-float(total)) for place, total in zip(ranked, sums, strict=True)}
    return {pair[1]: failed[pair] or totals[pair] for pair in pairs if pair[0] == decision}
