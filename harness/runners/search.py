"""Task ``search``: a searcher returns one architecture, judged by the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from harness import networks, searchers
from harness.runners._check import settings_of
from harness.runners._config import Outcome, Progress
from harness.runners._evaluate import network_scores, supernet_scores
from harness.runners._judge import headline, judge
from harness.runners._setup import Clock, Setup, failures_recorded
from harness.scorers import Score
from harness.searchers import Bench, Found
from harness.spaces import Mask

COLUMNS = (
    "stage", "index", "step", "decision", "candidate", "arch", "score", "accuracy", "status", "reason",
)  # fmt: skip


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Search once, per proxy where the searcher reads proxies."""
    name = setup.config.searcher["name"]
    searcher = searchers.load(name)
    settings = settings_of("searcher", setup.config.searcher, searcher.SETTINGS)
    proxies = setup.config.proxy["names"] if searcher.READS == "proxy" else [None]
    return [_run(setup, searcher.search, settings, proxy, progress) for proxy in proxies]


def _run(
    setup: Setup,
    search: Callable[[Bench, Mapping[str, Any]], Found],
    settings: Mapping[str, Any],
    proxy: str | None,
    progress: Progress,
) -> Outcome:
    name = setup.config.searcher["name"]
    method = name if proxy is None else f"{name}-{proxy}"
    measuring = {} if proxy is None else {"masking": setup.masking}
    run = setup.run(
        method, {"searcher": name, "proxy": proxy, **measuring, **settings}, measured=proxy is not None
    )
    skipped = setup.existing(run)
    if skipped is not None:
        return skipped
    clock, counts = Clock(), Counter()
    with failures_recorded(setup, [run], clock):
        found = search(_bench(setup, proxy, counts, progress), settings)
        rows = pd.DataFrame(found.trace, columns=list(COLUMNS))
        proposals = rows[(rows["stage"] == "proposal") & rows["arch"].notna()]
        classes = {setup.space.canonical(setup.space.parse(arch)) for arch in proposals["arch"]}
        statistics = {
            **judge(setup, found.arch),
            "evaluations": counts["supernet"] + counts["network"],
            "table_queries": counts["query"],
            "proposals_distinct": len(classes) if len(proposals) else None,
        }
        path = setup.write(run, rows, statistics, clock.timing())
    return Outcome(method, "done", path, headline(statistics))


def _bench(setup: Setup, proxy: str | None, counts: Counter, progress: Progress) -> Bench:
    def counted(name: str, function: Callable) -> Callable:
        def call(*arguments):
            counts[name] += 1
            return function(*arguments)

        return call

    label = setup.label.name
    return Bench(
        space=setup.space,
        seed=setup.config.seed,
        score_supernet=_counted_masks(counts, supernet_scores(setup, proxy)) if proxy else _refused,
        score_network=counted("network", network_scores(setup, proxy)) if proxy else _refused,
        query=counted("query", lambda arch: setup.table.accuracy(arch, label)),
        parameters=lambda arch: networks.parameter_count(setup.space, arch),
        progress=progress,
    )


def _counted_masks(
    counts: Counter, score: Callable[[Sequence[Mask], int], list[Score]]
) -> Callable[[Sequence[Mask], int], list[Score]]:
    def call(masks: Sequence[Mask], step: int) -> list[Score]:
        counts["supernet"] += len(masks)
        return score(masks, step)

    return call


def _refused(*arguments: object) -> None:
    raise TypeError("a searcher that reads no proxy asked for a proxy's score")
