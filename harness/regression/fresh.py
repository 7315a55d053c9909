"""From records and tables to the entries that are compared with golden ones."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from harness import benchmarks, tasks
from harness.benchmarks import Benchmark
from harness.records import Record
from harness.regression.goldens import Entry

WORDS = ("reason", "reasons")
"""Sentences for people, free to be put better."""

ENDS = ("_low", "_high")
"""Of bootstrap intervals: kept for populations alone, whose baselines' are computed alike."""

POPULATION, FACTS, TABLES = "population", "facts", "tables"


def of_records(records: Iterable[Record], reason: str, capability: str) -> list[Entry]:
    """One entry per record, and one for each population that records share.

    Parameters
    ----------
    records
        Fresh ones.
    reason
        Why the entries are made golden, if they are.
    capability
        Of the CPU, as torch names it: the records do not say.

    Where records differ in what they should share, the others' is ``population of <method>``.
    """
    found: dict[tuple[str, ...], Entry] = {}
    for record in records:
        entry = _of_record(record, origin(record.provenance, reason, capability))
        columns = tasks.of_record(entry.task).shared
        if not columns or entry.status != "ok":
            found[entry.key] = entry
            continue
        own, shared = _split(entry, columns)
        found[own.key] = own
        known = found.setdefault(shared.key, shared)
        if replace(known, since=shared.since) != shared:
            other = replace(shared, method=f"{POPULATION} of {own.method}")
            found[other.key] = other
    return list(found.values())


def of_tables(names: Iterable[str], since: Mapping[str, Any]) -> list[Entry]:
    """What the tables of ``names`` say, an entry per label."""
    return [
        _facts(table, label, since) for table in map(benchmarks.load_table, names) for label in table.labels
    ]


def origin(provenance: Mapping[str, Any], reason: str, capability: str) -> dict[str, Any]:
    """Since when entries of this provenance stand, in the words of a golden file."""
    return {
        "version": provenance["package"],
        "commit": provenance["commit"],
        "dirty": provenance["dirty"],
        "reason": reason,
        "machine": provenance["machine"],
        "processor": provenance["processor"],
        "capability": capability,
        "torch": provenance["versions"]["torch"],
        "device": provenance["device"],
    }


def _of_record(record: Record, since: Mapping[str, Any]) -> Entry:
    run = record.run
    columns = {name: column for name, column in record.columns.items() if name not in WORDS}
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return Entry(
        task=run.task,
        space=run.space,
        label=run.label,
        method=run.method,
        seed=run.seed,
        settings=run.settings,
        status=record.status,
        statistics=without(record.statistics, WORDS),
        columns=tuple(columns),
        rows=tuple(tuple(map(_plain, row)) for row in rows),
        since=since,
    )


def _split(entry: Entry, columns: Collection[str]) -> tuple[Entry, Entry]:
    """What is the method's own, with the architectures' names, and what is the population's: ``columns``."""
    statistics = dict(entry.statistics)
    own = _with_columns(entry, ["arch", *(name for name in entry.columns if name not in columns)])
    shared = _with_columns(entry, [name for name in entry.columns if name in columns])
    settings = {name: entry.settings[name] for name in ("truth", "population") if name in entry.settings}
    score = {"score": without(statistics.pop("score"), ENDS)} if "score" in statistics else {}
    return (
        replace(own, statistics=score),
        replace(shared, method=POPULATION, settings=settings, statistics=statistics),
    )


def _with_columns(entry: Entry, names: list[str]) -> Entry:
    rows = zip(*(entry.column(name) for name in names), strict=True)
    return replace(entry, columns=tuple(names), rows=tuple(rows))


def _facts(table: Benchmark, label: str, since: Mapping[str, Any]) -> Entry:
    """Of the listed architectures: how many have a figure, the best (the first listed), the mean."""
    space = table.space
    listed = table.values(table.keys, label)
    known = listed[~np.isnan(listed)].tolist()
    best = int(np.nanargmax(listed * table.label(label).sign))
    statistics = {
        "n": len(known),
        "best": space.format((table.architectures or ())[best]),
        "best_accuracy": float(listed[best]),
        "mean_accuracy": math.fsum(known) / len(known),
        "digest": table.digest(label),
    }
    return Entry(
        task=TABLES,
        space=space.name,
        label=label,
        method=FACTS,
        seed=0,
        settings={},
        status="ok",
        statistics=statistics,
        columns=(),
        rows=(),
        since=since,
    )


def without(value: Any, endings: tuple[str, ...]) -> Any:
    """``value`` without what has a name that ends so."""
    if isinstance(value, Mapping):
        return {name: without(item, endings) for name, item in value.items() if not name.endswith(endings)}
    return [without(item, endings) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
