"""Searchers: from scores to one architecture.

An item is a module with

* ``READS``: ``"proxy"``, ``"proxies"`` (several, on supernets that ``SUPERNETS`` names, see
  ``harness.runners._te_nas``), ``"trained"`` (a trained supernet), ``"table"`` (a counted query function)
  or ``"nothing"``;
* ``OPTIONS``: by name the settings it takes (:mod:`harness.options`); none where it is missing;
* with ``"trained"`` also ``TRAINING``, ``READS_ALPHAS`` and ``work(space)``, see :mod:`harness.scorers`;
* ``search(bench, settings) -> Found``, where ``bench`` is a :class:`Bench`.

No searcher can reach a table: its runner hands it a query function that counts.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.searchers._bench import Bench, Found
from harness.searchers._budget import UNKNOWN
from harness.searchers._released import VARIANTS, permutes

__all__ = ["UNKNOWN", "VARIANTS", "Bench", "Found", "load", "names", "permutes"]


def names() -> tuple[str, ...]:
    """Names of all searchers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The searcher called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "searcher")
