"""Task ``variance``: scores and proposals of every initialisation with every batch, order and choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from harness import evidence, networks, tasks
from harness.errors import ConfigError, RunFailed
from harness.evidence.proxy import OneProxy
from harness.records import failures
from harness.runs.config import Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.searchers import Proxy, ScoreSupernet, propose

TASK = tasks.load("variance")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Measure the whole design, for every proxy.

    Raises
    ------
    ConfigError
        For a scorer that reads no proxy of untrained supernets, and for several supernets that are averaged;
        with ``task.released`` for a space without released code.
    """
    return [_run(each, progress) for each in map(_require, evidence.of(context))]


def _require(read: evidence.Evidence) -> OneProxy:
    config = read.context.config
    if not isinstance(read, OneProxy) or read.training is not None or config.supernets > 1:
        raise ConfigError(
            "task=variance scores untrained supernets one by one, with a scorer that reads a proxy, such as "
            f"zero_cost_pt; received scorer={read.method.name} training={config.training['name']} "
            f"supernets={config.supernets}: take training=none and supernets=1."
        )
    if config.task["released"]:
        networks.released_masking(read.context.space)
    return read


def _run(read: OneProxy, progress: Progress) -> Outcome:
    context, design = read.context, read.context.config.task
    told = {name: design[name] for name in TASK.options}
    run = context.run(read.name, {"scorer": read.method.name, **told, **read.settings()})

    def work(clock: Clock) -> Outcome:
        read.keep(run)
        rows = pd.DataFrame(_rows(read, progress), columns=list(TASK.columns))
        made = rows["stage"] == "proposal"
        archs = [context.space.parse(text) for text in rows.loc[made, "arch"]]
        rows.loc[made, "accuracy"] = context.benchmark.goodness(archs, context.label.name)
        facts = read.facts()
        statistics = {**TASK.statistics(rows), **facts.statistics, "evaluations": facts.evaluations}
        path = context.write(run, rows, statistics, clock.timing(), origins=facts.origins)
        words = [TASK.headline(statistics, context.label.told), failures(rows).words]
        return Outcome(run.method, "done", path, ", ".join(filter(None, words)))

    return once(context, run, work)


def _rows(read: OneProxy, progress: Progress) -> Iterator[dict[str, Any]]:
    """A row for every score of the initial supernets, and one for every proposal.

    A cell's batch serves all its decisions, where a search takes a fresh one for each.
    """
    setup, design = read.context, read.context.config.task
    tools, chosen = read.open(progress), [(setup.masking, setup.config.variant)]
    if design["released"]:
        maskings = dict.fromkeys((setup.masking, networks.released_masking(setup.space)))
        alike = networks.released_counting(setup.space) == "once"
        chosen = list(product(maskings, ("paper",) if alike else ("paper", "as_released")))
    cells = list(product(range(design["initialisations"]), chosen, range(design["batches"])))
    for done, (number, (masking, variant), batch) in enumerate(cells):
        progress("cells", done, len(cells))
        if batch == 0:
            supernet = read.crossed(number, masking, variant)
        counting = replace(setup, config=replace(setup.config, variant=variant)).counting
        cell = {"initialisation": number, "batch": batch, "masking": masking, "counting": counting}
        held = replace(tools, score_supernet=_at(supernet, batch))
        yield from _scores(read, held, cell)
        for order in range(design["orders"]):
            yield {**cell, "stage": "proposal", "order": order, **_proposed(read, held, order)}


def _at(supernet: ScoreSupernet, batch: int) -> ScoreSupernet:
    return lambda masks, step: supernet(masks, batch)


def _scores(read: OneProxy, tools: Proxy, cell: dict[str, Any]) -> Iterator[dict[str, Any]]:
    space = read.context.space
    for decision, spec in enumerate(space.decisions):
        for candidate, score in read.score(tools, space.full_mask, decision, 0).items():
            named = {"decision": spec.name, "candidate": spec.candidates[candidate]}
            told = {"score": score.value, "status": score.status, "reason": score.reason}
            yield {**cell, "stage": "score", **named, **told}


def _proposed(read: OneProxy, tools: Proxy, order: int) -> dict[str, Any]:
    module = read.method.module
    score = getattr(module, "preference", module.score)
    if read.method.asks.get("space"):
        score = partial(score, space=read.context.space)
    try:
        arch = propose(tools, score, order)
    except RunFailed as error:
        return {"status": "failed", "reason": str(error)}
    return {"arch": read.context.space.format(arch), "status": "ok"}
