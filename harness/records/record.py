"""Reading a record back, with every check that tells a whole one from a damaged one."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness import benchmarks, parquet, tasks
from harness.errors import HarnessError, ResultsError
from harness.records._json import SIGNATURE, parsed, signed
from harness.records._upgrades import STATISTICS, recomputed, upgraded
from harness.records.run import Run

if TYPE_CHECKING:
    import pandas as pd

FIELDS = (
    "format", "identity", "group", "task", "space", "label", "method", "seed", "status", "reason",
    "config", "settings", "provenance", "statistics_version", "statistics", "rows",
)  # fmt: skip
"""Keys of a record's JSON, in the order they are written."""

NAME = re.compile(r"(?P<identity>[0-9a-f]{16})(\.(?P<failed>failed-)?(?P<generation>[1-9][0-9]*))?\.json")
"""``<identity>.json``, ``<identity>.2.json``, ..., ``<identity>.failed-1.json``, ..."""

LARGEST = 2**26
"""Bytes of a record's JSON; a curve of a thousand epochs has a hundredth of it."""

_ROWS = re.compile(r"\.rows-[0-9a-f]{12}\.parquet")
"""Name of the rows' file behind the identity."""

Decoded = TypeVar("Decoded", "pd.DataFrame", pa.Table)


@dataclass(frozen=True, repr=False)
class Record:
    """One record as it lies on disk.

    Attributes
    ----------
    path
        The JSON file.
    generation
        1 for the first of its kind (ok, failed) of an identity, then 2, ...
    run, status, reason, provenance, config
        As written, the run's settings in today's words; ``status`` is ``"ok"`` or ``"failed"``.
    written_statistics, statistics_version
        As written, by the definitions of that version.
    sha256
        Of the file's bytes, in hex. They hold the rows' own.
    known
        Whether the same bytes were found to be a whole record before, and so those of its rows.
    """

    path: Path
    generation: int
    run: Run
    status: str
    reason: str | None
    written_statistics: Mapping[str, Any]
    statistics_version: int
    provenance: Mapping[str, Any]
    config: Mapping[str, Any]
    rows_entry: Mapping[str, Any]
    sha256: str
    known: bool = False

    def __repr__(self) -> str:
        run = self.run
        place = f"{run.task} {run.space} {run.label} {run.method} seed={run.seed}"
        try:
            return f"<Record {place}: {self.headline}>"
        except (HarnessError, KeyError, TypeError, ValueError):  # what is damaged is told where it is read
            return f"<Record {place}>"

    @property
    def headline(self) -> str:
        """What came out in a few words; for a failed run, why it failed."""
        if self.status != "ok":
            return f"failed: {self.reason or 'no reason given'}"
        label = benchmarks.find_label(self.run.space, self.run.label) or benchmarks.ACCURACY
        return tasks.of_record(self.run.task).headline(self.statistics, label.told)

    @cached_property
    def statistics(self) -> Mapping[str, Any]:
        """By today's definitions: as written, or for an older record computed once more from its rows."""
        if self.status != "ok" or self.statistics_version == STATISTICS:
            return self.written_statistics
        try:
            return recomputed(self.run.task, self.written_statistics, self.columns)
        except (KeyError, TypeError, ValueError) as error:
            raise ResultsError(
                f"{self.path} is of an older version, and its rows lack what today's statistics need "
                f"({error}); run it again."
            ) from error

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The raw rows; raises :class:`~harness.errors.ResultsError` where they are not those written."""
        import pandas as pd  # half a second, which most that ask for a record need not pay

        return self._decoded(lambda data, _: pd.read_parquet(io.BytesIO(data)))

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """The raw rows by column, in a sixth of the time of ``rows`` and with the same checks.

        A missing number is NaN, a missing word ``None``; the arrays cannot be written to.
        """
        table = self._decoded(lambda _, file: file.read(use_threads=False))
        columns = {
            name: column.to_numpy() for name, column in zip(table.column_names, table.columns, strict=True)
        }
        for column in columns.values():
            column.flags.writeable = False
        return columns

    def _decoded(self, decode: Callable[[bytes, pq.ParquetFile], Decoded]) -> Decoded:
        path, data = self._rows_file()
        try:
            opened = pq.ParquetFile if self.known else parquet.opened
            with opened(pa.BufferReader(data)) as file:
                rows = decode(data, file)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise damaged(path, f"it is no parquet file that can be read ({error})") from error
        if len(rows) != self.rows_entry["count"]:
            raise damaged(path, f"it has {len(rows)} rows, the record says {self.rows_entry['count']}")
        return rows

    def _rows_file(self) -> tuple[Path, bytes]:
        path = self.path.parent / str(self.rows_entry["file"])
        data = _read(path, self.path, parquet.LARGEST)
        if hashlib.sha256(data).hexdigest() != self.rows_entry["sha256"]:
            raise damaged(path, f"its SHA-256 is not the one {self.path.name} holds")
        return path, data

    @property
    def timing(self) -> dict[str, Any] | None:
        """When and how long; ``None`` where the sidecar is missing or unreadable: no number rests on it."""
        try:
            timing = parsed(_read(timing_path(self.path), self.path, LARGEST))
        except (ResultsError, ValueError):
            return None
        lengths = [value for name, value in timing.items() if name.endswith("seconds")]
        return timing if all(isinstance(each, int | float | None) for each in lengths) else None

    def check_rows_file(self) -> None:
        """Read the rows' bytes and compare their hash, without decoding them."""
        self._rows_file()


