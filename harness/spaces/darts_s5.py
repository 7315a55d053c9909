"""The DARTS space without ``none``: seven operations on every edge, as Zero-Cost-PT and DARTS-PT have it."""

from harness.spaces._darts import OPERATIONS, OPTIONS, Darts

__all__ = ["OPTIONS", "SPACE"]

SPACE = Darts("darts_s5", "DARTS without none", (OPERATIONS[1:],) * 28)
