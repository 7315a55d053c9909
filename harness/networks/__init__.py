"""Networks and supernets: torch modules for one architecture, or for all of a space at once.

One public module per family of spaces (``space.family``); the folder is the registry.
"""

from __future__ import annotations

from harness.networks._build import (
    build,
    build_supernet,
    build_te_nas_supernet,
    fidelities,
    flop_count,
    parameter_count,
    released_counting,
    released_masking,
    require_supernet,
    table_flops,
)
from harness.networks._counting import count_flops, count_parameters
from harness.networks._masking import MASKINGS, require_weightable
from harness.networks._modes import in_mode
from harness.networks._supernet import Supernet
from harness.networks._weights import INITS

__all__ = [
    "INITS",
    "MASKINGS",
    "Supernet",
    "build",
    "build_supernet",
    "build_te_nas_supernet",
    "count_flops",
    "count_parameters",
    "fidelities",
    "flop_count",
    "in_mode",
    "parameter_count",
    "released_counting",
    "released_masking",
    "require_supernet",
    "require_weightable",
    "table_flops",
]
