"""One family of errors: every message is a sentence a user can act on."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


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
