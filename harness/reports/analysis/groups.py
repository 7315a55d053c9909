"""Records that may be averaged: checked against their rows, one group per hash without the seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness import tasks
from harness.errors import ResultsError
from harness.records import Failures, Record, Run, Store, failures
from harness.reports.analysis.check import Checker, digest
from harness.reports.analysis.checked import Checked
from harness.reports.analysis.origins import origin_of
from harness.stats import mean_with_interval

NOT_NUMBERS = frozenset({"reason", "reasons"})


@dataclass(frozen=True)
class Result:
    """What a report keeps of one ok record.

    ``failures`` counts its rows that are not ok, by status, and ``failed`` says why rows could not be
    measured; ``origin`` is where it was made (:func:`origin_of`); ``path`` is the file, ``timing`` its
    sidecar, which no number of a table rests on; ``derived`` is what the task derives of its rows.

    Where methods score the same architectures, ``population`` names their set, ``architectures`` holds what
    does not hang on the method (one frame for all runs that have the same) and ``scores`` the score of each,
    NaN where it is not ok; both are empty where they do not.
    """

    run: Run
    statistics: Mapping[str, Any]
    population: str | None
    failures: Mapping[str, int]
    origin: Mapping[str, Any]
    path: Path
    timing: Mapping[str, Any]
    architectures: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    scores: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    derived: Mapping[str, Any] = field(default_factory=dict)
    failed: Failures = field(default_factory=lambda: failures({}))

    @cached_property
    def numbers(self) -> dict[str, float | None]:
        """Every number of the statistics, and what is derived, by its dotted name."""
        return numbers_of(self.statistics) | numbers_of(self.derived)


@dataclass
class Group:
    """Runs that differ in their seed alone.

    Attributes
    ----------
    results
        Ok runs, by ascending seed.
    rows
        Where they are a trace, those of the first of them.
    failed
        Reason by seed, for seeds without an ok run.
    """

    run: Run
    results: list[Result] = field(default_factory=list)
    rows: pd.DataFrame | None = None
    failed: dict[int, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The hash all its runs share."""
        return self.run.group

    @property
    def place(self) -> tuple[str, str, str]:
        """Task, space and label."""
        return self.run.task, self.run.space, self.run.label

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.run.method

    @property
    def best_within(self) -> str:
        """The limits, in words, within which a search's optimum was looked for; empty without any."""
        return next((str(result.statistics.get("best_within", "")) for result in self.results), "")

    @property
    def published(self) -> bool:
        """Whether its scores were measured by others and published."""
        return self.run.settings.get("source") == "published"

    @property
    def seeds(self) -> list[int]:
        """Seeds with an ok run."""
        return [result.run.seed for result in self.results]

    @property
    def records(self) -> tuple[Path, ...]:
        """Files of its ok runs' records, by ascending seed."""
        return tuple(result.path for result in self.results)

    @property
    def origins(self) -> list[Mapping[str, Any]]:
        """Where every run was made, as :func:`origin_of`."""
        return [result.origin for result in self.results]

    @property
    def populations(self) -> frozenset[str | None]:
        """The sets of architectures its runs scored."""
        return frozenset(result.population for result in self.results)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """Settings by dotted name."""
        return dict(_leaves(self.run.settings))

    def values(self, name: str) -> list[float | None]:
        """A number of every seed's statistics; ``None`` where undefined."""
        return [result.numbers.get(name) for result in self.results]

    def stat(self, name: str) -> dict[str, Any]:
        """Mean and spread of a number over the seeds, as :func:`harness.stats.mean_with_interval`."""
        return mean_with_interval(self.values(name))


