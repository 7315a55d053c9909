"""From the parts' measurements to the scores of a population."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from harness import registry
from harness.errors import ConfigError

PACKAGE = "harness.aggregations"


def load(name: str) -> ModuleType:
    """The module of the population proxy ``name``.

    Raises
    ------
    UnknownNameError
        With the nearest name and the full list, where there is none.
    """
    return registry.load(PACKAGE, name, "population proxy")


def parts(name: str, of: Iterable[str] | None = None) -> tuple[str, ...]:
    """The single-network proxies that the population proxy ``name`` ranks: ``of``, where it takes a list.

    That they exist is not checked.

    Raises
    ------
    UnknownNameError
        For a name that no population proxy carries.
    ConfigError
        For a list that is missing or not to be had, or does not hold at least two different proxies.
    """
    item = load(name)
    if not item.ABOUT.any_list:
        if of is not None:
            raise ConfigError(
                f"Population proxy {name} ranks {', '.join(item.PARTS)} and no other list; drop the list, or "
                "take rank_sum, log_rank_sum or vote."
            )
        return item.PARTS
    chosen = item.PARTS if of is None else tuple(of)
    if chosen is None or len(chosen) < 2 or len(set(chosen)) < len(chosen):
        received = "none" if chosen is None else f"[{', '.join(map(str, chosen))}]"
        raise ConfigError(
            f"Population proxy {name} ranks a list of at least two different proxies, like [synflow, nwot]; "
            f"received {received}."
        )
    return chosen


def combine(name: str, measured: Mapping[str, Any]) -> tuple[np.ndarray, list[str], list[str]]:
    """Scores, statuses and reasons of a population, from those of its parts.

    A network is ranked where every part has a finite number; ranks are among these networks. Another one
    has the score NaN, and the status and the reason of the first such part in the order of the names,
    the reason naming it: ``snip: the logits do not depend on the images``.

    Parameters
    ----------
    name
        A population proxy.
    measured
        Part to its columns ``score`` (numbers, higher is better, None or NaN where there is none), ``status``
        and ``reason``: a data frame or a mapping of lists, one entry per network, everywhere in one order.

    Returns
    -------
    tuple
        Scores, shape (networks,), statuses and reasons.

    Raises
    ------
    ConfigError
        Where ``measured`` is not what :func:`parts` names, or its columns differ in length.
    """
    item = load(name)
    _check(name, item, measured)
    values = {part: np.asarray(columns["score"], dtype=np.float64) for part, columns in measured.items()}
    count = len(next(iter(values.values())))
    statuses, reasons = ["ok"] * count, [""] * count
    for part in sorted(measured, reverse=True):
        for index, (status, reason) in enumerate(_outcomes(measured[part], values[part])):
            if status != "ok":
                statuses[index], reasons[index] = status, f"{part}: {reason}"
    ranked = np.array([status == "ok" for status in statuses], dtype=bool)
    scores = np.full(count, np.nan)
    scores[ranked] = item.score({part: own[ranked] for part, own in values.items()})
    return scores, statuses, reasons


def _outcomes(columns: Any, values: np.ndarray) -> Iterable[tuple[str, str]]:
    """Status and reason of every network; a number that is none is told also where the status says ok."""
    for value, status, reason in zip(values, columns["status"], columns["reason"], strict=True):
        if status == "ok" and not np.isfinite(value):
            yield (
                ("nan", "the value is not a number") if np.isnan(value) else ("inf", "the value is infinite")
            )
        else:
            yield status, reason


def _check(name: str, item: ModuleType, measured: Mapping[str, Any]) -> None:
    received: Sequence[str] = sorted(measured)
    if item.ABOUT.any_list:
        parts(name, received)
    elif received != sorted(item.PARTS):
        told = ", ".join(received) or "none"
        raise ConfigError(f"Population proxy {name} ranks {', '.join(item.PARTS)}; received {told}.")
    lengths = {
        f"{part}.{column}": len(measured[part][column])
        for part in received
        for column in ("score", "status", "reason")
    }
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{length} in {column}" for column, length in lengths.items())
        raise ConfigError(f"Parts of a population have one entry per network each; received {told}.")
