"""Importers: one module per release format; each converts the release into the project's tables.

A module states ``FORMAT`` (what the source is, for the command line) and ``read(source, partial,
track)``, which returns the :class:`Imported` tables or :class:`ImportedScores`. :func:`write` stores them.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.benchmarks.importers._imported import Imported, ImportedScores, Track, untracked, write

__all__ = ["Imported", "ImportedScores", "Track", "load", "names", "untracked", "write"]


def names() -> tuple[str, ...]:
    """Names of all formats."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The importer of the format ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "format")
