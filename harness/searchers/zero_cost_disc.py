"""Zero-Cost-PT's search with the other score: the proxy when a decision keeps one operation only.

The two stages are those of ``zero_cost_pt``; proposals are made from the scores of "disc-zc" in Xiang et al.,
"Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023, where higher is better too.
It takes no variant: of a run's ``variant=as_released`` it has the masking and the counting of ReLUs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scorers import zero_cost_disc
from harness.searchers import _orders, _two_stage
from harness.searchers._tools import Found, Proxy

EVIDENCE = "proxy"
KINDS = _orders.KINDS
OPTIONS = _two_stage.OPTIONS


def search(tools: Proxy, settings: Mapping[str, Any]) -> Found:
    """Search with the settings ``proposals`` (N), ``validation_batches`` (V) and ``order``."""
    return _two_stage.search(tools, zero_cost_disc.score, settings)
