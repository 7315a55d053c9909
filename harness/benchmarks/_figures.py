"""The tables that lie in files: their trained accuracies by architecture and label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness import spaces
from harness.benchmarks import _files
from harness.benchmarks._benchmark import Decoded, keys_of, listing
from harness.benchmarks._manifest import Description
from harness.benchmarks._table import Table
from harness.errors import DataError
from harness.spaces import Architecture, Space

COSTS = ("params", "flops")
"""Columns besides the labels' that a table may have."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StoredTable(Table):
    """A table read from parquet files.

    ``listed`` marks those of :attr:`held` that the benchmark's own enumeration lists; ``description`` is the
    manifest's.
    """

    description: Description
    listed: np.ndarray


def read_table(space_name: str, description: Description, folder: Path) -> StoredTable:
    """Read the files in ``folder`` and check them; see :func:`harness.benchmarks.load`.

    A process decodes the same bytes of the same description once.
    """
    contents = [_files.read_checked(folder, file) for file in description.files]
    place = (space_name, folder)
    if place not in _decoded or _decoded[place].description is not description:
        while len(_decoded) >= REMEMBERED:
            _decoded.pop(next(iter(_decoded)))
        _decoded[place] = _table(spaces.load(space_name), description, folder, contents)
    return _decoded[place]


REMEMBERED = 4
"""Tables that a process keeps in memory, the last ones."""

_decoded: dict[tuple[str, Path], StoredTable] = {}


def _table(space: Space, description: Description, folder: Path, contents: Sequence[bytes]) -> StoredTable:
    files = description.files
    places = [str(folder / file.name) for file in files]
    wanted = {name for label in description.labels.values() for name in (*label.columns, *label.run_columns)}
    unlisted = {"architecture"} if listing(space) is None and not space.one_key_per_network else set()
    shared = len(files) > 1
    keyed = _files.decode(
        contents[0],
        places[0],
        files[0].rows,
        {"code", "row"} | unlisted if shared else {"code", *wanted} | unlisted,
        {"listed"} if shared else {"listed", *COSTS},
    )
    held = _codes(keyed.pop("code"), places[0])
    listed = keyed.pop("listed", np.ones(len(held), bool))
    if listed.dtype != bool:
        raise DataError(f"{places[0]}: column listed must hold booleans; import the release again.")
    strings = keyed.pop("architecture", ())
    if shared:
        rows = _shared_rows(keyed["row"], description, places[0])
        cells = _files.decode(contents[1], places[1], files[1].rows, wanted, COSTS)
        figures = {name: values[rows] for name, values in _files.numbers(cells, places[1]).items()}
    else:
        figures = _files.numbers(keyed, places[0])
    return StoredTable(
        space,
        description.labels,
        description.datasets,
        held,
        figures,
        _architectures(space, description, held, strings),
        not description.partial,
        description=description,
        listed=listed,
    )


def _architectures(
    space: Space, description: Description, held: np.ndarray, strings: Iterable[str]
) -> Sequence[Architecture]:
    """What the space's list has of them, in its order; without one, the file's strings or keys."""
    listed = listing(space)
    if listed is None and space.one_key_per_network:
        return Decoded(space, held)
    if listed is None:
        return tuple(space.normalise(space.parse(text)) for text in strings)
    if not description.partial:
        return listed
    known = np.isin(keys_of(space, listed), held)
    return tuple(arch for arch, there in zip(listed, known, strict=True) if there)


def _codes(codes: np.ndarray, where: str) -> np.ndarray:
    if codes.dtype.kind not in "iu" or not len(codes) or not (np.diff(codes) > 0).all():
        raise DataError(f"{where}: column code must hold ascending integers; import the release again.")
    return codes.astype(np.int64)


def _shared_rows(rows: np.ndarray, description: Description, where: str) -> np.ndarray:
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= description.files[1].rows:
        raise DataError(
            f"{where}: column row must point into the {description.files[1].rows:,} rows of "
            f"{description.files[1].name}; import the release again."
        )
    return rows
