"""Golden results: text files that a reviewer can compare line by line, ``<task>-<space>.json``.

A file holds entries: a run's settings, rows and statistics, and since when they stand. Every row is one line,
numbers are written with all their digits. What many entries were recorded with stands once, in ``origins``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import files
from harness.errors import ResultsError
from harness.records import with_truth

FORMAT = 1
"""Version of the files' layout."""

MACHINE = ("machine", "processor", "capability", "torch", "device")
"""What makes a kind of machine: floating-point sums differ between two kinds."""

ORIGIN = ("version", "commit", "dirty", "reason", *MACHINE)
"""Since when an entry stands: package, commit it was made from and whether that was changed, and why."""

_OWN = ("label", "method", "seed", "since", "status", "settings", "statistics", "columns", "rows")
_WIDTH = 110


@dataclass(frozen=True)
class Entry:
    """What is compared at a time: one record, the population of several, or what a table says under a label.

    Attributes
    ----------
    task, space, label, method, seed, settings, status
        Of the record. ``method`` is ``population`` for what several records share, and
        ``facts``, with the task ``tables``, for a table's.
    statistics, columns, rows
        Its numbers; what is not finite is ``None``.
    since
        :data:`ORIGIN`.
    """

    task: str
    space: str
    label: str
    method: str
    seed: int
    settings: Mapping[str, Any]
    status: str
    statistics: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    since: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, ...]:
        """What no two entries have in common."""
        return (self.task, self.space, self.label, self.method, str(self.seed), _line(self.settings))

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        position = self.columns.index(name)
        return [row[position] for row in self.rows]


def read(folder: Path) -> list[Entry]:
    """Every entry in the files of ``folder``; none where there is no file.

    Raises
    ------
    ResultsError
        In one sentence that names a file which is damaged.
    """
    return [entry for path in sorted(folder.glob("*-*.json")) for entry in _read(path)]


def write(folder: Path, entries: Iterable[Entry]) -> list[Path]:
    """Write ``entries``, remove the files of ``folder`` that none is in, and return what changed."""
    grouped: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.key):
        grouped.setdefault(f"{entry.task}-{entry.space}.json", []).append(entry)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = {path.name: path for path in folder.glob("*-*.json")}
        changed = [path for name, path in present.items() if name not in grouped]
        for path in changed:
            path.unlink()
        for name, group in grouped.items():
            data = _text(group).encode()
            if name not in present or present[name].read_bytes() != data:
                files.replace(folder / name, data)
                changed.append(folder / name)
    except OSError as error:
        raise ResultsError(f"Goldens cannot be written to {folder}: {error.strerror}.") from error
    return sorted(changed)


def _read(path: Path) -> list[Entry]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        form, task, space = (content[name] for name in ("format", "task", "space"))
        if form != FORMAT:
            raise ResultsError(
                f"{path} has the format {form!r} of goldens; this version of harness reads {FORMAT}."
            )
        if path.name != f"{task}-{space}.json":
            raise ValueError(f"it holds {task} of {space}")
        origins = {name: _origin(origin) for name, origin in content["origins"].items()}
        return [_entry(task, space, item, origins) for item in content["entries"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ResultsError(
            f"{path} is damaged: {why}. `git checkout` it, or record it again with --accept REASON."
        ) from error


def _origin(origin: Mapping[str, Any]) -> dict[str, Any]:
    return {name: origin[name] for name in ORIGIN}


def _entry(task: str, space: str, item: Mapping[str, Any], origins: Mapping[str, Mapping[str, Any]]) -> Entry:
    own = {name: item[name] for name in _OWN}
    own["since"] = origins[own["since"]]
    columns, rows = tuple(own.pop("columns")), tuple(tuple(row) for row in own.pop("rows"))
    if any(len(row) != len(columns) for row in rows):
        raise ValueError(f"a row of {own['method']} has another length than its {len(columns)} columns")
    if not all(isinstance(own[name], Mapping) for name in ("settings", "statistics")):
        raise ValueError(f"the settings or statistics of {own['method']} have no names")
    own["settings"] = with_truth(own["settings"], own["label"])
    return Entry(task=task, space=space, columns=columns, rows=rows, **own)


def _text(entries: list[Entry]) -> str:
    content = {
        "format": FORMAT,
        "task": entries[0].task,
        "space": entries[0].space,
        "origins": {_name(entry.since): dict(entry.since) for entry in sorted(entries, key=_reason)},
        "entries": [
            {name: getattr(entry, name) for name in _OWN} | {"since": _name(entry.since)} for entry in entries
        ],
    }
    return _lines(content, "") + "\n"


def _reason(entry: Entry) -> str:
    return _line(entry.since)


def _name(origin: Mapping[str, Any]) -> str:
    """A name that stays when other origins come and go."""
    return hashlib.sha256(_line(origin).encode()).hexdigest()[:8]


def _line(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False, ensure_ascii=False)


def _lines(value: Any, indent: str) -> str:
    """JSON with a line for every item, but lists of scalars, and short mappings of them, on one."""
    is_mapping = isinstance(value, Mapping)
    items = list(value.values()) if is_mapping else value
    if not isinstance(items, list | tuple) or not items:
        return json.dumps(value, allow_nan=False, ensure_ascii=False)
    if not any(isinstance(item, Mapping | list | tuple) for item in items):
        line = json.dumps(value, allow_nan=False, ensure_ascii=False)
        if not is_mapping or len(line) < _WIDTH:
            return line
    inner = indent + " "
    names = [f"{json.dumps(name)}: " for name in value] if is_mapping else [""] * len(items)
    parts = [f"{inner}{name}{_lines(item, inner)}" for name, item in zip(names, items, strict=True)]
    opening, closing = "{}" if is_mapping else "[]"
    return opening + "\n" + ",\n".join(parts) + f"\n{indent}{closing}"
