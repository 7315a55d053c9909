"""Folders that several processes work in, without one that leads: who is inside, and who does what.

The locks are the system's (``flock``), which lets go of them when a process ends, however it ends. On file
systems without them everybody gets what they ask for: work may then be done twice, with the same result.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TextIO

from harness.errors import ResultsError

_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_INSIDE = "inside.lock"


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """``folder`` exists, and no process removes it (:func:`remove`) before the block ends."""
    with _entered(folder / _INSIDE):
        yield


@contextmanager
def claim(path: Path) -> Iterator[bool]:
    """Whether the work that ``path`` names is this process's until the block ends, or now another's."""
    with _opened(path) as file:
        claimed = _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield claimed
        if claimed:  # whoever has opened the file by now claims in vain, and finds the work done
            path.unlink(missing_ok=True)


@contextmanager
def turn(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """One process at a time is inside for the same ``path``; the others wait, and call ``waiting`` first."""
    with _opened(path) as file:
        if not _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            waiting()
            _locked(file, fcntl.LOCK_EX)
        yield


def occupied(folder: Path) -> bool:
    """Whether a process is inside ``folder``."""
    return held(folder / _INSIDE)


def held(path: Path) -> bool:
    """Whether a process holds the lock ``path``; ``False`` where it is none or cannot be told."""
    try:
        with path.open("rb") as file:
            return not _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False


def remove(folder: Path) -> None:
    """Remove ``folder`` with all it holds, unless a process is inside or it cannot be removed."""
    with suppress(OSError), (folder / _INSIDE).open("a+") as file:
        if _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def _entered(path: Path) -> TextIO:
    while True:
        with suppress(FileNotFoundError), ExitStack() as stack:
            file = stack.enter_context(_opened(path, make_folder=True))
            _locked(file, fcntl.LOCK_SH)
            # The folder may have been removed, and made again, while this process waited to enter.
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                stack.pop_all()
                return file


def _opened(path: Path, make_folder: bool = False) -> TextIO:
    """The lock ``path``; over NFS a shared lock asks for a file to read, an exclusive one to write."""
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ResultsError(f"Nothing can be written to {path.parent}: {error.strerror}.") from error


def _locked(file: IO[Any], how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True
