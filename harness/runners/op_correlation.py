"""Task ``op_correlation``: operation scores of the supernet, against accuracy by operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import evidence, tasks
from harness.evidence import Evidence
from harness.records import failures
from harness.runners._quality import quality
from harness.runs.config import Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.scorers import OperationTruth, Score, Work
from harness.searchers import Tools
from harness.spaces import Architecture, Decision, Mask, only

if TYPE_CHECKING:
    import pandas as pd

TASK = tasks.load("op_correlation")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Score every (decision, candidate), for every record that the scorer's evidence makes."""
    return [_run(each, progress) for each in evidence.of(context)]


def _run(read: Evidence, progress: Progress) -> Outcome:
    context = read.context
    told = {"scorer": read.method.name, "progressive": context.config.task["progressive"]}
    run = context.run(read.name, {**told, **read.settings()})

    def work(clock: Clock) -> Outcome:
        read.keep(run)
        found, selected = survey(read, read.open(progress), progress)
        facts = read.facts()
        judged = {name: quality(context, arch) for name, arch in selected.items()}
        statistics = {**TASK.statistics(found), **facts.statistics, **judged}
        path = context.write(run, found, statistics, clock.timing(), origins=facts.origins)
        words = [TASK.headline(statistics, context.label.told), failures(found).words]
        return Outcome(run.method, "done", path, ", ".join(filter(None, words)))

    return once(context, run, work, lambda: context.with_truth(read.estimate(_work(read)), more=2))


def _steps(read: Evidence) -> int:
    return read.steps if read.context.config.task["progressive"] else 1


def _work(read: Evidence) -> Work:
    """What a survey asks of a trained supernet."""
    if not hasattr(read.method.module, "work"):
        return Work(0, 0)
    space, total = read.context.space, Work(0, _steps(read) - 1)
    mask = space.full_mask
    for step in range(_steps(read)):
        for decision in range(step, len(mask)):
            total += read.method.module.work(mask, decision)
        mask = only(mask, step, tuple(range(space.decisions[step].picks)))
    return total


def survey(read: Evidence, tools: Tools, progress: Progress) -> tuple[pd.DataFrame, dict[str, Architecture]]:
    """Score all open decisions, make the first of them, and go on until none is open.

    Step ``i`` uses batch ``i``. ``selected`` is what the scores of the initial supernet pick,
    ``selected_progressive`` what is left at the end; where published scores lack a decision, neither is
    known. What can still be reached is not known behind a decision that was not published. Without
    ``task.progressive`` there is one step.
    """
    space, truth, steps = read.context.space, read.context.truth, _steps(read)
    mask: Mask | None = space.full_mask
    overall = _accuracies(truth, space.full_mask)
    unknown: Sequence[Sequence[Any]] = [[[np.nan] * len(spec.candidates)] * 2 for spec in space.decisions]
    found: list[dict[str, object]] = []
    initial: list[Mapping[int, Score]] = []
    done, total = 0, sum(len(space.decisions) - step for step in range(steps))
    for step in range(steps):
        if step:
            read.advance(tools, mask, step)
        remaining = unknown if mask is None else _accuracies(truth, mask)
        taken: tuple[int, ...] = ()
        for decision in range(step, len(space.decisions)):
            progress("operation scores", done, total)
            done += 1
            spec, scores = space.decisions[decision], read.score(tools, mask, decision, step)
            picks = read.pick(decision, step, scores)
            if step == 0:
                initial.append(scores)
            if decision == step:
                taken = picks
            made = picks if decision == step else ()
            found.extend(_rows(step, spec, scores, made, overall[decision], remaining[decision]))
        mask = only(mask, step, taken) if taken and mask is not None else None
    selected = {}
    if all(initial):
        best = [evidence.best(read.context, decision, scores) for decision, scores in enumerate(initial)]
        selected["selected"] = space.normalise(tuple(best))
    if steps == len(space.decisions) and mask is not None:
        selected["selected_progressive"] = space.normalise(space.arch_of(mask))
    import pandas as pd  # here, as in a dry run nobody needs it

    return pd.DataFrame(found), selected


def _accuracies(truth: OperationTruth, mask: Mask) -> Sequence[Sequence[Any]]:
    """By decision best and mean accuracy by candidate, and how many architectures these are of."""
    return list(zip(truth.best(mask), truth.mean(mask), truth.count(mask), strict=True))


def _rows(
    step: int,
    decision: Decision,
    scores: Mapping[int, Score],
    taken: Sequence[int],
    overall: Sequence[Sequence[float]],
    remaining: Sequence[Sequence[float]],
) -> list[dict[str, object]]:
    """One row for every scored candidate of ``decision``.

    ``taken`` are the candidates picked in this step, ``overall`` best and mean accuracy by candidate,
    ``remaining`` both among the architectures that can still be reached and, where it is known which these
    are, how many.
    """
    best, mean, *counts = remaining
    return [
        {
            "step": step,
            "decision": decision.name,
            "candidate": decision.candidates[candidate],
            "kind": decision.kind,
            "score": np.nan if score.value is None else score.value,
            "status": score.status,
            "reason": score.reason,
            "best_acc": overall[0][candidate],
            "avg_acc": overall[1][candidate],
            "best_acc_remaining": best[candidate],
            "avg_acc_remaining": mean[candidate],
            "count": int(counts[0][candidate]) if counts else None,
            "chosen": candidate in taken,
        }
        for candidate, score in scores.items()
    ]
