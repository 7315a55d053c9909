"""Task ``search``: a searcher returns one architecture, judged by the table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from types import ModuleType
from typing import Any

import pandas as pd

from harness import groups, networks, searchers
from harness.records import Run, failures
from harness.runners._evaluate import network_scores, supernet_scores
from harness.runners._judge import headline, judge
from harness.runners._te_nas import proxy_scores, run_of
from harness.runners._trained import curve, estimate, require, train
from harness.runners._training import on, training_of
from harness.runs.config import Estimate, Outcome, Progress, Training
from harness.runs.place import Clock, once
from harness.runs.setup import Setup
from harness.scorers import ProxyScores, Score, Work
from harness.searchers import Bench
from harness.spaces import Mask
from harness.training import Trained

COLUMNS = (
    "stage", "index", "step", "decision", "candidate", "arch", "score", "accuracy", "status", "reason",
)  # fmt: skip


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Search once, per proxy where the searcher reads proxies."""
    name = setup.config.searcher["name"]
    searcher = searchers.load(name)
    settings = groups.settings("searcher", setup.config.searcher)
    training = training_of(setup.config)
    if training is not None:
        require(setup, searcher, training)
    proxies = setup.config.proxy["names"] if searcher.READS == "proxy" else [None]
    return [_run(setup, searcher, settings, proxy, training, progress) for proxy in proxies]


def _run(
    setup: Setup,
    searcher: ModuleType,
    settings: Mapping[str, Any],
    proxy: str | None,
    training: Training | None,
    progress: Progress,
) -> Outcome:
    run = _named(setup, searcher, settings, proxy, training)

    def work(clock: Clock) -> Outcome:
        counts: Counter[str] = Counter()
        trained = None if training is None else train(setup, training, progress)
        bench = _bench(setup, searcher, settings, proxy, trained, counts, progress)
        before = 0 if trained is None else trained.evaluations
        found = searcher.search(bench, settings)
        counts["accuracy"] = 0 if trained is None else trained.evaluations - before
        rows = pd.DataFrame(found.trace, columns=list(COLUMNS))
        proposals = rows[(rows["stage"] == "proposal") & rows["arch"].notna()]
        classes = {setup.space.canonical(setup.space.parse(arch)) for arch in proposals["arch"]}
        statistics = {
            **judge(setup, found.arch),
            "evaluations": counts["supernet"] + counts["network"] + counts["accuracy"],
            **({} if trained is None else {"training": curve(trained)}),
            "table_queries": counts["query"],
            "proposals_distinct": len(classes) if len(proposals) else None,
        }
        origins = {} if trained is None else {"training": trained.origins}
        path = setup.write(run, rows, statistics, clock.timing(), origins=origins)
        words = [headline(statistics), failures(rows).words]
        return Outcome(run.method, "done", path, ", ".join(filter(None, words)))

    return once(setup, run, work, None if training is None else _estimate(setup, searcher, training))


def _estimate(setup: Setup, searcher: ModuleType, training: Training) -> Callable[[], Estimate]:
    work = searcher.work(setup.space) if searcher.READS == "trained" else Work(0, 0)
    return lambda: estimate(setup, training, work)


def _named(
    setup: Setup,
    searcher: ModuleType,
    settings: Mapping[str, Any],
    proxy: str | None,
    training: Training | None,
) -> Run:
    name = setup.config.searcher["name"]
    told = {"searcher": name, "proxy": proxy, **settings}
    if searcher.READS == "trained":
        return setup.trained_run(on(name, searcher, training), told, training)
    if searcher.READS == "proxies":
        return run_of(setup, name, searcher.SUPERNETS, told)
    if proxy is None:
        return setup.run(name, told, measured=False)
    trained = {} if training is None else {"training": asdict(training)}
    method = on(f"{name}-{proxy}", searcher, training)
    return setup.run(method, {**told, "masking": setup.masking, **setup.counted(proxy), **trained})


def _bench(
    setup: Setup,
    searcher: ModuleType,
    settings: Mapping[str, Any],
    proxy: str | None,
    trained: Trained | None,
    counts: Counter,
    progress: Progress,
) -> Bench:
    def counted(name: str, function: Callable) -> Callable:
        def call(*arguments):
            counts[name] += 1
            return function(*arguments)

        return call

    label = setup.label.name
    return Bench(
        space=setup.space,
        population=setup.benchmark.population,
        seed=setup.config.seed,
        score_supernet=_counted_masks(counts, supernet_scores(setup, proxy, trained)) if proxy else _refused,
        score_network=counted("network", network_scores(setup, proxy)) if proxy else _refused,
        query=counted("query", lambda arch: float(setup.benchmark.goodness([arch], label)[0])),
        parameters=lambda arch: networks.parameter_count(setup.space, arch),
        progress=progress,
        score_proxies=_counted_proxies(counts, proxy_scores(setup, searcher.SUPERNETS, settings, progress))
        if searcher.READS == "proxies"
        else _refused,
        trained=trained,
    )


def _counted_masks(counts: Counter, score: Callable[..., list[Score]]) -> Callable[..., list[Score]]:
    def call(masks: Sequence[Mask], *step: int) -> list[Score]:
        counts["supernet"] += len(masks)
        return score(masks, *step)

    return call


def _counted_proxies(counts: Counter, scores: Callable[[int], ProxyScores]) -> Callable[[int], ProxyScores]:
    def call(step: int) -> ProxyScores:
        found = scores(step)
        repeats = {
            proxy: [_counted_masks(counts, evaluate) for evaluate in each]
            for proxy, each in found.repeats.items()
        }
        return replace(found, repeats=repeats)

    return call


def _refused(*arguments: object) -> None:
    raise TypeError("a searcher asked for scores that it does not say it reads")
