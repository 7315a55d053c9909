"""What a user is told of every proxy, gathered from their modules, and what was measured of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from harness import aggregations, folders, proxies
from harness.about import About
from harness.errors import ConfigError, DataError, unknown_name
from harness.reports.tables.cards import Card, of_network, of_population

MEASURED = folders.ROOT / "docs" / "proxies_measured.csv"
PUBLISHED = folders.ROOT / "docs" / "proxies_published.csv"
COLUMNS = ("space", "proxy", "label", "tau", "low", "high", "rho", "n", "cost")
PUBLISHED_COLUMNS = ("space", "proxy", "label", "statistic", "value", "networks", "source")
NUMBERS = ("tau", "low", "high", "rho", "cost")
STATISTICS = ("tau", "rho")
Row = TypeVar("Row", "Figure", "Published")


@dataclass(frozen=True)
class Figure:
    """A line of ``docs/proxies_measured.csv``: Kendall's tau with its interval, Spearman's rho, n, the cost.

    ``cost`` is in forward passes of the same network and batch; a number is None where it is left empty.
    """

    space: str
    proxy: str
    label: str
    tau: float | None
    low: float | None
    high: float | None
    rho: float | None
    n: int
    cost: float | None


@dataclass(frozen=True)
class Published:
    """A line of ``docs/proxies_published.csv``: a correlation that others have printed, and on what."""

    space: str
    proxy: str
    label: str
    statistic: str
    value: float
    networks: str
    source: str


def cards(names: Iterable[str] = ()) -> list[Card]:
    """The cards of ``names``, or of all proxies: those of one network, then those of a population.

    Raises
    ------
    UnknownNameError
        For a name that no proxy carries.
    ConfigError
        Where another package's proxy cannot be loaded or has no card.
    """
    single = proxies.names()
    every = [*single, *(name for name in aggregations.names() if name not in single)]
    chosen = list(dict.fromkeys(names)) or every
    for name in chosen:
        if name not in every:
            raise unknown_name("proxy", name, every)
    return [_single(name) if name in single else _population(name) for name in chosen]


def figures(path: Path = MEASURED) -> list[Figure]:
    """What was measured, in the order of the file; none where there is no file.

    Raises
    ------
    DataError
        For other columns, a field that is no number, or a proxy that does not exist.
    """
    return list(_read(path, COLUMNS, _figure))


def published(path: Path = PUBLISHED) -> list[Published]:
    """What others have printed, in the order of the file; none where there is no file.

    Raises
    ------
    DataError
        As :func:`figures`; for a statistic that is none of :data:`STATISTICS`, too.
    """
    return list(_read(path, PUBLISHED_COLUMNS, _published))


def _read(path: Path, columns: tuple[str, ...], make: Callable[[dict[str, str], str], Row]) -> Iterator[Row]:
    if not path.is_file():
        return
    known = {*proxies.names(), *aggregations.names()}
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != columns:
            received = ",".join(lines.fieldnames or ())
            raise DataError(f"{path} must have the columns {','.join(columns)}; received {received}.")
        for line in lines:
            made = make(line, f"{path}, line {lines.line_num}")
            if made.proxy not in known:
                raise DataError(f"{path} names a proxy that does not exist: {made.proxy!r}; drop its lines.")
            yield made


def _single(name: str) -> Card:
    module = _loaded(name, proxies.load, About)
    return of_network(name, module.__doc__, module.ABOUT)


def _population(name: str) -> Card:
    return of_population(name, _loaded(name, aggregations.load, aggregations.PopulationAbout))


def _loaded(name: str, load: Callable[[str], ModuleType], card: type) -> ModuleType:
    module = load(name)
    if not isinstance(getattr(module, "ABOUT", None), card):
        raise ConfigError(
            f"Proxy {name} has no card; give its module ABOUT = {card.__name__}(...) of {card.__module__}."
        )
    return module


def _figure(line: dict[str, str], where: str) -> Figure:
    try:
        numbers = {name: float(line[name]) if line[name] else None for name in NUMBERS}
        if any(number is not None and not isfinite(number) for number in numbers.values()):
            raise ValueError("a number is not finite")
        return Figure(line["space"], line["proxy"], line["label"], n=int(line["n"]), **numbers)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: {', '.join(NUMBERS)} are numbers or empty, n an integer; received "
            f"{','.join(str(line[name]) for name in COLUMNS)}."
        ) from error


def _published(line: dict[str, str], where: str) -> Published:
    try:
        value, others = float(line["value"]), {name: line[name] for name in line if name != "value"}
        if line["statistic"] not in STATISTICS or not abs(value) <= 1 or not line["source"]:
            raise ValueError("no correlation of somebody's")
        return Published(value=value, **others)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: statistic is one of {', '.join(STATISTICS)}, value a number from -1 to 1, and source "
            f"not empty; received {','.join(str(line[name]) for name in PUBLISHED_COLUMNS)}."
        ) from error
