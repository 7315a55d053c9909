"""NAS-Bench-1Shot1, search space 3."""

from harness.spaces._nb1shot1 import NB1Shot1

SPACE = NB1Shot1(3, (0, 1, 1, 1, 2, 2, 2))
