"""Checks of a folder of tables beyond the digests: sizes, ranges, keys, and published best figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.benchmarks import _files
from harness.benchmarks._benchmark import Decoded, keys_of, listing
from harness.benchmarks._figures import StoredTable
from harness.benchmarks._nb201_params import wrong_counts
from harness.errors import HarnessError
from harness.spaces import Space

TOLERANCE = 1e-3
SAMPLE = 500
"""Cells of a table whose hash is computed anew."""


def verify(table: StoredTable, folder: Path) -> list[str]:
    """What is wrong with ``table``, read from ``folder``; an empty list where nothing is.

    A partial table is not held against the space's size nor the published best figures.
    """
    faults = _sizes(table) if not table.description.partial else []
    for name in table.labels:
        faults += _figures(table, name)
    return faults + _params(table) + _keys(table, folder)


def _sizes(table: StoredTable) -> list[str]:
    described, faults = table.description, []
    if len(table) != described.cells:
        faults.append(f"{len(table):,} rows in place of {described.cells:,}")
    if not np.array_equal(table.held[table.listed], np.sort(table.keys)) or len(table.keys) != described.size:
        faults.append(f"the listed rows are not the {described.size:,} architectures of the space")
    return faults


def _figures(table: StoredTable, name: str) -> list[str]:
    values, label = table.values(table.held, name), table.label(name)
    faults = []
    known = values[~np.isnan(values)]
    if label.default and len(known) < len(values) and not table.description.partial:
        faults.append(f"{name} is missing in {len(values) - len(known):,} rows")
    if label.unit == "per cent" and (not len(known) or known.min() < 0 or known.max() > 100):
        faults.append(f"{name} does not lie between 0 and 100 per cent")
    best = table.description.best.get(name)
    if best is not None and not table.description.partial:
        received = float(np.nanmax(np.where(table.listed, values, np.nan) * label.sign)) * label.sign
        if not abs(received - best) <= TOLERANCE:
            faults.append(f"the best of {name} is {received:.4f} in place of {best:.4f}")
    return faults


def _params(table: StoredTable) -> list[str]:
    """Whether the parameters are those of the rows' own networks, where that can be counted."""
    if table.space.name != "nb201" or "params" not in table.figures:
        return []
    wrong = int(wrong_counts(table.architectures, table.params(table.keys)).sum())
    if wrong <= table.description.wrong_params:
        return []
    return [f"params of {wrong:,} rows are those of another network"]


def _keys(table: StoredTable, folder: Path) -> list[str]:
    """Whether the rows' own names lead to their keys."""
    space, files = table.space, table.description.files
    if isinstance(table.architectures, Decoded):
        sampled = table.held[:: max(1, len(table.held) // SAMPLE)].tolist()
        wrong = sum(not _is_normal(space, key) for key in sampled)
        return [f"{wrong:,} of the sampled rows have no architecture's key"] if wrong else []
    column = "module_hash" if len(files) > 1 else "architecture"
    where = str(folder / files[-1].name)
    named = _files.decode(_files.read_checked(folder, files[-1]), where, files[-1].rows, [column])
    names: Sequence[Any] = list(named[column])
    if column == "architecture":
        wrong = sum(_key(table, name) != held for name, held in zip(names, table.held, strict=True))
        return [f"{wrong:,} rows name another architecture than their key"] if wrong else []
    keyed = _files.read_checked(folder, files[0])
    rows = _files.decode(keyed, str(folder / files[0].name), files[0].rows, ["row"])["row"]
    by_key = dict(zip(table.held.tolist(), rows.tolist(), strict=True))
    listed = listing(space) or ()
    wrong = sum(
        names[by_key[key]].hex() != space.canonical(arch)
        for arch in listed[:: max(1, len(listed) // SAMPLE)]
        if (key := space.key(arch)) in by_key
    )
    return [f"{wrong:,} of the sampled rows name another cell than their key"] if wrong else []


def _is_normal(space: Space, key: int) -> bool:
    """Whether ``key`` is that of an architecture of ``space`` in its normal form."""
    try:
        arch = space.of_key(key)
        space.validate(arch)
    except HarnessError:
        return False
    return space.normalise(arch) == arch and space.key(arch) == key


def _key(table: StoredTable, name: str) -> int | None:
    try:
        return int(keys_of(table.space, [name])[0])
    except HarnessError:
        return None
