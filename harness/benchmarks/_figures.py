"""Ground truth of one space: trained accuracies by architecture and label."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness import spaces
from harness.benchmarks import _files
from harness.benchmarks._label import Label, reduce_columns, unknown_label
from harness.benchmarks._manifest import Entry
from harness.errors import ConfigError, DataError
from harness.spaces import Space

Architectures = Sequence[Any] | np.ndarray
"""Architectures, in any form that their space parses, or an integer array of their codes."""

COSTS = ("params", "flops")
"""Columns besides the labels' that a table may have."""


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Accuracies, parameters and FLOPs of a space's architectures, looked up by ``space.code``.

    ``codes`` are ascending, one for each cell the table holds; ``listed`` marks those the
    benchmark's own enumeration lists. ``digest`` is the SHA-256 of the parquet file (of two files'
    bytes one after the other where the table has two). ``entry`` is the manifest's.
    """

    space: Space
    entry: Entry
    digest: str
    codes: np.ndarray
    listed: np.ndarray
    figures: Mapping[str, np.ndarray]
    _values: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def space_name(self) -> str:
        """The space's name."""
        return self.space.name

    @property
    def labels(self) -> dict[str, Label]:
        """All labels by name, in the manifest's order."""
        return self.entry.labels

    @property
    def default_label(self) -> Label:
        """The label that is meant where a user names none."""
        return next(label for label in self.labels.values() if label.default)

    def __len__(self) -> int:
        return len(self.codes)

    def label(self, name: str) -> Label:
        """The label called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
        if name not in self.labels:
            raise unknown_label(self.space_name, name, self.labels)
        return self.labels[name]

    def accuracy(self, arch: Any, label: str) -> float:
        """Accuracy in per cent of one architecture, in any form that its space parses."""
        return float(self.accuracies([arch], label)[0])

    def accuracies(self, archs: Architectures, label: str) -> np.ndarray:
        """Accuracies in per cent, float64, NaN where the run that ``label`` names does not exist.

        Raises
        ------
        UnknownNameError
            For an unknown ``label``.
        ConfigError
            For what is no architecture of the space.
        DataError
            For an architecture the table does not hold.
        """
        chosen = self.label(label)
        if label not in self._values:
            stored = np.stack([self.figures[name] for name in chosen.columns], axis=1)
            self._values[label] = reduce_columns(stored, chosen.reduce) * chosen.scale
        return self._values[label][self.rows(archs)]

    def runs(self, archs: Architectures, label: str) -> np.ndarray | None:
        """Accuracies (n, r) in per cent of the single runs behind ``label``, NaN where one does not exist.

        ``None`` where the table holds no single runs for this label.
        """
        chosen = self.label(label)
        if not chosen.run_columns:
            return None
        rows = self.rows(archs)
        return np.stack([self.figures[name][rows] for name in chosen.run_columns], axis=1) * chosen.scale

    def params(self, archs: Architectures) -> np.ndarray:
        """Trainable parameters as the release states them, NaN where it does not."""
        return self._figure("params", archs)

    def flops(self, archs: Architectures) -> np.ndarray:
        """Floating-point operations of one image as the release counts them, NaN where it does not."""
        return self._figure("flops", archs)

    def rows(self, archs: Architectures) -> np.ndarray:
        """Positions of ``archs`` in :attr:`codes`; raises :class:`~harness.errors.DataError` for others."""
        codes = self._codes_of(archs)
        rows = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        missing = np.flatnonzero(self.codes[rows] != codes)
        if len(missing):
            code = int(codes[missing[0]])
            arch = None if isinstance(archs, np.ndarray) else list(archs)[missing[0]]
            name = f"code {code}" if arch is None else self.space.format(self.space.parse(arch))
            raise DataError(
                f"The table of {self.space_name} holds {len(self):,} architectures"
                f"{' (a partial import)' if self.entry.partial else ''}, and not {name}; "
                "take one that it holds, or import the complete release."
            )
        return rows

    def _codes_of(self, archs: Architectures) -> np.ndarray:
        if isinstance(archs, np.ndarray):
            if archs.ndim != 1 or archs.dtype.kind not in "iu":
                raise DataError(
                    "Architectures are given as tuples of picks or as a one-dimensional integer array of "
                    f"codes; received an array of {archs.dtype} with {archs.ndim} dimension(s)."
                )
            return archs.astype(np.int64)
        if isinstance(archs, str | Mapping) or not hasattr(archs, "__len__"):
            raise ConfigError(f"Several architectures are a list of them; received {archs!r}.")
        return np.fromiter(map(self._code, archs), np.int64, len(archs))

    def _code(self, arch: Any) -> int:
        try:
            return self.space.code(arch)
        except (AttributeError, LookupError, TypeError, ValueError):  # it is in another form than ours
            return self.space.code(self.space.parse(arch))

    def _figure(self, name: str, archs: Architectures) -> np.ndarray:
        rows = self.rows(archs)
        return self.figures[name][rows] if name in self.figures else np.full(len(rows), np.nan)


def read_benchmark(space_name: str, entry: Entry, folder: Path) -> Benchmark:
    """Read ``entry``'s files in ``folder`` and check them; see :func:`harness.benchmarks.load`."""
    contents = [_files.read_checked(folder, file) for file in entry.files]
    places = [str(folder / file.name) for file in entry.files]
    wanted = {name for label in entry.labels.values() for name in (*label.columns, *label.run_columns)}
    shared = len(entry.files) > 1
    keyed = _files.decode(
        contents[0],
        places[0],
        entry.files[0].rows,
        {"code", "row"} if shared else {"code", *wanted},
        {"listed"} if shared else {"listed", *COSTS},
    )
    codes = _codes(keyed.pop("code"), places[0])
    listed = keyed.pop("listed", np.ones(len(codes), bool))
    if listed.dtype != bool:
        raise DataError(f"{places[0]}: column listed must hold booleans; import the release again.")
    if shared:
        rows = _shared_rows(keyed["row"], entry, places[0])
        cells = _files.decode(contents[1], places[1], entry.files[1].rows, wanted, COSTS)
        figures = {name: values[rows] for name, values in _files.numbers(cells, places[1]).items()}
    else:
        figures = _files.numbers(keyed, places[0])
    digest = hashlib.sha256(b"".join(contents)).hexdigest()
    return Benchmark(spaces.load(space_name), entry, digest, codes, listed, figures)


def _codes(codes: np.ndarray, where: str) -> np.ndarray:
    if codes.dtype.kind not in "iu" or not len(codes) or not (np.diff(codes) > 0).all():
        raise DataError(f"{where}: column code must hold ascending integers; import the release again.")
    return codes.astype(np.int64)


def _shared_rows(rows: np.ndarray, entry: Entry, where: str) -> np.ndarray:
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= entry.files[1].rows:
        raise DataError(
            f"{where}: column row must point into the {entry.files[1].rows:,} rows of "
            f"{entry.files[1].name}; import the release again."
        )
    return rows
