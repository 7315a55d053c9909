"""What an importer hands on, and how it is written: all files at once, or none."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import spaces
from harness.errors import DataError
from harness.tables import _files, _manifest
from harness.tables._files import Column
from harness.tables._label import Label

Track = Callable[[Iterable[Any], str, int | None], Iterable[Any]]
"""Passes on what it iterates over and shows the progress: (items, description, number of items)."""


def untracked(items: Iterable[Any], description: str, total: int | None = None) -> Iterable[Any]:
    """Show nothing."""
    return items


@dataclass(frozen=True)
class Imported:
    """One table, read: columns by file name (the first file is keyed by ``code``), labels, origin."""

    space: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    labels: tuple[Label, ...]
    files: Mapping[str, Mapping[str, Column]]
    notes: tuple[str, ...] = ()
    partial: bool = False


def write(tables: Sequence[Imported], folder: Path, force: bool = False) -> None:
    """Write ``tables`` and their manifest entries into ``folder``; other entries stay.

    Every file is written beside its destination and renamed when all of them are complete, the
    manifest last.

    Raises
    ------
    DataError
        Where ``folder`` already holds one of the tables or files and ``force`` is not set, or
        cannot be written.
    """
    entries = _manifest.read(folder) if (folder / _manifest.NAME).exists() else {}
    names = {name for table in tables for name in table.files}
    held = sorted({table.space for table in tables} & set(entries))
    held += sorted(name for name in names if (folder / name).exists())
    if held and not force:
        raise DataError(
            f"{folder} already holds {', '.join(held)}; add --force to replace, or choose another folder "
            "with --out."
        )
    contents: dict[Path, bytes] = {}
    for table in tables:
        for name, columns in table.files.items():
            if folder / name not in contents:
                contents[folder / name] = _files.encode(columns)
        entries[table.space] = _entry(table, contents, folder)
    contents[folder / _manifest.NAME] = _manifest.dumps(entries).encode()
    _replace_all(contents)


def _entry(table: Imported, contents: Mapping[Path, bytes], folder: Path) -> _manifest.Entry:
    return _manifest.Entry(
        title=spaces.load(table.space).title,
        importer=table.importer,
        release=table.release,
        source=table.source,
        licence=table.licence,
        citation=table.citation,
        notes=table.notes,
        partial=table.partial,
        files=tuple(
            _manifest.File(
                name, hashlib.sha256(contents[folder / name]).hexdigest(), len(next(iter(columns.values())))
            )
            for name, columns in table.files.items()
        ),
        labels={label.name: label for label in table.labels},
    )


def _replace_all(contents: Mapping[Path, bytes]) -> None:
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in contents}
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path].write_bytes(data)
        for path, part in temporary.items():
            os.replace(part, path)
    except OSError as error:
        raise DataError(
            f"{error.filename or path} cannot be written ({error.strerror}); free the place or choose "
            "another folder with --out."
        ) from error
    finally:
        for part in temporary.values():
            with contextlib.suppress(OSError):
                part.unlink()
