"""Task ``shrink``: a shrinker returns smaller and smaller spaces, each judged by the accuracies left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from harness import evidence, stats, tasks
from harness.errors import RunFailed
from harness.evidence import Evidence
from harness.runs.config import Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.scorers import OperationTruth, Work
from harness.spaces import Mask, Space

TASK = tasks.load("shrink")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Shrink the space once for every record that the shrinker's evidence makes."""
    return [_run(each, progress) for each in evidence.of(context)]


def _run(read: Evidence, progress: Progress) -> Outcome:
    context, method = read.context, read.method
    run = context.run(read.name, {"shrinker": method.name, **read.settings()})

    def work(clock: Clock) -> Outcome:
        read.keep(run)
        steps = [context.space.full_mask]
        for mask in method.module.shrink(read.open(progress), read.options):
            progress("steps", len(steps), len(steps))
            steps.append(mask)
        check(context.space, steps)
        facts = read.facts()
        rows = pd.DataFrame(judged(context.truth, steps), columns=list(TASK.columns))
        statistics = {**TASK.statistics(rows), **facts.statistics}
        path = context.write(run, rows, statistics, clock.timing(), origins=facts.origins)
        return Outcome(run.method, "done", path, TASK.headline(statistics, context.label.told))

    return once(context, run, work, lambda: context.with_truth(read.estimate(Work(0, 0))))


def check(space: Space, steps: Sequence[Mask]) -> None:
    """Raise :class:`~harness.errors.RunFailed` for a step that is no smaller space."""
    for number, (before, after) in enumerate(pairwise(steps), 1):
        for decision, old, new in zip(space.decisions, before, after, strict=True):
            count = sum(new)
            if count < decision.picks or any(now and not was for was, now in zip(old, new, strict=True)):
                raise RunFailed(
                    f"Step {number} leaves {count} candidates of decision {decision.name}: they must be at "
                    f"least the {decision.picks} that it picks, and none that were dropped before."
                )


def judged(truth: OperationTruth, steps: Sequence[Mask]) -> Iterator[dict[str, object]]:
    """The row of every step."""
    for step, mask in enumerate(steps):
        left = stats.left(truth.accuracies, truth.left(mask))
        yield {
            "step": step,
            "candidates": int(sum(map(sum, mask))),
            **{name: np.nan if value is None else value for name, value in left.items()},
            "mask": " ".join("".join(str(int(alive)) for alive in row) for row in mask),
            "status": "ok" if left["architectures"] else "unknown",
            "reason": None if left["architectures"] else "no architecture whose truth is known is left",
        }