def timing_path(record: Path) -> Path:
    """The sidecar that holds all that differs between two identical runs."""
    return record.with_name(record.stem + ".timing.json")


def damaged(path: Path, why: str) -> ResultsError:
    """The one sentence about a file that is not as it was written."""
    return ResultsError(
        f"{path} is damaged: {why}. Move the record and its rows out of the results and run it again."
    )


def read_record(path: Path, known: Container[str] = ()) -> Record:
    """Read and check ``path``: JSON, format version, fields, identity, name and folder.

    Of a file whose SHA-256 is among the ``known`` the same bytes were checked before, by the same code:
    neither its signature nor the sizes of its rows are computed again.

    Raises
    ------
    ResultsError
        In one sentence that names the file.
    """
    data = _read(path, path, LARGEST)
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        written = parsed(data)
    except ValueError as error:
        raise damaged(path, f"it is no complete JSON ({error})") from error
    content = upgraded(written, path)
    missing = [field for field in FIELDS if field not in content]
    if missing:
        raise damaged(path, f"it lacks {', '.join(missing)}")
    run = _run_of(path, written)
    name = _name(path, run)
    _check_place(path, name, run, content)
    if sha256 not in known:
        _check_signature(path, written)
    if content["settings"] != written["settings"]:
        run = replace(run, settings=content["settings"])
    return Record(
        path=path,
        generation=int(name["generation"] or 1),
        run=run,
        **{key: content[key] for key in ("status", "reason", "statistics_version", "provenance", "config")},
        written_statistics=content["statistics"],
        rows_entry=content["rows"],
        sha256=sha256,
        known=sha256 in known,
    )


def _run_of(path: Path, content: dict[str, Any]) -> Run:
    try:
        run = Run(*(content[key] for key in ("task", "space", "label", "method", "seed", "settings")))
    except (ResultsError, TypeError, ValueError) as error:
        raise damaged(path, f"it describes no run ({error})") from error
    if (run.identity, run.group) != (content["identity"], content["group"]):
        raise damaged(path, "its identity is not the hash of its settings, so one of the two was changed")
    return run


def _name(path: Path, run: Run) -> re.Match[str]:
    name = NAME.fullmatch(path.name)
    if name is None or name["identity"] != run.identity:
        raise damaged(path, f"its name is not that of its identity {run.identity}")
    return name


def _check_place(path: Path, name: re.Match[str], run: Run, content: dict[str, Any]) -> None:
    expected = (run.task, run.space, run.label, run.method, f"seed={run.seed}")
    if path.parent.parts[-5:] != expected:
        raise damaged(path, f"it lies outside its folder {'/'.join(expected)}")
    if content["status"] != ("failed" if name["failed"] else "ok"):
        raise damaged(path, f"its status is {content['status']!r}, its name says otherwise")
    rows = content["rows"]
    if not isinstance(rows, dict) or set(rows) != {"file", "sha256", "count"}:
        raise damaged(path, "its rows are not described by file, sha256 and count")
    if not isinstance(rows["file"], str) or not _ROWS.fullmatch(rows["file"].removeprefix(run.identity)):
        raise damaged(path, f"its rows lie in {rows['file']!r}, and not beside it in a file of its own")
    for part in ("config", "provenance", "statistics"):
        if not isinstance(content[part], dict):
            raise damaged(path, f"its {part} are no JSON object")


def _check_signature(path: Path, written: dict[str, Any]) -> None:
    """Format 1 has none; what is signed must be as it was signed, whatever format it claims."""
    if written["format"] == 1 and SIGNATURE not in written:
        return
    try:
        agrees = signed(written)[SIGNATURE] == written.get(SIGNATURE)
    except ValueError:  # numbers that are not finite, which no record has
        agrees = False
    if not agrees:
        raise damaged(path, "its SHA-256 is not that of its content")


def _read(path: Path, record: Path, largest: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > largest:
            raise damaged(record, f"{path.name} has {size:,} bytes, and such a file no more than {largest:,}")
        return path.read_bytes()
    except OSError as error:
        raise damaged(record, f"{path.name} cannot be read ({error.strerror})") from error
