"""The largest architecture: the trivial answer every search has to beat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.searchers._bench import Bench, Found

READS = "nothing"


def search(bench: Bench, settings: Mapping[str, Any]) -> Found:
    """The listed architecture with the most parameters; the first one wins a tie.

    Raises
    ------
    ConfigError
        Where nobody lists the space's architectures.
    """
    return Found(max(bench.population.listed("Searcher largest"), key=bench.parameters))
