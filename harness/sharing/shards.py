"""Shards: the rows of a run so far, a few architectures to a file, written whole and checked when read.

They lie in ``<results>/shards/<identity of the run>/`` until the run's record is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from harness import files, records
from harness.errors import DataError, ResultsError
from harness.processes.under_way import folder_of
from harness.proxies import Measurement
from harness.runs.origins import Origin, distinct, well_formed

SIZE = 16
"""Architectures per shard: what a kill can cost, and what one worker takes at a time."""

FORMAT = 2
"""Number of the files' layout."""

LARGEST = 2**24
"""Bytes; a shard has a hundredth of it."""

_FOREIGN = {
    "format": "was written in another format",
    "identity": "belongs to another run",
    "made": "was made by other code or on another kind of machine than its name says",
    "number": "is another shard than its name says",
    "architectures": "holds other architectures",
}
"""What a shard is whose head differs in this key."""


@dataclass
class Rows:
    """A proxy's outcomes, one per architecture.

    Attributes
    ----------
    score
        Finite, ``None`` where ``status`` is not ``ok``.
    status, reason
        As in :class:`harness.proxies.Measurement`.
    seconds
        What all of them together cost; ``None`` where that is not known.
    origins
        Where they were measured, each place once.
    """

    score: list[float | None] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    reason: list[str] = field(default_factory=list)
    seconds: float | None = 0.0
    origins: list[Origin] = field(default_factory=list)

    def add(self, measured: Measurement) -> None:
        """Append one architecture's outcome."""
        self.score.append(measured.value)
        self.status.append(measured.status)
        self.reason.append(measured.reason)
        self.seconds = (self.seconds or 0.0) + measured.seconds


def joined(parts: Iterable[Rows]) -> Rows:
    """The rows of all ``parts``, in their order."""
    whole = Rows()
    for part in parts:
        whole.score += part.score
        whole.status += part.status
        whole.reason += part.reason
        whole.seconds = (whole.seconds or 0.0) + (part.seconds or 0.0)
        whole.origins += part.origins
    whole.origins = distinct(whole.origins)
    return whole


@dataclass(frozen=True)
class Shards:
    """The shards of one run.

    Attributes
    ----------
    root
        The folder of results.
    run
        Whose rows they are.
    made
        Digest of what else can change the last bits: code, versions, machine, precision, threads. Shards made
        otherwise have other file names, so that processes on several kinds of machine leave each other's
        alone.
    architectures
        By number the names of a shard's architectures.
    part
        Folder within the run's, where it has several kinds of rows.
    """

    root: Path
    run: records.Run
    made: str
    architectures: Mapping[int, tuple[str, ...]] | Sequence[tuple[str, ...]]
    part: str = ""

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return folder_of(self.root, self.run) / self.part

    def path(self, number: int) -> Path:
        """The file of shard ``number``."""
        return self.folder / f"{number:05d}-{self.made}.json"

    def claim_path(self, number: int) -> Path:
        """What a process locks that measures shard ``number``."""
        return self.path(number).with_suffix(".lock")

    def written(self) -> set[int]:
        """Numbers of the shards whose files are there, whole or not."""
        return {int(path.name[:5]) for path in self.folder.glob(f"[0-9]*-{self.made}.json")}

    def made_otherwise(self) -> int:
        """How many files of shards are there that other code or another kind of machine made."""
        return len(list(self.folder.glob("*.json"))) - len(list(self.folder.glob(f"*-{self.made}.json")))

    def clear(self) -> None:
        """Remove all that are there."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def write(self, number: int, rows: Rows) -> None:
        """Write shard ``number``; raises :class:`~harness.errors.ResultsError` where that cannot be."""
        content = {**self._head(number), **asdict(rows)}
        data = json.dumps({"sha256": _digest(content), "content": content}).encode()
        try:
            files.replace(self.path(number), data)
        except OSError as error:
            raise ResultsError(f"A shard cannot be written to {self.folder}: {error.strerror}.") from error

    def read(self, number: int) -> Rows | None:
        """The rows of shard ``number``, ``None`` where there is no file.

        Raises
        ------
        DataError
            In one sentence, for a file that is not as it was written or that belongs elsewhere.
        """
        path = self.path(number)
        try:
            if path.stat().st_size > LARGEST:
                raise ValueError("it is far too large")
            content = _checked(json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise self._unusable(number, f"is damaged ({error})") from error
        for key, expected in self._head(number).items():
            if content.get(key) != expected:
                raise self._unusable(number, _FOREIGN[key])
        held: dict[str, Any] = {each.name: content.get(each.name) for each in fields(Rows)}
        rows = Rows(**held)
        if not _well_formed(rows, len(self.architectures[number])):
            raise self._unusable(number, "does not hold one outcome per architecture")
        return rows

    def _head(self, number: int) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "identity": self.run.identity,
            "made": self.made,
            "number": number,
            "architectures": list(self.architectures[number]),
        }

    def _unusable(self, number: int, what: str) -> DataError:
        return DataError(f"{self.path(number)}, a shard of {self.run.method}, {what}; it is measured again.")


def made_by(provenance: Mapping[str, Any]) -> str:
    """8 hex digits for all of a run's ``provenance`` that can change a score."""
    return _digest(records.decisive(provenance, records.MEASURING))[:8]


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(written: Any) -> dict[str, Any]:
    if not isinstance(written, dict) or not isinstance(written.get("content"), dict):
        raise ValueError("it is no shard")
    if _digest(written["content"]) != written.get("sha256"):
        raise ValueError("its SHA-256 is not that of its content")
    return written["content"]


def _well_formed(rows: Rows, count: int) -> bool:
    kinds = {"score": float | None, "status": str, "reason": str}
    columns = {name: getattr(rows, name) for name in kinds}
    if not isinstance(rows.seconds, float) or not well_formed(rows.origins):
        return False
    return all(
        isinstance(column, list)
        and len(column) == count
        and all(isinstance(value, kinds[name]) for value in column)
        for name, column in columns.items()
    )
