"""Task ``shrink``: a shrinker returns smaller and smaller spaces, each judged by the accuracies left."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from harness import evidence, tasks
from harness.errors import RunFailed
from harness.evidence import Evidence
from harness.runners._afterwards import Afterwards
from harness.runners._left import judged
from harness.runners._quality import best_seen, quality
from harness.runners._told import agreement
from harness.runs.config import Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.scorers import Work
from harness.spaces import Mask, Space

TASK = tasks.load("shrink")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Shrink the space once for every record that the shrinker's evidence makes."""
    return [_run(each, progress) for each in evidence.of(context)]


def _run(read: Evidence, progress: Progress) -> Outcome:
    context, method = read.context, read.method
    afterwards = Afterwards(context)
    run = context.run(read.name, {"shrinker": method.name, **read.settings(), **afterwards.settings()})

    def work(clock: Clock) -> Outcome:
        read.keep(run)
        steps, paid = [context.space.full_mask], [read.spent()]
        tools = read.open(progress)
        told = agreement(read, tools)
        for mask in method.module.shrink(tools, read.options):
            progress("steps", len(steps), len(steps))
            steps.append(mask)
            paid.append(read.spent())
        check(context.space, steps)
        facts = read.facts()
        import pandas as pd  # here, as in a dry run nobody needs it

        rows = pd.DataFrame(judged(context.space, context.truth, steps, paid), columns=list(TASK.columns))
        statistics = {
            **TASK.statistics(rows),
            **derived(context, read, steps[-1]),
            **facts.statistics,
            **told,
        }
        found = afterwards.found(steps[-1], paid[-1]["queries"], progress)
        statistics |= {"found": found} if found else {}
        path = context.write(run, rows, statistics, clock.timing(), origins=facts.origins)
        return Outcome(run.method, "done", path, TASK.headline(statistics, context.label.told))

    return once(context, run, work, lambda: context.with_truth(read.estimate(_work(read))))


def _work(read: Evidence) -> Work:
    """What a shrinker asks of a trained supernet."""
    module = read.method.module
    return module.work(read.context.space, read.options) if hasattr(module, "work") else Work(0, 0)


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


def derived(context: Context, read: Evidence, mask: Mask) -> dict[str, object]:
    """The architecture that the last step leaves, where it leaves one, and the best that was looked up."""
    made = all(sum(row) == each.picks for each, row in zip(context.space.decisions, mask, strict=True))
    if not made:
        return best_seen(context, read, None)
    arch = context.space.normalise(context.space.arch_of(mask))
    judged = quality(context, arch)
    last = {"derived": {name: judged[name] for name in ("arch", "accuracy", "rank")}}
    return {**last, **best_seen(context, read, None)}
