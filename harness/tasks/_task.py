"""What is known of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.options import Option

Told = Callable[[float], str]
"""A figure of a run's label, higher is better, in the label's words: ``accuracy 94.37 %``."""

Rows = Mapping[str, Any]
"""A record's rows: arrays by column, or a data frame."""


def _nothing(*arguments: Any, **more: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Measure:
    """A statistic that is shown or compared.

    ``name`` is dotted (``steps.0.best_acc.kendall``), ``words`` is its heading; ``digits`` are decimals, none
    for a whole number, and over seeds the mean is taken, or the ``median``.
    """

    name: str
    words: str
    digits: int = 3
    median: bool = False


@dataclass(frozen=True)
class Task:
    """A task without what runs it.

    Attributes
    ----------
    name, title
        On the command line, and as the heading of its sections.
    group
        Config group that names its method, such as ``scorer``.
    options
        Its own settings.
    columns
        Of its rows; there may be more behind them.
    row_key
        Columns that name a row; none where rows are a trace, in which a row's place names it.
    shared
        Columns that no method changes, the architectures' string ``arch`` and ``accuracy`` among them: rows
        of two records pair by the one and are compared with the other. None where runs are compared over
        seeds.
    baselines
        Columns of ``shared`` that are scores too, and what they are called.
    statistics
        ``statistics(rows)`` of an ok record; with baselines ``statistics(rows, resamples, names)``, of the
        columns of scores ``names`` alone.
    recomputed
        Names of these statistics; with baselines they are the columns of scores.
    check
        ``check(statistics, rows)``: numbers that the record must hold; by default ``statistics(rows)``.
    derived
        ``derived(rows)``: further numbers that reports show.
    headline
        ``headline(statistics, told)``: a run's result in a few words; ``told`` names a figure of its label.
    ranking
        What methods are ranked by over all spaces, higher is better; ``None`` where they are not.
    compared
        What two methods are compared by over the seeds that both have, higher is better.
    studied
        What tables of the sensitivity study show.
    lists_truth
        Whether it needs a list of all architectures whose truth is known.
    needs_truth
        Whether it says nothing of a space of which no accuracy is known.
    takes_aggregations, takes_published
        Whether population proxies, and published operation scores, go with it.
    """

    name: str
    title: str
    group: str
    options: Mapping[str, Option] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    row_key: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    baselines: Mapping[str, str] = field(default_factory=dict)
    statistics: Callable[..., dict[str, Any]] = _nothing
    recomputed: tuple[str, ...] = ()
    check: Callable[[Mapping[str, Any], Rows], dict[str, Any]] | None = None
    derived: Callable[[Rows], dict[str, Any]] = _nothing
    headline: Callable[[Mapping[str, Any], Told], str] = lambda statistics, told: ""
    ranking: Measure | None = None
    compared: tuple[Measure, ...] = ()
    studied: tuple[Measure, ...] = ()
    lists_truth: bool = False
    needs_truth: bool = True
    takes_aggregations: bool = False
    takes_published: bool = False
