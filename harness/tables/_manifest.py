"""``MANIFEST.toml``: for every table its files with their digests, its origin and its labels."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomli_w

from harness.errors import DataError
from harness.tables._label import DATASETS, REDUCTIONS, SCALES, Label

NAME = "MANIFEST.toml"
FORMAT = 1
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
    path = folder / NAME
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(
            f"There is no {NAME} in {folder}; `git checkout` the folder or import a release "
            "with `python -m harness.cli.tables import`."
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}); `git checkout` it or import again.") from error
    version = content.get("format")
    if version != FORMAT:
        raise DataError(f"{path} has format {version!r}; this version reads format {FORMAT}: import again.")
    tables = _field(content, "tables", dict, str(path))
    return {space: _entry(fields, f"{path}, table {space}") for space, fields in tables.items()}


def dumps(entries: Mapping[str, Entry]) -> str:
    """The manifest's text for ``entries``; :func:`read` reads it back."""
    tables = {}
    for space, entry in sorted(entries.items()):
        fields = asdict(entry)
        for name, label in fields["labels"].items():
            fields["labels"][name] = {key: value for key, value in label.items() if key != "name"}
        tables[space] = fields
    return _HEADER + tomli_w.dumps({"format": FORMAT, "tables": tables})


def _entry(fields: Any, where: str) -> Entry:
    if not isinstance(fields, dict):
        raise DataError(f"{where}: expected a TOML table, received {fields!r}; import again.")
    texts = {
        key: _field(fields, key, str, where)
        for key in ("title", "importer", "release", "source", "licence", "citation")
    }
    files = tuple(
        File(
            _field(file, "name", str, where),
            _field(file, "sha256", str, where),
            _field(file, "rows", int, where),
        )
        for file in _field(fields, "files", list, where)
    )
    if not 1 <= len(files) <= 2 or any(Path(file.name).name != file.name for file in files):
        raise DataError(f"{where}: expected 1 or 2 files lying beside the manifest; import again.")
    labels = {
        name: _label(name, label, f"{where}, label {name}")
        for name, label in _field(fields, "labels", dict, where).items()
    }
    if sum(label.default for label in labels.values()) != 1:
        raise DataError(f"{where}: one label must be marked as the default; import again.")
    return Entry(
        **texts,
        notes=_strings(fields, "notes", where),
        partial=_field(fields, "partial", bool, where),
        files=files,
        labels=labels,
    )


def _label(name: str, fields: Any, where: str) -> Label:
    label = Label(
        name=name,
        dataset=_field(fields, "dataset", str, where),
        split=_field(fields, "split", str, where),
        epochs=_field(fields, "epochs", int, where),
        runs=_field(fields, "runs", str, where),
        columns=_strings(fields, "columns", where),
        source=_field(fields, "source", str, where),
        reduce=_field(fields, "reduce", str, where),
        run_columns=_strings(fields, "run_columns", where),
        unit=_field(fields, "unit", str, where),
        default=_field(fields, "default", bool, where),
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


def _strings(fields: Any, key: str, where: str) -> tuple[str, ...]:
    values = _field(fields, key, list, where)
    if not all(isinstance(value, str) for value in values):
        raise DataError(f"{where}: {key} must be a list of strings; import again.")
    return tuple(values)


def _field(fields: Any, key: str, kind: type, where: str) -> Any:
    value = fields.get(key) if isinstance(fields, dict) else None
    if type(value) is not kind:
        received = "nothing" if value is None else repr(value)
        raise DataError(
            f"{where}: {key} must be a TOML {kind.__name__}, received {received}; "
            "`git checkout` the manifest or import again."
        )
    return value
