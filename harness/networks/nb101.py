"""NAS-Bench-101's networks, of any of its cells; see :mod:`harness.networks.nb1shot1`."""

from __future__ import annotations

from harness.networks.nb1shot1 import FIDELITIES, INIT, flop_count, network, parameter_count, table_flops

__all__ = ["FIDELITIES", "INIT", "flop_count", "network", "parameter_count", "table_flops"]

NO_SUPERNET = (
    "its cells differ in their vertices and edges; NAS-Bench-1Shot1's spaces are the parts of it that can "
    "share weights"
)
