"""Runs that were begun and have no record yet: a folder for each, in which are those who work on it.

``<results>/shards/<identity of the run>/`` says in ``about`` whose it is and who came last; the shards of a
population lie there too. It is removed once the record is written, so one that nobody is in is what an
interrupted run has left. Supernets in training are told by their checkpoints.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.errors import MachineFailure, ResultsError
from harness.processes.claims import held, inside, occupied, remove, turn
from harness.records import Run

SCORES = "scores-*.jsonl"
"""Names of the files in which the scores lie that a method has read so far, a line for each."""

_ABOUT = "about"
_LARGEST = 2**20
"""Bytes of ``about`` and of what a checkpoint says of itself; they have a thousandth of it."""


@dataclass(frozen=True)
class UnderWay:
    """A run that was begun.

    Attributes
    ----------
    run
        ``None`` where its folder does not say.
    identity
        The run's.
    running
        Whether a process works on it.
    by
        Host and process that came last.
    done, total
        Architectures measured, of how many; ``None`` where it is no population that is measured.
    scores
        How many scores are kept of those that a method has read.
    """

    run: Run | None
    identity: str
    running: bool
    by: str
    done: int | None = None
    total: int | None = None
    scores: int = 0


@dataclass(frozen=True)
class Supernet:
    """A supernet that is not trained to the end: the checkpoint's name, epochs done, of how many."""

    name: str
    space: str
    seed: int
    running: bool
    done: int
    total: int


def folder_of(root: Path, run: Run) -> Path:
    """Where those who work on ``run`` are, and its shards."""
    return root / "shards" / run.identity


def describe(root: Path, run: Run, population: int | None = None, shard: int | None = None) -> None:
    """Say whose the run's folder is, and who is at work; its ``population`` is measured ``shard`` by shard.

    Nothing but :func:`under_way` rests on it, so it does not matter where it is cut off or cannot be written.
    """
    told: dict[str, Any] = {"run": asdict(run), "by": f"{socket.gethostname()} {os.getpid()}"}
    told |= {"population": population, "shard": shard}
    try:
        (folder_of(root, run) / _ABOUT).write_text(json.dumps(told))
    except OSError:
        return


@contextmanager
def alone(root: Path, run: Run) -> Iterator[None]:
    """One process at a time is inside for the same ``run``; the others wait, and say so."""
    folder = folder_of(root, run)
    try:
        with inside(folder), turn(folder / "record.lock", lambda: _tell_of(folder, run)):
            describe(root, run)
            yield
    except MachineFailure:
        raise  # what was kept so far is of use to the next try
    except Exception:
        remove(folder)
        raise
    remove(folder)


def under_way(root: Path) -> list[UnderWay]:
    """The runs below the results folder ``root`` that were begun, by their identities; nothing is changed."""
    return [_begun(folder) for folder in sorted(root.glob("shards/*/")) if folder.is_dir()]


def supernets(root: Path) -> list[Supernet]:
    """The supernets below the results folder ``root`` that are not trained to the end, by their names."""
    found = []
    for lock in sorted(root.glob("checkpoints/*.pt.lock")):
        path = lock.with_suffix("")
        head, done = _read_checkpoint(path)
        total = head.get("training", {}).get("epochs", 0)
        running = held(lock)
        if running or done < total:
            found.append(
                Supernet(path.stem, head.get("space", ""), head.get("seed", 0), running, done, total)
            )
    return found


def tell(sentence: str) -> None:
    """Say on stderr what a user has to know of a run that goes on."""
    print(f"harness: {sentence}", file=sys.stderr, flush=True)


def _tell_of(folder: Path, run: Run) -> None:
    by = _read(folder).get("by") or "unknown"
    tell(
        f"{run.space} {run.task} {run.method} seed={run.seed} is being run by another process (host and "
        f"process id: {by}); this one waits for its record."
    )


def _begun(folder: Path) -> UnderWay:
    about = _read(folder)
    try:
        run = Run(**about["run"])
    except (KeyError, TypeError, ResultsError):
        run = None
    if run is not None and run.identity != folder.name:
        run = None
    state = (run, folder.name, occupied(folder), str(about.get("by", "")))
    total, size = about.get("population"), about.get("shard")
    if not isinstance(total, int) or not isinstance(size, int):
        return UnderWay(*state, scores=_most_kept(folder))
    return UnderWay(*state, min(total, size * _most_written(folder)), total)


def _most_written(folder: Path) -> int:
    """Shards that one kind of machine has written; those of several cannot be joined."""
    kinds = Counter(path.stem.partition("-")[2] for path in folder.glob("[0-9]*-*.json"))
    return max(kinds.values(), default=0)


def _most_kept(folder: Path) -> int:
    """Scores that one kind of machine has kept."""
    counts = [0]
    for path in folder.glob(SCORES):
        with suppress(OSError):
            written = path.read_bytes()
            counts.append(written.count(b"\n") - written.count(b' ["origin",'))
    return max(counts)


def _read(folder: Path) -> dict[str, Any]:
    try:
        with (folder / _ABOUT).open("rb") as file:
            found = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read_checkpoint(path: Path) -> tuple[dict[str, Any], int]:
    """What a checkpoint says it is, and how many epochs its curve has; nothing is unpickled."""
    try:
        _, _, head, data = path.read_bytes().split(b"\n", 3)
        found = json.loads(head[:_LARGEST])
    except (OSError, ValueError, RecursionError):
        return {}, 0
    return (found if isinstance(found, dict) else {}), len(re.findall(rb'"epoch": \d+', data))
