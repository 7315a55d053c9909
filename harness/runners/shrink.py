"""Task ``shrink``: a shrinker returns smaller and smaller spaces, each judged by the accuracies left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from harness import shrinkers, stats, tasks
from harness.errors import RunFailed
from harness.options import settings_of
from harness.runners._config import Outcome, Progress
from harness.runners._operations import truth_of
from harness.runners._place import Clock, once
from harness.runners._setup import Setup
from harness.scorers import OperationTruth
from harness.spaces import Mask, Space

TASK = tasks.load("shrink")


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Shrink the space once and judge what every step leaves."""
    name = setup.config.shrinker["name"]
    shrinker = shrinkers.load(name)
    settings = settings_of("shrinker", setup.config.shrinker, getattr(shrinker, "OPTIONS", {}))
    named = setup.run(name, {"shrinker": name, **settings}, measured=False)

    def work(clock: Clock) -> Outcome:
        steps = [setup.space.full_mask]
        for mask in shrinker.shrink(setup.space, setup.config.seed, settings):
            progress("steps", len(steps), len(steps))
            steps.append(mask)
        check(setup.space, steps)
        rows = pd.DataFrame(judged(truth_of(setup), steps), columns=list(TASK.columns))
        statistics = TASK.statistics(rows)
        path = setup.write(named, rows, statistics, clock.timing())
        return Outcome(name, "done", path, TASK.headline(statistics))

    return [once(setup, named, work)]


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
