"""Zero-Cost-PT's search in two stages: proposals by operation scores, then validation.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023,
section 4.2: N proposals from the same untrained supernet, each in a random order of decisions with
a fresh batch per decision; every distinct proposal is then scored as a stand-alone network on the
same V batches, and the largest sum wins.
"""

from __future__ import annotations

from harness.errors import HarnessError
from harness.scorers import best_candidates, zero_cost_pt
from harness.searchers._bench import Bench, Found
from harness.seeding import generator
from harness.spaces import Architecture, only

READS = "proxy"
SETTINGS = ("proposals", "validation_batches")


def search(bench: Bench, settings: dict[str, int]) -> Found:
    """Search with ``settings["proposals"]`` (N) and ``settings["validation_batches"]`` (V).

    Operation decisions are made before input decisions, each group in a random order. Proposals of
    the same isomorphism class count as one. With one distinct proposal nothing is
    left to validate.
    """
    found = Found(())
    proposals: dict[str, Architecture] = {}
    total = settings["proposals"] * len(bench.space.decisions)
    for index in range(settings["proposals"]):
        arch = _propose(bench, index, total, found)
        proposals.setdefault(bench.space.canonical(arch), arch)
        found.trace.append({"stage": "proposal", "index": index, "arch": bench.space.format(arch)})
    found.arch = _validate(bench, list(proposals.values()), settings["validation_batches"], found)
    return found


def _propose(bench: Bench, index: int, total: int, found: Found) -> Architecture:
    mask = bench.space.full_mask
    order = _order(bench, index)
    for position, decision in enumerate(order):
        step = index * len(order) + position
        bench.progress("proposals", step, total)
        scores = zero_cost_pt.score(lambda mask, step=step: bench.score_supernet(mask, step), mask, decision)
        spec = bench.space.decisions[decision]
        found.trace.extend(
            {
                "stage": "proposal",
                "index": index,
                "step": position,
                "decision": spec.name,
                "candidate": spec.candidates[candidate],
                "score": score.value,
                "status": score.status,
                "reason": score.reason,
            }
            for candidate, score in scores.items()
        )
        mask = only(mask, decision, best_candidates(scores, spec.picks))
    return bench.space.normalise(bench.space.arch_of(mask))


def _order(bench: Bench, index: int) -> list[int]:
    order = generator(bench.seed, "order", index).permutation(len(bench.space.decisions)).tolist()
    return sorted(order, key=lambda decision: bench.space.decisions[decision].kind != "operation")


def _validate(bench: Bench, proposals: list[Architecture], batches: int, found: Found) -> Architecture:
    if len(proposals) == 1:
        return proposals[0]
    sums: dict[Architecture, float] = {}
    for index, arch in enumerate(proposals):
        scores = []
        for step in range(batches):
            bench.progress("validation", index * batches + step, len(proposals) * batches)
            scores.append(bench.score_network(arch, step))
        failed = next((score for score in scores if score.value is None), None)
        row = {"stage": "validation", "index": index, "arch": bench.space.format(arch)}
        if failed is None:
            sums[arch] = sum(score.value for score in scores)
            found.trace.append({**row, "score": sums[arch]})
        else:
            found.trace.append({**row, "status": failed.status, "reason": failed.reason})
    if not sums:
        raise HarnessError(
            f"None of the {len(proposals)} proposals could be validated: {found.trace[-1]['reason']}."
        )
    return max(sums, key=sums.__getitem__)
