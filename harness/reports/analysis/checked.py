"""Which records were found to agree with their rows, remembered from one report to the next."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy
import pyarrow
import scipy

from harness import files

FILE = Path("reports") / ".checked"
"""Where it lies in a results folder."""


class Checked:
    """SHA-256 of the records that agreed with their rows, under :func:`code`.

    A record names the SHA-256 of its rows, and rows are compared with it whenever they are read; so a record
    whose digest is known has the bytes, and the rows, that agreed. A file that is missing, damaged or of
    other code is as good as none, and one that cannot be written is done without.
    """

    def __init__(self, results: Path) -> None:
        self._path = results / FILE
        self._code = code()
        self.known = self._read()
        self._met: set[str] = set()

    def add(self, digest: str) -> None:
        """Remember a record that agrees with its rows, known or not."""
        self._met.add(digest)

    def write(self, all_met: bool) -> None:
        """Keep what was met, and what was known before unless ``all_met`` the records there are."""
        kept = self._met if all_met else self._met | self.known
        if self._code is None or kept == self.known:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.replace(self._path, "\n".join([self._code, *sorted(kept), ""]).encode())
        except OSError:
            return

    def _read(self) -> frozenset[str]:
        try:
            lines = self._path.read_text(encoding="ascii").splitlines()
        except (OSError, ValueError):
            return frozenset()
        same = self._code is not None and lines[:1] == [self._code]
        return frozenset(lines[1:]) if same else frozenset()


def code(package: Path | None = None) -> str | None:
    """SHA-256 in hex of all that a check hangs on; ``None`` where the sources cannot be read.

    These are the sources of how records are read, of the statistics, the tasks and the comparison, and the
    versions of what they are computed with.
    """
    package = Path(__file__).resolve().parents[2] if package is None else package
    sources = [
        *package.glob("*.py"), *package.glob("records/*.py"), *package.glob("stats/*.py"),
        *package.glob("tasks/*.py"),
        *(package / "reports" / "analysis" / name for name in ("check.py", "checked.py")),
    ]  # fmt: skip
    found = hashlib.sha256()
    for module in (sys, numpy, scipy, pyarrow):
        found.update(f"{module.__name__} {getattr(module, '__version__', sys.version)}\n".encode())
    try:
        for path in sorted(sources):
            data = path.read_bytes()
            found.update(f"{path.relative_to(package).as_posix()} {len(data)}\n".encode() + data)
    except OSError:
        return None
    return found.hexdigest()
