"""Reading release files without trusting their size, and checking what they hold."""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError

LIMIT = 1 << 28
"""No file that is read whole holds more than 256 MiB, unpacked."""

DAMAGE = (
    HarnessError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What arises from figures that have another shape than the format says."""

_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".pbz2": bz2.open}


def read_bytes(path: Path, limit: int = LIMIT) -> bytes:
    """The bytes of ``path``, unpacked where its name ends in ``.gz`` or ``.pbz2``.

    Raises
    ------
    DataError
        Where the file is missing, truncated, damaged, or holds more than ``limit`` bytes.
    """
    opener = _OPENERS.get(path.suffix, open)
    try:
        with opener(path, "rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise DataError(f"There is no {path}; name the place where the release lies.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error
    if len(data) > limit:
        raise damaged(path, f"it holds more than the {limit:,} bytes that such a file has")
    return data


def damaged(path: Path, reason: object) -> DataError:
    """The error for a file whose content is not what its format says."""
    text = (str(reason).strip().splitlines() or ["damaged"])[0][:300]
    return DataError(f"{path} is not what was expected ({text}); fetch it again.")


def accuracy(value: Any, where: object, top: float = 100.0) -> float:
    """``value`` as a float, which must lie between 0 and ``top``."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= top:
        raise ValueError(f"{where}: an accuracy lies between 0 and {top:g}, received {str(value)[:40]!r}")
    return float(value)


def count(value: Any, where: object) -> int:
    """``value`` as an integer, which must lie between 0 and 10^15."""
    if type(value) is not int or not 0 <= value <= 10**15:
        raise ValueError(f"{where}: expected a count, received {str(value)[:40]!r}")
    return value


def complete(received: int, expected: int, path: Path, partial: bool, what: str = "architectures") -> None:
    """Refuse a source that lacks something, unless ``partial`` says that this is meant."""
    if received > expected or received < 1 or (received < expected and not partial):
        raise DataError(
            f"{path} holds {received:,} of {expected:,} {what}; fetch the complete release, or add "
            "--partial and a folder of your own with --out to import what there is."
        )
