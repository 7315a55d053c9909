"""Sizes of TransNAS-Bench-101's networks of cells."""

from __future__ import annotations

from harness.families._transnas import FIDELITIES

__all__ = ["FIDELITIES"]
