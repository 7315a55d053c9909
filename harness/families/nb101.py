"""Sizes of NAS-Bench-101's networks, and why there is no supernet of them."""

from __future__ import annotations

from harness.families.nb1shot1 import FIDELITIES

__all__ = ["FIDELITIES"]

NO_SUPERNET = (
    "its cells differ in their vertices and edges; NAS-Bench-1Shot1's spaces are the parts of it that can "
    "share weights"
)
