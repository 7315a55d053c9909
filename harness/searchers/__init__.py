"""Searchers: from scores to one architecture.

An item is a module with

* ``READS``: ``"proxy"``, ``"table"`` (a counted query function) or ``"nothing"``;
* ``SETTINGS``: the names of the settings it takes;
* ``search(bench, settings) -> Found``, where ``bench`` is a :class:`Bench`.

No searcher can reach a table: its runner hands it a query function that counts.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.searchers._bench import Bench, Found

__all__ = ["Bench", "Found", "load", "names"]


def names() -> tuple[str, ...]:
    """Names of all searchers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The searcher called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "searcher")
