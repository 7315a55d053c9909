"""The folder of records: append-only, every file written whole, several writers at once."""

from __future__ import annotations

import hashlib
import io
import itertools
from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from harness import files
from harness.errors import ResultsError
from harness.records._json import plain, readable, signed
from harness.records._upgrades import FORMAT, STATISTICS, as_before
from harness.records.record import NAME, Record, read_record, timing_path
from harness.records.run import Run

if TYPE_CHECKING:
    import pandas as pd

STATUSES = ("ok", "failed")


class Store:
    """Records below ``root/records``.

    ``<task>/<space>/<label>/<method>/seed=<n>/<identity>.json`` is a run's record,
    ``<identity>.rows-<hash>.parquet`` its rows (named by their content, so that identical runs share
    one file), ``<identity>.timing.json`` when it ran and how long. A forced repetition is written
    beside it as ``<identity>.2.json``, ...; failed runs as ``<identity>.failed-1.json``, ...
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    @property
    def folder(self) -> Path:
        """Where the records lie."""
        return self.root / "records"

    def path(self, run: Run) -> Path:
        """Where the first ok record of ``run`` is, or would be."""
        place = self.folder / run.task / run.space / run.label / run.method / f"seed={run.seed}"
        return place / f"{run.identity}.json"

    def find(self, run: Run) -> Record | None:
        """The newest ok record of ``run``, checked with its rows, or ``None``; failed ones do not count.

        Raises
        ------
        ResultsError
            Where that record is damaged.
        """
        for named in filter(None, (run, as_before(run))):
            written = list(itertools.takewhile(Path.exists, self._generations(self.path(named), "ok")))
            if written:
                record = read_record(written[-1])
                record.check_rows_file()
                return record
        return None

    def write(
        self,
        run: Run,
        status: str,
        reason: str | None,
        rows: pd.DataFrame,
        statistics: Mapping[str, Any],
        provenance: Mapping[str, Any],
        config: Mapping[str, Any],
        timing: Mapping[str, Any],
        force: bool = False,
    ) -> Path:
        """Write a record and return its path; what is there already stays as it is.

        The rows come first and the record after them, so a record that exists is complete; the timing
        sidecar, which no number rests on, follows it. Identical runs give identical bytes, except in
        the sidecar. Where an ok record with the very same bytes exists, it is the result and nothing is
        written, unless ``force``; one with other bytes never stands in the way: both are kept.

        Parameters
        ----------
        run
            What was run.
        status, reason
            ``"ok"`` and ``None``, or ``"failed"`` and why.
        rows
            The raw rows; the index is not kept. May be empty.
        statistics, provenance, config
            JSON's types and NumPy scalars; numbers that are not finite are written as null.
        timing
            All that differs between two identical runs (start, seconds, host, ...).
        force
            Write a further record even where one with the same bytes exists.

        Raises
        ------
        ResultsError
            For an unknown status, a failure without a reason, a value JSON does not have, or a folder
            that cannot be written.
        """
        _check_status(status, reason)
        data = _parquet(rows)
        digest = hashlib.sha256(data).hexdigest()
        first = self.path(run)
        rows_path = first.with_name(f"{run.identity}.rows-{digest[:12]}.parquet")
        content = {
            "format": FORMAT, "identity": run.identity, "group": run.group,
            "task": run.task, "space": run.space, "label": run.label, "method": run.method,
            "seed": run.seed, "status": status, "reason": reason,
            "config": config, "settings": run.settings, "provenance": provenance,
            "statistics_version": STATISTICS, "statistics": statistics,
            "rows": {"file": rows_path.name, "sha256": digest, "count": len(rows)},
        }  # fmt: skip
        text = readable(signed(plain(content)))
        sidecar = readable(plain(timing, "the timing of a run"))
        try:
            first.parent.mkdir(parents=True, exist_ok=True)
            files.replace(rows_path, data)
            path, created = self._claim(first, status, text, force)
            if created:
                files.replace(timing_path(path), sidecar)
        except OSError as error:
            raise ResultsError(
                f"The record cannot be written to {first.parent}: {error.strerror}."
            ) from error
        return path

    def _claim(self, first: Path, status: str, text: bytes, force: bool) -> tuple[Path, bool]:
        """Write ``text`` under the first free name, or find it there already."""
        paths = self._generations(first, status)
        while True:
            path = next(paths)
            if files.create(path, text):
                return path, True
            if status == "ok" and not force and path.read_bytes() == text:
                return path, False

    @staticmethod
    def _generations(first: Path, status: str) -> Iterator[Path]:
        """Names for the records of one identity, oldest first, without end."""
        if status == "ok":
            yield first
        for number in itertools.count(2 if status == "ok" else 1):
            yield first.with_name(f"{first.stem}.{'failed-' if status == 'failed' else ''}{number}.json")

    def records(self) -> Iterator[Record]:
        """The newest ok record of every run and every failed one, in order of their paths.

        Rows are read when asked for.

        Raises
        ------
        ResultsError
            At the first damaged record.
        """
        for path in self.paths():
            record = self.current(path)
            if record is not None:
                yield record

    def current(self, path: Path, known: Container[str] = ()) -> Record | None:
        """The record at ``path``, one of :meth:`paths`; ``None`` where a newer one stands for its run.

        Files whose SHA-256 is among the ``known`` were checked before (:func:`read_record`).
        """
        record = read_record(path, known)
        named_as_today = record.path.name.startswith(record.run.identity)
        if record.status == "failed" or named_as_today or not self.path(record.run).exists():
            return record
        return None

    def paths(self) -> Iterator[Path]:
        """Where those records lie."""
        for folder, names in _folders(self.folder):
            newest: dict[tuple[str, str], tuple[int, str]] = {}
            for match in filter(None, map(NAME.fullmatch, names)):
                generation = int(match["generation"] or 1)
                kind = f"failed-{generation}" if match["failed"] else "ok"
                key = (match["identity"], kind)
                newest[key] = max(newest.get(key, (0, "")), (generation, match[0]))
            for _, (_, name) in sorted(newest.items()):
                yield folder / name

    def alike(self, run: Run) -> Iterator[Record]:
        """The records of ``run``'s group: the same but for the seed, this one's own among them."""
        for folder in sorted(self.path(run).parent.parent.glob("seed=*/")):
            for path in sorted(folder.iterdir()):
                if NAME.fullmatch(path.name):
                    record = read_record(path)
                    if record.run.group == run.group:
                        yield record


def check_writable(root: Path | str) -> None:
    """Make sure that results can be written below ``root``, and leave nothing behind.

    Raises
    ------
    ResultsError
        Where the folder cannot be made or written.
    """
    root = Path(root)
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.append(folder)
        files.stage(root, b"").unlink()
    except OSError as error:
        raise ResultsError(
            f"Results cannot be written to {root}: {error.strerror}. Name another folder, or free this one."
        ) from error
    finally:
        for folder in reversed(made):
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # another process has begun to write here


def _check_status(status: str, reason: str | None) -> None:
    if status not in STATUSES:
        raise ResultsError(f"The status of a record is one of {', '.join(STATUSES)}; received {status!r}.")
    if (status == "failed") != bool(reason):
        raise ResultsError(f"A failed record has a reason and an ok one has none; received {reason!r}.")


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    for seed in sorted(root.glob("*/*/*/*/seed=*/")):
        yield seed, sorted(path.name for path in seed.iterdir())


def _parquet(rows: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        table = pa.Table.from_pandas(rows, preserve_index=False)
    except pa.ArrowException as error:
        raise ResultsError(f"The rows of a record hold one type per column; {error}.") from error
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
