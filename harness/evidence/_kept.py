"""Scores of a run that is under way, kept one after the other, so that a killed run goes on with them.

They lie in ``<results>/shards/<identity of the run>/`` until the run's record is written. The method itself
starts afresh: its draws and decisions hang on seeds and scores alone, so with the scores it makes them again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness import files, records
from harness.errors import ResultsError
from harness.processes.under_way import SCORES, folder_of, tell
from harness.runs.origins import Origin, distinct, here, well_formed
from harness.runs.setup import Setup
from harness.scorers import Score
from harness.spaces import Architecture, Mask

FORMAT = 1
"""Number of the lines' layout."""

LARGEST = 2**28
"""Bytes of a file of scores; ten thousand of them have a hundredth of it."""

LAYERS = tuple(sorted({*records.MEASURING, *records.TRAINING}))
"""Layers whose code makes a score what it is, that of a trained supernet included."""

DIGITS = 16
"""Of a line's digest in hex."""


class KeptScores:
    """The file of a run's scores: read when the run begins, and appended to as scores are measured.

    A line is a digest and, in JSON, an entry: ``["origin", where the next lines were measured]`` or
    ``[kind, step, key, value, status, reason]``. The digest is also of the run and of what else can change
    the last bits, such as code, versions and machine. The file's name says the latter, so that processes on
    several kinds of machine leave each other's alone.

    Parameters
    ----------
    setup, run
        Of the run, whose folder exists.

    Attributes
    ----------
    origins
        Where the scores were measured that were there already.
    """

    def __init__(self, setup: Setup, run: records.Run) -> None:
        made = records.decisive(setup.provenance(run), LAYERS)
        self._salt = json.dumps([FORMAT, run.identity, made], sort_keys=True)
        folder = folder_of(setup.store.root, run)
        self._path = folder / SCORES.replace("*", hashlib.sha256(self._salt.encode()).hexdigest()[:8])
        self._scores: dict[tuple[str, int, str], Score] = {}
        self.origins: list[Origin] = []
        if setup.config.force:
            for path in folder.glob(SCORES):
                path.unlink()
        others = [path for path in sorted(folder.glob(SCORES)) if path != self._path]
        if others:
            tell(
                f"Scores of this run in {folder} were measured by other code, versions, threads or another "
                "kind of machine; they are not used and measured again."
            )
        self._read()
        self._append(["origin", here()])

    def supernet(self, measure: Callable[[Sequence[Mask], int], list[Score]], kind: str) -> Any:
        """``measure`` of masks of the supernet called ``kind``, which measures only what is not kept."""

        def score(masks: Sequence[Mask], step: int) -> list[Score]:
            keys = [(kind, step, _bits(mask)) for mask in masks]
            if any(key not in self._scores for key in keys):
                self._keep(dict(zip(keys, measure(masks, step), strict=True)))
            return [self._scores[key] for key in keys]

        return score

    def network(
        self, measure: Callable[[Architecture, int], Score], name: Callable[[Architecture], str]
    ) -> Callable[[Architecture, int], Score]:
        """``measure`` of architectures, each called by its ``name``, which measures only what is not kept."""

        def score(arch: Architecture, step: int) -> Score:
            key = ("network", step, name(arch))
            if key not in self._scores:
                self._keep({key: measure(arch, step)})
            return self._scores[key]

        return score

    def _keep(self, scores: Mapping[tuple[str, int, str], Score]) -> None:
        self._append(*([*key, score.value, score.status, score.reason] for key, score in scores.items()))
        self._scores |= scores

    def _append(self, *entries: list[Any]) -> None:
        try:
            with self._path.open("ab", buffering=0) as file:
                file.write(b"".join(map(self._line, entries)))
        except OSError as error:
            raise ResultsError(
                f"Scores cannot be written to {self._path.parent}: {error.strerror}."
            ) from error

    def _line(self, entry: list[Any]) -> bytes:
        text = json.dumps(entry, allow_nan=False)
        return f"{self._digest(text)} {text}\n".encode()

    def _digest(self, text: str) -> str:
        return hashlib.sha256(f"{self._salt}\n{text}".encode()).hexdigest()[:DIGITS]

    def _read(self) -> None:
        """Take over what is there; a line that a kill has cut off, or that is damaged, is taken out."""
        try:
            large = self._path.stat().st_size > LARGEST
            lines = [] if large else self._path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return
        whole = [line for line in lines if self._taken(line)]
        cut_off = bool(lines) and not lines[-1].endswith(b"\n")
        if large or len(lines) - len(whole) > cut_off:
            tell(f"{self._path} is damaged; the scores that cannot be read are measured again.")
        if large or len(whole) < len(lines):
            files.replace(self._path, b"".join(whole))
        self.origins = distinct(self.origins)

    def _taken(self, line: bytes) -> bool:
        """Take over the line's entry; whether it is one."""
        digest, _, text = line.decode("utf-8", "replace").rstrip("\n").partition(" ")
        if not line.endswith(b"\n") or digest != self._digest(text):
            return False
        entry = json.loads(text)
        if entry[0] == "origin":
            if well_formed([entry[1]]):
                self.origins.append(entry[1])
            return True
        kind, step, key, value, status, reason = entry
        self._scores[kind, step, key] = Score(value, status, reason)
        return True


def _bits(mask: Mask) -> str:
    """A mask's truth values, one decision behind the other, as a hexadecimal number that begins with 1."""
    return format(int("1" + "".join(str(int(alive)) for row in mask for alive in row), 2), "x")
