"""Two rows, two numbers, two mappings: where they differ by more than is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness import tasks
from harness.regression.goldens import MACHINE, Entry

EXACT = 1e-12
"""Relative, of what is computed from the same figures: it leaves room for another order of additions."""

SAME_KIND = 1e-6
"""Relative, of scores: there they are the same to the last bit, whatever runs beside them."""

OTHER_KIND = 0.05
"""Of the largest score of the column: nearly twice the most that another instruction set moved one. Not of
the score itself, which may be a difference of nearly equal numbers."""

PART = "part."
"""How the columns of what a population proxy ranks begin."""


@dataclass(frozen=True)
class Bound:
    """What a difference may be, of the larger of the two numbers or of ``scale``, where that is more."""

    allowed: float
    scale: float = 0.0


@dataclass(frozen=True)
class Finding:
    """One thing that moved.

    Attributes
    ----------
    kind
        ``missing`` and ``new`` (runs), ``settings``, ``status``, ``rows`` (which, and in which order),
        ``value`` (of a row), ``statistic``, ``disagrees`` (a fresh statistic with its own rows).
    where
        The row and column, the statistic or the setting.
    golden, fresh
        Both values.
    difference, allowed
        ``|fresh - golden| / max(|fresh|, |golden|)`` and its bound, on another kind of machine over the
        largest score of the column; ``None`` where no numbers were compared.
    """

    kind: str
    where: str = ""
    golden: Any = None
    fresh: Any = None
    difference: float | None = None
    allowed: float | None = None

    @property
    def badness(self) -> float:
        """How many times the difference is the allowed one; infinite where none is."""
        return self.difference / self.allowed if self.difference is not None and self.allowed else math.inf


def row_findings(golden: Entry, fresh: Entry) -> Iterator[Finding]:
    """Where the rows of two entries differ: which there are, their order, their values."""
    for name in dict.fromkeys([*golden.columns, *fresh.columns]):
        if name not in golden.columns or name not in fresh.columns:
            yield _on_one_side("rows", f"column {name}", name in golden.columns)
    if len(golden.rows) != len(fresh.rows):
        yield Finding("rows", "how many", len(golden.rows), len(fresh.rows))
    allowed = {column: _allowed(column, golden, fresh) for column in golden.columns}
    one, other = _by_name(golden), _by_name(fresh)
    if set(one) == set(other) and list(one) != list(other):
        first = next(pair for pair in zip(one, other, strict=True) if pair[0] != pair[1])
        yield Finding("rows", "order", *first)
    for name in dict.fromkeys([*one, *other]):
        if name not in one or name not in other:
            yield _on_one_side("rows", name, name in one)
        else:
            yield from _row(name, one[name], other[name], allowed)


def _row(
    name: str, golden: Mapping[str, Any], fresh: Mapping[str, Any], allowed: Mapping[str, Bound]
) -> Iterator[Finding]:
    same_status = golden.get("status") == fresh.get("status")
    for column, value in golden.items():
        if column in fresh and (same_status or column != "score"):
            kind = "status" if column == "status" else "value"
            yield from _values(kind, f"{name}, {column}", value, fresh[column], allowed[column])


def _by_name(entry: Entry) -> dict[str, dict[str, Any]]:
    """Rows by what a reader knows them by."""
    rows = [dict(zip(entry.columns, row, strict=True)) for row in entry.rows]
    keys = tasks.of_record(entry.task).row_key
    if not keys:
        return {f"row {number}": row for number, row in enumerate(rows, start=1)}
    return {", ".join(_words(key, row.get(key)) for key in keys): row for row in rows}


def _words(key: str, value: Any) -> str:
    return f"step {value}" if key == "step" else str(value)


def _allowed(column: str, golden: Entry, fresh: Entry) -> Bound:
    """Of the difference of two values of a column: none where its scores are all counts.

    Ranks of scores that hardly differ are others on another kind of machine; there what a population proxy
    makes of its parts is compared with the parts alone.
    """
    if column != "score" and not column.startswith(PART):
        return Bound(EXACT)
    same = same_kind(golden, fresh)
    if column == "score" and not same and any(name.startswith(PART) for name in golden.columns):
        return Bound(math.inf)
    known = [score for score in golden.column(column) if score is not None]
    if known and all(float(score).is_integer() and abs(score) < 2**53 for score in known):
        return Bound(0.0)
    return Bound(SAME_KIND) if same else Bound(OTHER_KIND, max(map(abs, known), default=0.0))


def same_kind(one: Entry, other: Entry) -> bool:
    """Whether both were made on the same kind of machine."""
    return all(one.since[name] == other.since[name] for name in MACHINE)


def leaf_findings(
    kind: str, golden: Mapping[str, Any], fresh: Mapping[str, Any], allowed: float
) -> Iterator[Finding]:
    """Where two mappings of numbers and words differ by more than ``allowed``."""
    for name in dict.fromkeys([*golden, *fresh]):
        if name not in golden or name not in fresh:
            yield _on_one_side(kind, name, name in golden)
        else:
            yield from _values(kind, name, golden[name], fresh[name], Bound(allowed))


def _on_one_side(kind: str, where: str, golden: bool) -> Finding:
    there, absent = "there", "not there"
    return Finding(kind, where, there if golden else absent, absent if golden else there)


def _values(kind: str, where: str, golden: Any, fresh: Any, bound: Bound) -> Iterator[Finding]:
    if not (is_number(golden) and is_number(fresh)):
        if golden != fresh or isinstance(golden, bool) != isinstance(fresh, bool):
            yield Finding(kind, where, golden, fresh)
        return
    allowed = 0.0 if isinstance(golden, int) and isinstance(fresh, int) else bound.allowed
    scale = max(abs(fresh), abs(golden), bound.scale)
    difference = abs(fresh - golden) / scale if fresh != golden else 0.0
    if difference > allowed:
        yield Finding(kind, where, golden, fresh, difference, allowed)


def is_number(value: Any) -> bool:
    """Whether ``value`` is a number and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def leaves(value: Any, name: str = "") -> dict[str, Any]:
    """Numbers and words by their dotted names."""
    if isinstance(value, Mapping | list | tuple):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        return {
            leaf: found
            for key, item in items
            for leaf, found in leaves(item, f"{name}.{key}" if name else str(key)).items()
        }
    return {name: value}
