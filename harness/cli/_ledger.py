"""What became of every run of a sweep, in whichever process or on whichever machine: lines of a file."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from socket import gethostname
from threading import Thread
from time import sleep
from typing import BinaryIO

from harness.cli._sentence import BAD_INPUT, FAILED
from harness.runners import Outcome

FILE = "HARNESS_LEDGER"
"""Environment variable that names the file to a launcher's workers."""

BAD = ("failed", "refused")
"""Statuses of runs that have no result: the second where none began, since what they were told cannot be."""

WATCH_SECONDS = 1.0
"""Between two looks at whether the sweep is still there."""

_watched: set[Path] = set()


@dataclass(frozen=True)
class Ending:
    """How one method's run ended, or all of a job's runs together.

    Attributes
    ----------
    job
        The settings that make the job, as they were given.
    status
        As in :class:`harness.runners.Outcome`, or one of :data:`BAD`.
    reason
        What went wrong.
    seconds
        That a planned run should take, ``None`` where nobody knows.
    """

    job: str
    status: str
    reason: str = ""
    seconds: float | None = None


@contextmanager
def ledger(folder: Path) -> Iterator[Path]:
    """A new file in ``folder``, in which this process and its children :func:`note` how runs end.

    It is locked for as long as this process lives, so that the others can :func:`end_with_sweep`, and removed
    in the end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"ledger-{os.getpid()}-{secrets.token_hex(4)}@{gethostname()}.jsonl"
    os.environ[FILE] = str(path)
    try:
        with path.open("a+b", buffering=0) as file:
            file.write(b"\n")
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            yield path
            file.truncate(0)
    finally:
        del os.environ[FILE]
        path.unlink(missing_ok=True)
        with suppress(OSError):
            folder.rmdir()


def end_with_sweep() -> None:
    """From now on this process ends soon after the sweep it works for was ended before its time.

    Only on the same machine: a job of a cluster is taken out of the cluster's own queue. Nothing happens
    in the sweep's own process, and on file systems without locks.
    """
    path = Path(os.environ[FILE])
    same = path.stem.rpartition("@")[2] == gethostname() and f"ledger-{os.getpid()}-" not in path.name
    if same and path not in _watched:
        _watched.add(path)
        file = path.open("rb")
        if _sweeping(file):
            Thread(target=_end_with, args=(file,), daemon=True).start()
        else:
            file.close()


def _end_with(file: BinaryIO) -> None:
    with file:
        while _sweeping(file):
            sleep(WATCH_SECONDS)
        if os.fstat(file.fileno()).st_size:  # a sweep that comes to its end empties it first
            os._exit(1)


def _sweeping(file: BinaryIO) -> bool:
    """Whether the sweep holds the lock of its ``file``."""
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def note(ending: Ending) -> None:
    """Add a line; lines of several processes do not mix."""
    file = os.open(os.environ[FILE], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, (json.dumps(asdict(ending)) + "\n").encode())
    finally:
        os.close(file)


def endings(path: Path) -> list[Ending]:
    """All lines so far, in the order they were written."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Ending(**json.loads(line)) for line in lines if line]


def job_of(overrides: Iterable[str]) -> str:
    """The settings that make a job, in an order of their own; without Hydra's, the last of several."""
    last = {each.partition("=")[0]: each for each in overrides}
    return " ".join(sorted(each for each in last.values() if not each.lstrip("+~").startswith("hydra")))


def ending_of(job: str, outcome: Outcome) -> Ending:
    """The line of one outcome."""
    return Ending(job, outcome.status, outcome.headline if outcome.status in BAD else "", outcome.seconds)


def exit_code(found: Sequence[Ending], jobs: Iterable[str]) -> int:
    """0 where all ``jobs`` are done or skipped, 1 where one began and failed, 2 where some were refused."""
    wrong = {ending.status for ending in found} & set(BAD)
    if "failed" in wrong or not {ending.job for ending in found} >= set(jobs):
        return FAILED
    return BAD_INPUT if wrong else 0


def summary(found: Sequence[Ending], jobs: Sequence[str], duration: Callable[[float], str]) -> list[str]:
    """Last lines of a sweep over ``jobs``: how many runs ended how, then everything that went wrong.

    A job is told by the settings in which it differs from another one; in the order of ``jobs``, whichever
    ended first.
    """
    places = {job: place for place, job in enumerate(jobs)}
    found = sorted(found, key=lambda ending: places.get(ending.job, len(jobs)))
    common = set.intersection(*(set(job.split()) for job in jobs))
    counts = Counter(ending.status for ending in found)
    told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none ended"
    lines = [f"{len(jobs)} settings, {len(found)} runs: {told}"]
    planned = [ending.seconds for ending in found if ending.status == "planned"]
    known = [seconds for seconds in planned if seconds is not None]
    if known:
        lines[0] += f"; {len(known)} of the planned take about {duration(sum(known))} in all"
    reasons: dict[tuple[str, str], list[str]] = {}
    for ending in found:
        if ending.status in BAD:
            reasons.setdefault((ending.status, ending.reason), []).append(ending.job)
    missing = [job for job in jobs if job not in {ending.job for ending in found}]
    if missing:
        reasons["never ended", "its process died, or the sweep was stopped before its turn"] = missing
    for (status, words), where in reasons.items():
        own = [" ".join(each for each in job.split() if each not in common) or job for job in where]
        others = f" and {len(where) - 3} more" if len(where) > 3 else ""
        lines.append(f"{status}: {', '.join(own[:3])}{others}: {words}")
    return lines
