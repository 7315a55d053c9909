"""Zero-Cost-PT's search: proposals by how much the proxy drops when an operation is removed, then validation.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023, section 4.2:
N proposals from the same untrained supernet, each in a random order of decisions with a fresh batch per
decision; every distinct proposal is then scored as a stand-alone network on the same V batches, and the
largest sum wins. ``harness.searchers._orders`` describes the paper's other orders, and
``harness.searchers._released`` what the released code does otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.options import Option
from harness.scorers import zero_cost_pt
from harness.searchers import _orders, _two_stage
from harness.searchers._released import VARIANTS
from harness.searchers._tools import Found, Proxy

EVIDENCE = "proxy"
KINDS = _orders.KINDS
OPTIONS = {**_two_stage.OPTIONS, "variant": Option(VARIANTS, "${variant}", "the run's")}


def search(tools: Proxy, settings: Mapping[str, Any]) -> Found:
    """Search with the settings ``proposals`` (N), ``validation_batches`` (V), ``order`` and ``variant``."""
    return _two_stage.search(tools, zero_cost_pt.preference, settings, settings["variant"])
