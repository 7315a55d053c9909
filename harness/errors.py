"""One family of errors: every message is a sentence a user can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from difflib import get_close_matches


class HarnessError(Exception):
    """Something the user can mend; the message says what was wrong and what to do next."""


class UnknownNameError(HarnessError):
    """A name that no item of the group carries."""


class DataError(HarnessError):
    """A table or image file that is missing, damaged or not what the manifest says."""


class NoFiguresError(DataError):
    """Nothing says how good the architectures of a space are."""


class ConfigError(HarnessError):
    """A setting outside its range, or settings that exclude each other."""


class ResultsError(HarnessError):
    """A results folder or a record that cannot be read, written or averaged."""


class RunFailed(HarnessError):
    """A run that began and could not be finished; the command ends with exit code 1."""


class MachineFailure(RunFailed):
    """Out of memory, a full disk, a lost device, a dead worker: it says nothing of a network."""


_DISK = {
    errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOMEM, errno.EMFILE, errno.ENFILE,
    errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.EFBIG,
}  # fmt: skip
_CLASSES = {"OutOfMemoryError", "AcceleratorError", "BrokenProcessPool"}
_SENTENCES = (
    "out of memory", "can't allocate memory", "cannot allocate memory", "defaultcpuallocator",
    "std::bad_alloc", "cuda error", "hip error", "no cuda gpus are available", "nccl error",
    *(f"{library}_status_{status}" for library in ("cudnn", "cublas", "cusolver", "cusparse")
      for status in ("alloc_failed", "not_initialized", "internal_error", "execution_failed")),
)  # fmt: skip


def machine_failure(error: BaseException) -> bool:
    """Whether ``error``, or what it was raised from, is of the machine: memory, a disk, a device.

    Told by the class, an ``OSError``'s number, or what PyTorch writes where it has no class of its own.

    Examples
    --------
    >>> machine_failure(RuntimeError("alloc_cpu.cpp: DefaultCPUAllocator: can't allocate memory"))
    True
    >>> machine_failure(OSError(28, "No space left on device")), machine_failure(ValueError("bad shape"))
    (True, False)
    """
    if isinstance(error, MemoryError | MachineFailure):
        return True
    if isinstance(error, OSError) and error.errno in _DISK:
        return True
    if _CLASSES.intersection(each.__name__ for each in type(error).__mro__):
        return True
    if isinstance(error, RuntimeError) and any(words in _words(error) for words in _SENTENCES):
        return True
    return error.__cause__ is not None and machine_failure(error.__cause__)


def _words(error: BaseException) -> str:
    try:
        return str(error).lower()
    except Exception:
        return ""


def unknown_name(
    kind: str, received: object, allowed: Iterable[str], meant: str | None = None
) -> UnknownNameError:
    """Build the error for a name outside ``allowed``, with ``meant`` or the nearest allowed name first.

    Examples
    --------
    >>> print(unknown_name("proxy", "nwott", ["nwot", "snip"]))
    Unknown proxy 'nwott'. Did you mean 'nwot'? Allowed: nwot, snip.
    """
    names = sorted(allowed)
    if not names:
        return UnknownNameError(f"Unknown {kind} {str(received)!r}. There is none.")
    nearest = [meant] if meant else get_close_matches(str(received), names, n=1)
    hint = f" Did you mean {nearest[0]!r}?" if nearest else ""
    return UnknownNameError(f"Unknown {kind} {str(received)!r}.{hint} Allowed: {', '.join(names)}.")
