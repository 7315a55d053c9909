"""The largest architecture: the trivial answer every search has to beat."""

from __future__ import annotations

from harness.searchers._bench import Bench, Found

READS = "nothing"
SETTINGS = ()


def search(bench: Bench, settings: dict[str, int]) -> Found:
    """The listed architecture with the most parameters; the first one wins a tie."""
    return Found(max(bench.space.architectures, key=bench.parameters))
