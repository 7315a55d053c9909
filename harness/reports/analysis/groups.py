"""Records that may be averaged: checked against their rows, one group per hash without the seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from harness import tasks
from harness.errors import ResultsError
from harness.processes.helpers import ALONE, Helpers
from harness.records import Record, Run, Store, read_record
from harness.reports.analysis.checked import Checked
from harness.reports.analysis.results import Reader, Result, reading
from harness.stats import mean_with_interval

AT_A_TIME = 32
"""Records that one process reads before the next one may take some."""

SECONDS = 0.0012
"""Reading a record takes about so long, and checking one that is not known as long again."""


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
    def traced(self) -> bool:
        """Whether its rows are a trace, of which those of the first seed are kept."""
        return bool(self.results) and not tasks.of_record(self.run.task).row_key

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


def collect(root: Path, spaces: Iterable[str] | None = None, helpers: Helpers = ALONE) -> list[Group]:
    """All groups of the records below ``root``, sorted by place and method.

    Every ok record's statistics are recomputed from its rows, once for the same bytes and the same code
    (:mod:`harness.reports.analysis.checked`). A seed's failure counts only where that very run never
    succeeded. ``helpers`` read some of them.

    Raises
    ------
    ResultsError
        Without records, or for a damaged record or one whose statistics are not those of its rows.
    """
    wanted = None if spaces is None else frozenset(spaces)
    checked = Checked(Path(root))
    paths = list(Store(root).paths())
    some = [paths[first : first + AT_A_TIME] for first in range(0, len(paths), AT_A_TIME)]
    read = partial(reading, Path(root), wanted, checked.known)
    seconds = SECONDS * (len(paths) + max(0, len(paths) - len(checked.known)))
    found = list(chain(*helpers.begin(read, some, seconds).finish()))
    _check_found(Path(root), {record.run.space for record in found}, wanted)
    groups: dict[str, Group] = {}
    frames: dict[str, pd.DataFrame] = {}
    for record in found:
        if record.result is None and record.reason is None:
            continue
        group = groups.setdefault(record.run.group, Group(record.run))
        if record.result is None:
            group.failed[record.run.seed] = str(record.reason)
        else:
            shared = frames.setdefault(record.shared, record.result.architectures)
            group.results.append(replace(record.result, architectures=shared))
            checked.add(record.sha256)
    checked.write(all_met=wanted is None)
    for group in groups.values():
        group.results.sort(key=lambda result: result.run.seed)
        for seed in group.seeds:
            group.failed.pop(seed, None)
        if group.traced:
            group.rows = read_record(group.results[0].path, checked.known).rows
    return sorted(groups.values(), key=lambda group: (group.place, group.method, group.key))


def _check_found(root: Path, found: set[str], wanted: frozenset[str] | None) -> None:
    """There are records of some spaces, and of all that are wanted."""
    if not found:
        raise ResultsError(
            f"No records in {root / 'records'}; make some first, for example with "
            "`python -m harness task=arch_correlation space=nb201 proxy=nwot seed=0`."
        )
    if wanted is not None and not wanted <= found:
        raise ResultsError(
            f"No records of {', '.join(sorted(wanted - found))} in {root / 'records'}; "
            f"there are some of {', '.join(sorted(found))}."
        )


def of_record(record: Record) -> Group:
    """The group of one record alone; raises as :func:`collect`."""
    group = Group(record.run)
    read = Reader().read(record)
    if read.result is None:
        group.failed[record.run.seed] = str(read.reason)
    else:
        group.results.append(read.result)
    if group.traced:
        group.rows = record.rows
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


def _leaves(value: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value
