"""NAS-Bench-101's networks, of any of its cells; see :mod:`harness.networks.nb1shot1`."""

from __future__ import annotations

from harness.networks.nb1shot1 import INIT, flop_count, network, parameter_count, table_flops

__all__ = ["INIT", "flop_count", "network", "parameter_count", "table_flops"]
