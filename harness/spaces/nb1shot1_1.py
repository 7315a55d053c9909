"""NAS-Bench-1Shot1, search space 1."""

from harness.spaces._nb1shot1 import NB1Shot1

SPACE = NB1Shot1(1, (0, 1, 2, 2, 2, 2))
