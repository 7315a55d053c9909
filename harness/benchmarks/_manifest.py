"""``MANIFEST.toml``: for every table its files with their digests, its origin and its labels.

It holds the published operation scores' entries too; :mod:`harness.benchmarks._score_sets` reads those.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli_w

from harness.benchmarks._label import DATASETS, REDUCTIONS, SCALES, Label
from harness.errors import DataError

NAME = "MANIFEST.toml"
FORMAT = 1
LARGEST = 2**24
"""Bytes; the manifest has a thousandth of it."""
_HEADER = "# Written by `python -m harness.cli.tables import`; a table is read only if its digest fits.\n\n"


@dataclass(frozen=True)
class File:
    """A parquet file of a table: its name in the folder, SHA-256 of its bytes, number of rows."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Entry:
    """What the manifest says of one table.

    The first of ``files`` is keyed by the space's codes; a second one holds the figures where
    several codes share them. ``partial`` marks a table that lacks architectures on purpose.
    """

    title: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    notes: tuple[str, ...]
    partial: bool
    files: tuple[File, ...]
    labels: dict[str, Label]


def read(folder: Path) -> dict[str, Entry]:
    """The entries of ``folder``'s manifest by space.

    Raises
    ------
    DataError
        Where the manifest is missing, is not TOML, or an entry lacks a field or has a wrong type.
    """
    content, path = contents(folder), folder / NAME
    tables = field(content, "tables", dict, str(path))
    return {space: _entry(fields, f"{path}, table {space}") for space, fields in tables.items()}


def contents(folder: Path) -> dict[str, Any]:
    """``folder``'s manifest as TOML has it, of the format read here; errors as :func:`read`."""
    path = folder / NAME
    try:
        if (size := path.stat().st_size) > LARGEST:
            raise DataError(
                f"{path} has {size:,} bytes, and a manifest no more than {LARGEST:,}: import again."
            )
        content = _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"There is no {NAME} in {folder}; `git checkout` the folder or import a release "
            "with `python -m harness.cli.tables import`."
        ) from None
    except (OSError, RecursionError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); `git checkout` it or import again.") from error
    version = content.get("format")
    if version != FORMAT:
        raise DataError(f"{path} has format {version!r}; this version reads format {FORMAT}: import again.")
    return content


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def dumps(entries: Mapping[str, Entry], scores: Mapping[str, Any]) -> str:
    """The manifest's text for the tables' ``entries`` and those of operation ``scores``, both by space."""
    tables = {}
    for space, entry in sorted(entries.items()):
        fields = asdict(entry)
        for name, label in fields["labels"].items():
            fields["labels"][name] = {key: value for key, value in label.items() if key != "name"}
        tables[space] = fields
    sections = {"tables": tables}
    if scores:
        sections["operation_scores"] = {space: asdict(entry) for space, entry in sorted(scores.items())}
    return _HEADER + tomli_w.dumps({"format": FORMAT, **sections})


def _entry(fields: Any, where: str) -> Entry:
    if not isinstance(fields, dict):
        raise DataError(f"{where}: expected a TOML table, received {fields!r}; import again.")
    texts = {
        key: field(fields, key, str, where)
        for key in ("title", "importer", "release", "source", "licence", "citation")
    }
    files = tuple(file_of(file, where) for file in field(fields, "files", list, where))
    if not 1 <= len(files) <= 2:
        raise DataError(f"{where}: expected 1 or 2 files; import again.")
    labels = {
        name: _label(name, label, f"{where}, label {name}")
        for name, label in field(fields, "labels", dict, where).items()
    }
    if sum(label.default for label in labels.values()) != 1:
        raise DataError(f"{where}: one label must be marked as the default; import again.")
    return Entry(
        **texts,
        notes=strings(fields, "notes", where),
        partial=field(fields, "partial", bool, where),
        files=files,
        labels=labels,
    )


def file_of(fields: Any, where: str) -> File:
    """One of an entry's files."""
    file = File(
        field(fields, "name", str, where),
        field(fields, "sha256", str, where),
        field(fields, "rows", int, where),
    )
    if Path(file.name).name != file.name:
        raise DataError(f"{where}: expected a file lying beside the manifest; import again.")
    return file


def _label(name: str, fields: Any, where: str) -> Label:
    label = Label(
        name=name,
        dataset=field(fields, "dataset", str, where),
        split=field(fields, "split", str, where),
        epochs=field(fields, "epochs", int, where),
        runs=field(fields, "runs", str, where),
        columns=strings(fields, "columns", where),
        source=field(fields, "source", str, where),
        reduce=field(fields, "reduce", str, where),
        run_columns=strings(fields, "run_columns", where),
        unit=field(fields, "unit", str, where),
        default=field(fields, "default", bool, where),
    )
    for key, value, allowed in (
        ("dataset", label.dataset, DATASETS),
        ("reduce", label.reduce, REDUCTIONS),
        ("unit", label.unit, SCALES),
    ):
        if value not in allowed:
            raise DataError(f"{where}: {key} is one of {', '.join(allowed)}; received {value!r}.")
    if not label.columns or (label.reduce == "value" and len(label.columns) > 1):
        raise DataError(f"{where}: {label.reduce!r} does not fit {len(label.columns)} columns; import again.")
    return label


def strings(fields: Any, key: str, where: str) -> tuple[str, ...]:
    """A list of strings of the manifest."""
    values = field(fields, key, list, where)
    if not all(isinstance(value, str) for value in values):
        raise DataError(f"{where}: {key} must be a list of strings; import again.")
    return tuple(values)


def field(fields: Any, key: str, kind: type, where: str) -> Any:
    """A value of the manifest, which must be of the type ``kind``."""
    value = fields.get(key) if isinstance(fields, dict) else None
    if type(value) is not kind:
        received = "nothing" if value is None else repr(value)
        raise DataError(
            f"{where}: {key} must be a TOML {kind.__name__}, received {received}; "
            "`git checkout` the manifest or import again."
        )
    return value
