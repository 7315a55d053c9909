"""Task ``op_correlation``: operation scores of the untrained supernet, against accuracy by operation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import ModuleType

import numpy as np
import pandas as pd

from harness import scorers, stats
from harness.errors import HarnessError
from harness.records import Run
from harness.runners._config import Outcome, Progress
from harness.runners._evaluate import supernet_scores
from harness.runners._judge import judge
from harness.runners._setup import Clock, Setup, failures_recorded
from harness.scorers import OperationTruth, Score, best_candidates
from harness.spaces import Architecture, Mask, only

ScoreDecision = Callable[[Mask, int, int], dict[int, Score]]
"""``(mask, decision, step) -> {candidate: Score}``"""


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Score every (decision, candidate) with one scorer, per proxy where it reads proxies."""
    name = setup.config.scorer["name"]
    scorer = scorers.load(name)
    truth = cache(partial(_truth, setup))
    if scorer.READS == "truth":
        oracle = setup.run(name, _settings(setup), measured=False)
        return [_run(setup, truth, oracle, partial(_oracle, scorer, truth), progress)]
    return [
        _run(
            setup,
            truth,
            setup.run(f"{name}-{proxy}", {**_settings(setup), "proxy": proxy, "masking": setup.masking}),
            partial(_measured, setup, scorer, proxy),
            progress,
        )
        for proxy in setup.config.proxy["names"]
    ]


def _truth(setup: Setup) -> OperationTruth:
    return OperationTruth(setup.space, setup.table.accuracies(setup.space.codes, setup.label.name))


def _oracle(scorer: ModuleType, truth: Callable[[], OperationTruth]) -> ScoreDecision:
    return lambda mask, decision, step: scorer.score(truth(), mask, decision)


def _measured(setup: Setup, scorer: ModuleType, proxy: str) -> ScoreDecision:
    evaluate = supernet_scores(setup, proxy)
    return lambda mask, decision, step: scorer.score(lambda masks: evaluate(masks, step), mask, decision)


def _settings(setup: Setup) -> dict[str, object]:
    return {"scorer": setup.config.scorer["name"], "progressive": setup.config.task["progressive"]}


def _run(
    setup: Setup,
    truth: Callable[[], OperationTruth],
    run: Run,
    make: Callable[[], ScoreDecision],
    progress: Progress,
) -> Outcome:
    skipped = setup.existing(run)
    if skipped is not None:
        return skipped
    clock = Clock()
    with failures_recorded(setup, [run], clock):
        rows, selected = survey(setup, truth(), make(), progress)
        statistics = stats.operation_agreement(rows)
        for name, arch in selected.items():
            statistics[name] = judge(setup, arch)
        path = setup.write(run, rows, statistics, clock.timing())
    tau = statistics["steps"][0]["best_acc"]["kendall"]
    headline = "undefined" if tau is None else f"{tau:.3f}"
    return Outcome(run.method, "done", path, f"tau with best-acc {headline} at the initial supernet")


def survey(
    setup: Setup, truth: OperationTruth, score: ScoreDecision, progress: Progress
) -> tuple[pd.DataFrame, dict[str, Architecture]]:
    """Score all open decisions, make the first of them, and go on until none is open.

    Step ``i`` uses batch ``i``. ``selected`` is what the scores of the initial supernet pick,
    ``selected_progressive`` what is left at the end. Without ``task.progressive`` there is one step.
    """
    space, mask = setup.space, setup.space.full_mask
    steps = len(space.decisions) if setup.config.task["progressive"] else 1
    total = sum(len(space.decisions) - step for step in range(steps))
    overall = (truth.best(mask), truth.mean(mask))
    rows: list[dict[str, object]] = []
    initial: list[tuple[int, ...]] = []
    done = 0
    for step in range(steps):
        remaining = (truth.best(mask), truth.mean(mask), truth.count(mask))
        made = None
        for decision in range(step, len(space.decisions)):
            progress("operation scores", done, total)
            done += 1
            scores = score(mask, decision, step)
            picks = _pick(space.decisions[decision].name, scores, space.decisions[decision].picks)
            if step == 0:
                initial.append(picks)
            if decision == step:
                made = picks
            taken = picks if decision == step else ()
            rows.extend(_rows(setup, step, decision, scores, taken, overall, remaining))
        mask = only(mask, step, made)
    selected = {"selected": space.normalise(tuple(initial))}
    if steps == len(space.decisions):
        selected["selected_progressive"] = space.normalise(space.arch_of(mask))
    return pd.DataFrame(rows), selected


def _pick(name: str, scores: dict[int, Score], picks: int) -> tuple[int, ...]:
    try:
        return best_candidates(scores, picks)
    except HarnessError as error:
        raise HarnessError(f"Decision {name}: {error}") from error


def _rows(
    setup: Setup,
    step: int,
    decision: int,
    scores: dict[int, Score],
    taken: tuple[int, ...],
    overall: tuple[list[np.ndarray], ...],
    remaining: tuple[list[np.ndarray], ...],
) -> list[dict[str, object]]:
    spec = setup.space.decisions[decision]
    return [
        {
            "step": step,
            "decision": spec.name,
            "candidate": spec.candidates[candidate],
            "kind": spec.kind,
            "score": np.nan if score.value is None else score.value,
            "status": score.status,
            "reason": score.reason,
            "best_acc": overall[0][decision][candidate],
            "avg_acc": overall[1][decision][candidate],
            "best_acc_remaining": remaining[0][decision][candidate],
            "avg_acc_remaining": remaining[1][decision][candidate],
            "count": int(remaining[2][decision][candidate]),
            "chosen": candidate in taken,
        }
        for candidate, score in scores.items()
    ]
