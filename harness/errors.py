"""One family of errors: every message is a sentence a user can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

_MACHINE_CODES = {
    errno.ENOMEM,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EIO,
    errno.ENODEV,
    errno.EFBIG,
    errno.EMFILE,
}
_MACHINE_NAMES = {"OutOfMemoryError", "AcceleratorError"}
"""Classes of torch's, which this layer does not load."""
_MACHINE_WORDS = (
    "allocate memory",
    "out of memory",
    "not enough memory",
    "no space left on device",
    "unable to mmap",
    "unable to write to file",
    "cuda error",
    "_status_alloc_failed",
    "_status_not_initialized",
)
"""What torch's own ``RuntimeError`` says of the machine."""


class HarnessError(Exception):
    """Something the user can mend; the message says what was wrong and what to do next."""


class UnknownNameError(HarnessError):
    """A name that no item of the group carries."""


class DataError(HarnessError):
    """A table or image file that is missing, damaged or not what the manifest says."""


class ConfigError(HarnessError):
    """A setting outside its range, or settings that exclude each other."""


class ResultsError(HarnessError):
    """A results folder or a record that cannot be read, written or averaged."""


class RunFailed(HarnessError):
    """A run that began and could not be finished; the command ends with exit code 1."""


class MachineFailure(RunFailed):
    """Out of memory, a full disk, a lost device, a dead worker: it says nothing of a network."""


def machine_failure(error: BaseException) -> MachineFailure | None:
    """What ``error``, or a cause of it, says of the machine; ``None`` where it says something of the work.

    That is memory that ran out (Python's, NumPy's, torch's), a disk that is full or gone, and a device that
    was lost.

    Examples
    --------
    >>> machine_failure(MemoryError("Unable to allocate 7 PiB"))
    MachineFailure('MemoryError: Unable to allocate 7 PiB')
    >>> machine_failure(ValueError("logits of the wrong shape"))
    """
    for cause in _causes(error):
        if isinstance(cause, MachineFailure):
            return cause
        if _of_the_machine(cause):
            words = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
            return MachineFailure(" ".join(words.split()))
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


def _of_the_machine(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _MACHINE_NAMES:
        return True
    if isinstance(error, OSError):
        return error.errno in _MACHINE_CODES
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _MACHINE_WORDS)


def unknown_name(kind: str, received: object, allowed: Iterable[str]) -> UnknownNameError:
    """Build the error for a name outside ``allowed``, with the nearest allowed name first.

    Examples
    --------
    >>> print(unknown_name("proxy", "nwott", ["nwot", "snip"]))
    Unknown proxy 'nwott'. Did you mean 'nwot'? Allowed: nwot, snip.
    """
    names = sorted(allowed)
    nearest = get_close_matches(str(received), names, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    listed = ", ".join(names) if names else "none are installed"
    return UnknownNameError(f"Unknown {kind} {str(received)!r}.{hint} Allowed: {listed}.")
