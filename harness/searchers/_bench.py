"""What a searcher is given, and what it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.scorers import Score
from harness.spaces import Architecture, Mask, Space


@dataclass(frozen=True)
class Bench:
    """The functions a searcher may call; its runner counts their calls.

    Attributes
    ----------
    space
        The search space.
    seed
        The seed of the searcher's own draws.
    score_supernet
        ``(mask, step) -> Score``: the proxy of the supernet that ``mask`` leaves, on proposal batch
        number ``step``. The supernet's weights are the same for every call.
    score_network
        ``(arch, step) -> Score``: the proxy of the stand-alone network, on validation batch ``step``.
    query
        ``arch -> accuracy in per cent``, one table query.
    parameters
        ``arch -> number of parameters`` of the stand-alone network.
    progress
        ``(words, done, total)``, called as the search goes on.
    """

    space: Space
    seed: int
    score_supernet: Callable[[Mask, int], Score]
    score_network: Callable[[Architecture, int], Score]
    query: Callable[[Architecture], float]
    parameters: Callable[[Architecture], int]
    progress: Callable[[str, int, int], None] = lambda words, done, total: None


@dataclass
class Found:
    """The chosen architecture and the trace of every intermediate score.

    Trace rows have the columns stage, index, step, decision, candidate, arch, score, accuracy,
    status and reason; what a stage does not know is left out.
    """

    arch: Architecture
    trace: list[dict[str, object]] = field(default_factory=list)
