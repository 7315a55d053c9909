"""Checks of a folder of tables beyond the digests: sizes, ranges, keys, and published best figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.benchmarks import _files
from harness.benchmarks._figures import Benchmark
from harness.benchmarks._nb201_params import wrong_counts
from harness.errors import HarnessError

CLASSES = {"nb1shot1_1": 3702, "nb1shot1_2": 12_474, "nb1shot1_3": 135_900}
"""Cells that all encodings make, where that is more than the space lists."""

BEST = {
    ("nb201", "cifar10_test_200"): 94.3733,
    ("nb201", "cifar100_test_200"): 73.5133,
    ("nb201", "imagenet16_120_test_200"): 47.3111,
    ("nbmacro", "cifar10_test_50"): 93.1267,
    ("nb1shot1_1", "cifar10_test_108"): 94.2007,
    ("nb1shot1_2", "cifar10_test_108"): 93.9069,
    ("nb1shot1_3", "cifar10_test_108"): 94.1774,
}
"""Best accuracy in per cent among the listed architectures of the complete table."""

WRONG_PARAMS = {"figures": 204}
"""Rows whose parameters are wrong in the source itself, by importer; the manifest's notes tell of them."""

TOLERANCE = 1e-3
SAMPLE = 500
"""Cells of a table whose hash is computed anew."""


def verify(table: Benchmark, folder: Path) -> list[str]:
    """What is wrong with ``table``, read from ``folder``; an empty list where nothing is.

    A partial table is not held against the space's size nor the published best figures.
    """
    faults = _sizes(table) if not table.entry.partial else []
    for name in table.labels:
        faults += _figures(table, name)
    return faults + _params(table) + _keys(table, folder)


def _sizes(table: Benchmark) -> list[str]:
    space, faults = table.space, []
    expected = CLASSES.get(space.name, space.size)
    if len(table) != expected:
        faults.append(f"{len(table):,} rows in place of {expected:,}")
    if not np.array_equal(table.codes[table.listed], np.sort(space.codes)):
        faults.append(f"the listed rows are not the {space.size:,} architectures of the space")
    return faults


def _figures(table: Benchmark, name: str) -> list[str]:
    values, label = table.accuracies(table.codes, name), table.label(name)
    faults = []
    known = values[~np.isnan(values)]
    if label.default and len(known) < len(values):
        faults.append(f"{name} is missing in {len(values) - len(known):,} rows")
    if not len(known) or known.min() < 0 or known.max() > 100:
        faults.append(f"{name} does not lie between 0 and 100 per cent")
    best = BEST.get((table.space_name, name))
    if best is not None and not table.entry.partial:
        received = float(np.nanmax(np.where(table.listed, values, np.nan)))
        if not abs(received - best) <= TOLERANCE:
            faults.append(f"the best of {name} is {received:.4f} in place of {best:.4f}")
    return faults


def _params(table: Benchmark) -> list[str]:
    """Whether the parameters are those of the rows' own networks, where that can be counted."""
    if table.space_name != "nb201" or "params" not in table.figures:
        return []
    by_code = dict(zip(table.space.codes.tolist(), table.space.architectures, strict=True))
    known = np.isin(table.codes, table.space.codes)
    archs = [by_code[code] for code in table.codes[known].tolist()]
    wrong = int(wrong_counts(archs, table.figures["params"][known]).sum())
    if wrong <= WRONG_PARAMS.get(table.entry.importer, 0):
        return []
    return [f"params of {wrong:,} rows are those of another network"]


def _keys(table: Benchmark, folder: Path) -> list[str]:
    """Whether the rows' own names lead to their codes."""
    space, files = table.space, table.entry.files
    key = "module_hash" if len(files) > 1 else "architecture"
    where = str(folder / files[-1].name)
    names = _files.decode(_files.read_checked(folder, files[-1]), where, files[-1].rows, [key])[key]
    if key == "architecture":
        wrong = sum(_code(table, name) != code for name, code in zip(names, table.codes, strict=True))
        return [f"{wrong:,} rows name another architecture than their code"] if wrong else []
    keyed = _files.read_checked(folder, files[0])
    rows = _files.decode(keyed, str(folder / files[0].name), files[0].rows, ["row"])["row"]
    by_code = dict(zip(table.codes.tolist(), rows.tolist(), strict=True))
    wrong = sum(
        names[by_code[code]].hex() != space.canonical(arch)
        for arch in space.architectures[:: max(1, space.size // SAMPLE)]
        if (code := space.code(arch)) in by_code
    )
    return [f"{wrong:,} of the sampled rows name another cell than their code"] if wrong else []


def _code(table: Benchmark, name: str) -> int | None:
    try:
        return table.space.code(table.space.parse(name))
    except HarnessError:
        return None
