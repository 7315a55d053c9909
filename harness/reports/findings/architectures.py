"""The architecture found, beside the best one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness import spaces
from harness.errors import HarnessError
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.analysis.results import Result
from harness.reports.charts import style
from harness.reports.findings import search
from harness.reports.model import Drawing
from harness.spaces import Space


def drawings(groups: Sequence[Group], quantity: Quantity) -> tuple[Drawing, ...]:
    """What the best search found, in its median seed, and the best that the benchmark knows; else nothing."""
    space = _space(groups[0].run.space)
    best = search.best_of([group for group in groups if group.run.task == "search"])
    if space is None or best is None:
        return ()
    result = _median(best)
    seed = wording.seeds([result.run.seed])
    known = result.numbers.get("accuracy") is not None
    which = f", {seed}, the median of {len(best.seeds)}" if known and len(best.seeds) > 1 else f", {seed}"
    rank, size = (result.numbers.get(name) for name in ("rank", "size"))
    ranked = f", rank {wording.count(rank)} of {wording.count(size)}" if rank else ""
    accuracy = result.numbers.get("accuracy")
    words = _unknown(result, quantity) if accuracy is None else f"{quantity.text(accuracy)}{ranked}"
    found = _drawing(space, f"Found by {best.method}{which}", words, result.statistics.get("arch"))
    return tuple(filter(None, (found, _optimum(space, groups[0].run.label, quantity))))


def _space(name: str) -> Space | None:
    try:
        return spaces.load(name)
    except HarnessError:
        return None


def _median(group: Group) -> Result:
    """The run with the middle accuracy, of an even number the lower one; the first where none is known."""
    known = [result for result in group.results if result.numbers.get("accuracy") is not None]
    known.sort(key=lambda result: result.numbers["accuracy"] or 0.0)
    return known[(len(known) - 1) // 2] if known else group.results[0]


def _unknown(result: Result, quantity: Quantity) -> str:
    """What is told in place of an accuracy: what the network costs, where the record says so."""
    costs = [
        f"{wording.number(value, 1)} M {what}"
        for what, name in (("parameters", "params_millions"), ("multiply-adds", "flops_millions"))
        if (value := result.numbers.get(name)) is not None
    ]
    return ", ".join([f"{quantity.metric} unknown", *costs])


def _optimum(space: Space, label: str, quantity: Quantity) -> Drawing | None:
    table = lookup.table_of(space.name, label)
    if table is None or table.architectures is None:
        return None
    figures = table.goodness(table.keys, label)
    if not np.isfinite(figures).any():
        return None
    index = int(np.nanargmax(figures))
    arch = space.format(table.architectures[index])
    title = f"Best that {'the space lists' if table.complete else 'the benchmark knows'}"
    return _drawing(space, title, quantity.text(float(figures[index])), arch)


def _drawing(space: Space, title: str, words: str, arch: object) -> Drawing | None:
    try:
        parsed = space.parse(arch)
    except HarnessError:
        return None
    return Drawing(title, words, space.format(parsed), space.diagrams(parsed), colours(space))


def colours(space: Space) -> dict[str, str]:
    """A class for each operation: those that only pass on or drop their input are pale."""
    names = dict.fromkeys(
        name for decision in space.decisions if decision.kind != "input" for name in decision.candidates
    )
    coloured = [name for name in names if name not in space.identity_candidates]
    numbered = {name: f"op{number % style.DRAWN}" for number, name in enumerate(coloured)}
    return {name: numbered.get(name, "pale") for name in names}
