"""What a user is told of every proxy, gathered from their modules, and what was measured of them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from types import ModuleType

from harness import paths, populations, proxies
from harness.errors import ConfigError, DataError, unknown_name

MEASURED = paths.ROOT / "docs" / "proxies_measured.csv"
COLUMNS = ("space", "proxy", "label", "tau", "low", "high", "n", "cost")
GRADIENTS = {
    "none": "no gradients",
    "batch": "gradients of the batch",
    "sample": "gradients of every sample",
}


@dataclass(frozen=True)
class Card:
    """A proxy in words; ``population`` is whether a network has it only among others."""

    name: str
    population: bool
    title: str
    formula: str
    needs: str
    better: str
    undefined: str
    choices: str
    source: str


@dataclass(frozen=True)
class Figure:
    """A line of ``docs/proxies_measured.csv``: Kendall's tau with its interval, n, and the cost.

    ``cost`` is in forward passes of the same network and batch; a number is None where it is left empty.
    """

    space: str
    proxy: str
    label: str
    tau: float | None
    low: float | None
    high: float | None
    n: int
    cost: float | None


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
    every = [*single, *(name for name in populations.names() if name not in single)]
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
    if not path.is_file():
        return []
    known = {*proxies.names(), *populations.names()}
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file)
        if tuple(lines.fieldnames or ()) != COLUMNS:
            received = ",".join(lines.fieldnames or ())
            raise DataError(f"{path} must have the columns {','.join(COLUMNS)}; received {received}.")
        found = [_figure(line, f"{path}, line {lines.line_num}") for line in lines]
    for figure in found:
        if figure.proxy not in known:
            raise DataError(f"{path} names a proxy that does not exist: {figure.proxy!r}; drop its lines.")
    return found


def _single(name: str) -> Card:
    module = _loaded(name, proxies.load, proxies.About)
    about = module.ABOUT
    needs = [
        "images" if about.images else "",
        "labels" if about.labels else "",
        f"{about.batches} batches" if about.batches > 1 else "",
        "" if about.gradients == "none" else GRADIENTS[about.gradients],
        "double precision" if about.precision == "double" else "",
    ]
    return Card(
        name=name,
        population=False,
        title=_title(module),
        formula=about.formula,
        needs=", ".join(filter(None, needs)) or "the network alone",
        better=_better(about.higher_is_better),
        undefined=about.undefined,
        choices=about.choices,
        source=about.source,
    )


def _population(name: str) -> Card:
    module = _loaded(name, populations.load, populations.PopulationAbout)
    about = module.ABOUT
    listed = ", ".join(module.PARTS or ())
    needs = (
        f"{listed}, or a list in proxy.of" if listed and about.any_list else listed or "a list in proxy.of"
    )
    return Card(
        name=name,
        population=True,
        title=_title(module),
        formula=about.formula,
        needs=needs,
        better=_better(about.higher_is_better),
        undefined="a network without one of the parts (the part's status)",
        choices=about.choices,
        source=about.source,
    )


def _loaded(name: str, load: Callable[[str], ModuleType], card: type) -> ModuleType:
    module = load(name)
    if not isinstance(getattr(module, "ABOUT", None), card):
        raise ConfigError(
            f"Proxy {name} has no card; give its module ABOUT = {card.__name__}(...) of {card.__module__}."
        )
    return module


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().partition("\n")[0]


def _better(higher: bool) -> str:
    return "higher" if higher else "lower"


def _figure(line: dict[str, str], where: str) -> Figure:
    try:
        numbers = {name: float(line[name]) if line[name] else None for name in ("tau", "low", "high", "cost")}
        if any(number is not None and not isfinite(number) for number in numbers.values()):
            raise ValueError("a number is not finite")
        return Figure(line["space"], line["proxy"], line["label"], n=int(line["n"]), **numbers)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: tau, low, high and cost are numbers or empty, n an integer; received "
            f"{','.join(str(line[name]) for name in COLUMNS)}."
        ) from error
