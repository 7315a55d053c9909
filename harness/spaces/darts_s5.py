"""The DARTS space without ``none``, as Zero-Cost-PT and DARTS-PT search it: seven operations on every edge."""

from harness.spaces._darts import OPERATIONS, OPTIONS, Darts

__all__ = ["OPTIONS", "SPACE"]

SPACE = Darts("darts_s5", "DARTS without none", (OPERATIONS[1:],) * 28)
