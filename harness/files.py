"""Writing files whole: a temporary file in the same folder, flushed to the disk, then one rename."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import ResultsError

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def stage(folder: Path, data: bytes) -> Path:
    """A hidden temporary file in ``folder`` that holds ``data``, flushed to the disk."""
    path = folder / f".staged-{os.getpid()}-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def replace(path: Path, data: bytes) -> None:
    """Write ``path`` whole, in place of what may be there."""
    staged = stage(path.parent, data)
    try:
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)


def write_texts(what: str, folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write the files of ``what`` into ``folder``, by name, and return their paths.

    Raises
    ------
    ResultsError
        Where they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            replace(folder / name, text.encode())
    except OSError as error:
        raise ResultsError(f"{what} cannot be written to {folder}: {error.strerror}.") from error
    return tuple(folder / name for name in texts)


def create(path: Path, data: bytes) -> bool:
    """Write ``path`` whole only if nothing is there; ``False`` where something is.

    A hard link fails on a name that exists, so of two processes exactly one succeeds. On file
    systems without hard links a lock on the folder takes their place.
    """
    staged = stage(path.parent, data)
    try:
        os.link(staged, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _create_without_links(path, staged)
    finally:
        staged.unlink(missing_ok=True)
    return True


def _create_without_links(path: Path, staged: Path) -> bool:
    with _locked(path.parent):
        if path.exists():
            return False
        os.replace(staged, path)
        return True


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time, where the file system has locks; nothing is left, however the process ends."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
