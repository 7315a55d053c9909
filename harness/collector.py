"""Python's collector of reference cycles, put off while many objects are made that stay."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Inside, no reference cycles are looked for.

    The collector visits all objects of the process again and again while more and more are made: half of the
    time in which DARTS's supernet is traced under seven masks. What has no cycles is freed as ever.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
