"""S2: ``skip_connect`` or ``sep_conv_3x3`` on every edge."""

from harness.spaces._darts import OPTIONS, Darts

__all__ = ["OPTIONS", "SPACE"]

SPACE = Darts("darts_s2", "DARTS S2", (("skip_connect", "sep_conv_3x3"),) * 28)
