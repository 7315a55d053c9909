"""How this process keeps the memory it frees."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""``mallopt``'s numbers of the two parameters, from glibc's ``malloc.h``."""


def keep_freed_memory() -> None:
    """Let freed tensors' memory be used again, in place of handing it back to the system and asking anew.

    A layer's result for a chunk of samples is about a megabyte, which glibc by default maps and unmaps on
    every allocation: on a CPU that cost up to a quarter of an operation score. Other C libraries are
    left as they are. The peak of the memory in use does not change.
    """
    if sys.platform.startswith("linux"):
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_MMAP_THRESHOLD, 2**30)
            mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
