"""The largest architecture: the trivial answer every search has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.scorers import ANY
from harness.searchers._tools import Found, Tools

EVIDENCE = "nothing"
KINDS = ANY
LISTS = True


def search(tools: Tools, settings: Mapping[str, Any]) -> Found:
    """The listed architecture within the limits that has the most parameters; the first one wins a tie.

    Raises
    ------
    ConfigError
        Where nobody lists the space's architectures.
    """
    listed = tools.population.listed("Searcher largest")
    return Found(max(tools.limits.those_within(listed), key=tools.parameters))
