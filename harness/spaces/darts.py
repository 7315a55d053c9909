"""The DARTS space: eight operations on every edge, ``none`` among them."""

from harness.spaces._darts import OPERATIONS, OPTIONS, Darts

__all__ = ["OPTIONS", "SPACE"]

SPACE = Darts("darts", "DARTS", (OPERATIONS,) * 28)
