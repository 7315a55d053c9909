"""Searchers: from scores to one architecture.

An item is a module with

* ``EVIDENCE``: what it reads, a kind of :mod:`harness.evidence`; with ``ASKS``, where it asks more of it
  (``training`` and ``alphas`` of a trained supernet, ``supernets`` of several proxies);
* ``KINDS``: the kinds of decisions that it can make, or :data:`harness.scorers.ANY`;
* ``OPTIONS``: by name the settings it takes (:mod:`harness.options`); none where it is missing;
* ``SUPERNETS``: how many supernets it needs at least, where it compares several;
* ``LIMITS = False``, where its evidence takes limits and it cannot keep them;
* ``GROWS``: true where it grows architectures (:meth:`harness.spaces.Space.grown`);
* ``LISTS``: true where it needs a list of all architectures, so that a space without one is refused;
* ``search(tools, settings) -> Found``, where ``tools`` are the :class:`Tools` of its evidence;
* of fits to a degraded image also ``networks(settings)``, how many it fits;
* of a trained supernet also ``work(space)``, see :mod:`harness.scorers`.

No searcher can reach a benchmark: one that may query the truth is handed a function that counts.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.searchers._budget import UNKNOWN, Budget
from harness.searchers._limits import Limits
from harness.searchers._propose import propose
from harness.searchers._released import VARIANTS, require_released
from harness.searchers._sizes import candidate_sizes
from harness.searchers._tools import (
    Fits,
    Found,
    Networks,
    Proxies,
    Proxy,
    Queries,
    RoundSupernets,
    ScoreSupernet,
    Tools,
    TrainedSupernet,
    Truth,
)

__all__ = [
    "UNKNOWN",
    "VARIANTS",
    "Budget",
    "Fits",
    "Found",
    "Limits",
    "Networks",
    "Proxies",
    "Proxy",
    "Queries",
    "RoundSupernets",
    "ScoreSupernet",
    "Tools",
    "TrainedSupernet",
    "Truth",
    "candidate_sizes",
    "load",
    "names",
    "propose",
    "require_released",
]


def names() -> tuple[str, ...]:
    """Names of all searchers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The searcher called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "searcher")
