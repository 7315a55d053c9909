"""S4: ``noise`` or ``sep_conv_3x3`` on every edge."""

from harness.spaces._darts import OPTIONS, Darts

__all__ = ["OPTIONS", "SPACE"]

SPACE = Darts("darts_s4", "DARTS S4", (("noise", "sep_conv_3x3"),) * 28)
