"""Random search over fits to a degraded image: what a genetic algorithm has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.options import Option
from harness.scorers import ANY
from harness.searchers import _fits
from harness.searchers._tools import Fits, Found

EVIDENCE = "fits"
KINDS = ANY
OPTIONS = {"fits": Option(int, 100, "distinct networks that are fitted"), **_fits.OPTIONS}


def networks(settings: Mapping[str, Any]) -> int:
    """How many are fitted."""
    return settings["fits"]


def search(tools: Fits, settings: Mapping[str, Any]) -> Found:
    """The fittest of ``settings["fits"]`` distinct networks, drawn uniformly and fitted at once.

    The first ones are those that a genetic algorithm of the same seed begins with.

    Raises
    ------
    RunFailed
        Where no fit came to anything.
    """
    fitted = _fits.Fitted(tools)
    fitted.add(fitted.first(settings["fits"]), 0)
    return fitted.found()
