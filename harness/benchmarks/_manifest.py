"""``MANIFEST.toml``: for every table its files with their digests, its origin and its labels.

Sizes, best figures and data sets stand there too, and what describes published operation scores;
:mod:`harness.benchmarks._score_sets` reads the latter.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli_w

from harness.benchmarks._label import REDUCTIONS, Ceiling, Dataset, Label
from harness.errors import DataError

NAME = "MANIFEST.toml"
FORMAT = 2
LARGEST = 2**24
"""Bytes; the manifest has a thousandth of it."""
_KINDS = {
    "epochs": int, "columns": tuple, "run_columns": tuple, "scale": float, "higher_is_better": bool,
    "default": bool, "ceiling": dict,
}  # fmt: skip
"""What a label's fields hold that are no text."""
_HEADER = "# Written by `python -m harness.cli.tables import`; a table is read only if its digest fits.\n\n"


@dataclass(frozen=True)
class File:
    """A parquet file of a table: its name in the folder, SHA-256 of its bytes, number of rows."""

    name: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Description:
    """What the manifest says of one table.

    The first of ``files`` is keyed by the space's keys; a second one holds the figures where
    several keys share them. ``partial`` marks a table that lacks architectures on purpose. ``size`` is how
    many architectures the complete benchmark lists, ``cells`` how many rows it has, ``best`` by label its
    published best figure, ``wrong_params`` in how many rows the source itself states wrong parameters.
    """

    title: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    notes: tuple[str, ...]
    partial: bool
    size: int
    cells: int
    wrong_params: int
    best: dict[str, float]
    datasets: dict[str, Dataset]
    files: tuple[File, ...]
    labels: dict[str, Label]


def read(folder: Path) -> dict[str, Description]:
    """The descriptions of ``folder``'s tables by space.

    Raises
    ------
    DataError
        Where the manifest is missing, is not TOML, or a description lacks a field or has a wrong type.
    """
    content, path = contents(folder), folder / NAME
    known = _known.get(path)
    if known is None or known[0] is not content:  # which is one object for the same text
        _known[path] = known = content, _descriptions(content, path)
    return dict(known[1])


_known: dict[Path, tuple[dict[str, Any], dict[str, Description]]] = {}
"""By manifest what it says, and the descriptions made of that."""


def _descriptions(content: Mapping[str, Any], path: Path) -> dict[str, Description]:
    datasets = {
        name: Dataset(
            field(facts, "classes", int, f"{path}, dataset {name}"),
            field(facts, "image_size", int, f"{path}, dataset {name}"),
        )
        for name, facts in field(content, "datasets", dict, str(path)).items()
    }
    tables = field(content, "tables", dict, str(path))
    return {space: _described(each, datasets, f"{path}, table {space}") for space, each in tables.items()}


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


def dumps(described: Mapping[str, Description], scores: Mapping[str, Any]) -> str:
    """The manifest's text for the tables that are ``described`` and for operation ``scores``, by space."""
    tables: dict[str, dict[str, Any]] = {}
    datasets: dict[str, Any] = {}
    for space, description in sorted(described.items()):
        tables[space] = asdict(description)
        datasets |= tables[space].pop("datasets")
        tables[space]["labels"] = {
            name: _without_defaults(label) for name, label in description.labels.items()
        }
    sections = {"datasets": dict(sorted(datasets.items())), "tables": tables}
    if scores:
        sections["operation_scores"] = {space: asdict(entry) for space, entry in sorted(scores.items())}
    return _HEADER + tomli_w.dumps({"format": FORMAT, **sections})


def _without_defaults(label: Label) -> dict[str, Any]:
    """What has to be said of a label: its name stands above it."""
    values = asdict(label)
    return {
        each.name: values[each.name]
        for each in fields(label)
        if each.name != "name" and values[each.name] != each.default
    }


def _described(content: Any, datasets: Mapping[str, Dataset], where: str) -> Description:
    if not isinstance(content, dict):
        raise DataError(f"{where}: expected a TOML table, received {content!r}; import again.")
    texts = {
        key: field(content, key, str, where)
        for key in ("title", "importer", "release", "source", "licence", "citation")
    }
    files = tuple(file_of(file, where) for file in field(content, "files", list, where))
    if not 1 <= len(files) <= 2:
        raise DataError(f"{where}: expected 1 or 2 files; import again.")
    labels = {
        name: _label(name, label, datasets, f"{where}, label {name}")
        for name, label in field(content, "labels", dict, where).items()
    }
    if sum(label.default for label in labels.values()) != 1:
        raise DataError(f"{where}: one label must be marked as the default; import again.")
    best = field(content, "best", dict, where)
    return Description(
        **texts,
        notes=strings(content, "notes", where),
        partial=field(content, "partial", bool, where),
        **{key: field(content, key, int, where) for key in ("size", "cells", "wrong_params")},
        best={label: field(best, label, float, f"{where}, best") for label in best},
        datasets={label.dataset: datasets[label.dataset] for label in labels.values()},
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


def _label(name: str, content: Any, datasets: Mapping[str, Dataset], where: str) -> Label:
    """The label ``name``; what its description leaves out is as :class:`Label` has it."""
    given: dict[str, Any] = {"name": name}
    for each in fields(Label)[1:]:
        if each.default is MISSING or (isinstance(content, dict) and each.name in content):
            kind = _KINDS.get(each.name, str)
            given[each.name] = (
                strings(content, each.name, where)
                if kind is tuple
                else field(content, each.name, kind, where)
            )
    if "ceiling" in given:
        given["ceiling"] = _ceiling(given["ceiling"], where)
    label = Label(**given)
    for key, value, allowed in (("dataset", label.dataset, datasets), ("reduce", label.reduce, REDUCTIONS)):
        if value not in allowed:
            raise DataError(f"{where}: {key} is one of {', '.join(allowed)}; received {value!r}.")
    if not label.columns or (label.reduce == "value" and len(label.columns) > 1):
        raise DataError(f"{where}: {label.reduce!r} does not fit {len(label.columns)} columns; import again.")
    return label


def _ceiling(content: Any, where: str) -> Ceiling:
    kendall, spearman = (field(content, name, float, where) for name in ("kendall", "spearman"))
    return Ceiling(kendall, spearman, field(content, "n", int, where), field(content, "source", str, where))


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
