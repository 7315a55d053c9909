"""No training: initial weights, and the same weight for every candidate of a decision."""

from __future__ import annotations

TRAINS = False
