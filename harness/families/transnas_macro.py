"""Sizes of TransNAS-Bench-101's networks of residual blocks, and why there is no supernet of them."""

from __future__ import annotations

from harness.families._transnas import FIDELITIES

__all__ = ["FIDELITIES"]

NO_SUPERNET = (
    "what one module makes of width and resolution decides the shapes of all behind it, so that candidates "
    "cannot be summed"
)
