"""Task ``search``: a searcher returns one architecture, judged by the benchmark."""

from __future__ import annotations

from harness import evidence, tasks
from harness.errors import RunFailed
from harness.evidence import Evidence
from harness.processes.under_way import tell
from harness.records import failures
from harness.runners._quality import best_seen, quality, reported
from harness.runs.config import Estimate, Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.scorers import Work
from harness.spaces import Architecture

TASK = tasks.load("search")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Search once for every record that the searcher's evidence makes: one per proxy, where it is that."""
    return [_run(each, progress) for each in evidence.of(context)]


def _run(read: Evidence, progress: Progress) -> Outcome:
    context, method = read.context, read.method
    run = context.run(read.name, {"searcher": method.name, "proxy": None, **read.settings()})

    def work(clock: Clock) -> Outcome:
        read.keep(run)
        if not context.label.known:
            tell(f"No accuracy is known of {context.space.name}: that of what is found will be unknown.")
        found = method.module.search(read.open(progress), read.options)
        _require_within(read, found.arch)
        facts = read.facts()
        import pandas as pd  # here, as in a dry run nobody needs it

        rows = pd.DataFrame(read.annotated(found.trace), columns=list(TASK.columns))
        if context.searched and facts.queries:
            rows["reported"] = reported(context, rows)
        proposals = rows[(rows["stage"] == "proposal") & rows["arch"].notna()]
        classes = {context.space.canonical(context.space.parse(arch)) for arch in proposals["arch"]}
        statistics = {
            **quality(context, found.arch, read.bounded),
            **best_seen(context, read, found.arch),
            **read.costs(found.arch),
            **facts.statistics,
            "evaluations": facts.evaluations,
            "table_queries": facts.queries,
            "proposals_distinct": len(classes) if len(proposals) else None,
        }
        path = context.write(run, rows, statistics, clock.timing(), origins=facts.origins)
        words = [TASK.headline(statistics, context.label.told), failures(rows).words]
        return Outcome(run.method, "done", path, ", ".join(filter(None, words)))

    return once(context, run, work, lambda: _estimate(read))


def _require_within(read: Evidence, arch: Architecture) -> None:
    """What a searcher returns keeps the limits that it was handed; those of other packages may not look."""
    limits = read.bounded.limits
    if limits.bounds and not limits.keep(arch):
        raise RunFailed(
            f"searcher={read.method.name} found {read.context.space.format(arch)}, which is not within "
            f"{limits.words}: it does not keep limits, so run it without."
        )


def _estimate(read: Evidence) -> Estimate | None:
    """Where the truth is measured here, that of what is queried and of what is found counts too."""
    queries = int(read.options.get("queries", 0)) if read.method.evidence == "queries" else 0
    return read.context.with_truth(read.estimate(_work(read)), more=1 + queries)


def _work(read: Evidence) -> Work:
    """What a whole search asks of a trained supernet."""
    module = read.method.module
    return module.work(read.context.space) if hasattr(module, "work") else Work(0, 0)