def collect(root: Path, spaces: Iterable[str] | None = None) -> list[Group]:
    """All groups of the records below ``root``, sorted by place and method.

    Every ok record's statistics are recomputed from its rows, once for the same bytes and the same code
    (:mod:`harness.reports.analysis.checked`). A seed's failure counts only where that very run never
    succeeded.

    Raises
    ------
    ResultsError
        Without records, or for a damaged record or one whose statistics are not those of its rows.
    """
    wanted = None if spaces is None else set(spaces)
    groups: dict[str, Group] = {}
    seen: set[str] = set()
    checker = Checker(Checked(Path(root)))
    frames: dict[str, pd.DataFrame] = {}
    for record in Store(root).records():
        seen.add(record.run.space)
        if wanted is None or record.run.space in wanted:
            _add(groups.setdefault(record.run.group, Group(record.run)), record, checker, frames)
    if not seen:
        raise ResultsError(
            f"No records in {Path(root) / 'records'}; make some first, for example with "
            "`python -m harness task=arch_correlation space=nb201 proxy=nwot seed=0`."
        )
    if wanted is not None and not wanted <= seen:
        raise ResultsError(
            f"No records of {', '.join(sorted(wanted - seen))} in {Path(root) / 'records'}; "
            f"there are some of {', '.join(sorted(seen))}."
        )
    checker.remember(everything=wanted is None)
    for group in groups.values():
        group.results.sort(key=lambda result: result.run.seed)
        for seed in group.seeds:
            group.failed.pop(seed, None)
    return sorted(groups.values(), key=lambda group: (group.place, group.method, group.key))


def of_record(record: Record) -> Group:
    """The group of one record alone; raises as :func:`collect`."""
    group = Group(record.run)
    _add(group, record, Checker(), {})
    return group


def by_population(groups: Iterable[Group]) -> list[list[Group]]:
    """Groups with results by the sets of architectures they scored, most groups first."""
    blocks: dict[frozenset[str | None], list[Group]] = {}
    for group in groups:
        if group.results:
            blocks.setdefault(group.populations, []).append(group)
    return sorted(blocks.values(), key=lambda block: -len(block))


def title_of_set(title: str, number: int, of: int) -> str:
    """``title`` of the table on one of several sets of architectures, counted from 1."""
    return title if of == 1 else f"{title}, set {number} of {of}"


def _add(group: Group, record: Record, checker: Checker, frames: dict[str, pd.DataFrame]) -> None:
    if record.status != "ok":
        group.failed[record.run.seed] = record.reason or "no reason given"
        return
    task, rows = tasks.of_record(record.run.task), record.columns
    checker.check(record, rows)
    population, outcomes = None, {}
    if task.shared:
        population = hashlib.sha256("\n".join(sorted(map(str, rows["arch"]))).encode()).hexdigest()[:16]
    if not task.row_key and (group.rows is None or record.run.seed < min(group.seeds)):
        group.rows = record.rows
    if "status" in rows:
        outcomes = {
            status: count
            for status, count in Counter(rows["status"].tolist()).items()
            if isinstance(status, str) and status != "ok"
        }
    group.results.append(
        Result(
            record.run,
            record.statistics,
            population,
            outcomes,
            origin_of(record),
            record.path,
            record.timing or {},
            derived=task.derived(rows),
            failed=failures(rows),
            **_scores(task, rows, frames),
        )
    )


def _scores(
    task: tasks.Task, rows: Mapping[str, np.ndarray], frames: dict[str, pd.DataFrame]
) -> dict[str, Any]:
    """Architectures and their scores; ``frames`` are the shared ones met so far, by their content."""
    names = [name for name in task.shared if name in rows]
    if not names:
        return {}
    key = f"{names} {digest(rows[name] for name in names)}"
    if key not in frames:
        frames[key] = pd.DataFrame({name: rows[name] for name in names})
    return {"architectures": frames[key], "scores": np.where(rows["status"] == "ok", rows["score"], np.nan)}


def numbers_of(statistics: Mapping[str, Any]) -> dict[str, float | None]:
    """Every number of a record's statistics by its dotted name, those of a step by the step's number."""
    found: dict[str, float | None] = {}
    _gather(statistics, "", found)
    return found


def _leaves(value: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _gather(value: Any, prefix: str, found: dict[str, float | None]) -> None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        found[prefix] = value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in NOT_NUMBERS:
                _gather(item, f"{prefix}.{key}" if prefix else str(key), found)
    elif isinstance(value, list) and prefix == "steps":
        for item in value:
            kept = {key: part for key, part in item.items() if key != "step" and not isinstance(part, list)}
            _gather(kept, f"steps.{item['step']}", found)
