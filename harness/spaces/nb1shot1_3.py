"""NAS-Bench-1Shot1, search space 3."""

from harness.spaces._nb1shot1 import OPTIONS, NB1Shot1

__all__ = ["OPTIONS", "SPACE"]

SPACE = NB1Shot1(3, (0, 1, 1, 1, 2, 2, 2))
