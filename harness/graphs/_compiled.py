"""Compiling loops that torch has no operation for, with Numba: on the first call, then kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """``loop`` on arrays of numpy, in machine code and without Python's lock, so that threads run at once.

    Numbers are rounded as written, operation by operation, whatever the processor. What was compiled is kept
    beside the source or in the user's cache folder; where neither can be written to, for this process alone.
    """
    settings: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
    try:
        made = numba.njit(loop, cache=True, **settings)
    except RuntimeError:  # there is no folder to keep it in
        made = numba.njit(loop, **settings)
    return cast(Loop, made)


def inlined(loop: Loop) -> Loop:
    """``loop``, which :func:`compiled` ones call, written out at each call: for rows of few numbers."""
    return cast(Loop, numba.njit(loop, inline="always", nogil=True, error_model="numpy"))
