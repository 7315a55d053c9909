"""Shrinkers: from a search space to smaller and smaller ones.

An item is a module with

* ``EVIDENCE``, ``ASKS`` and ``KINDS``, as a searcher's (:mod:`harness.searchers`);
* ``FAMILIES``, where it is defined for some families of networks alone; ``LIMITED_FAMILIES``,
  those where it keeps ``tools.limits``;
* ``OPTIONS``: by name its settings (:class:`harness.options.Option`); none where it is missing;
* of a trained supernet ``require(space, settings, limits)``, where some settings cannot be: it raises before
  anything is trained;
* ``told(tools, settings) -> Told``, where it says something of single architectures: before the first step
  that is compared with the truth, by who knows it, and is not paid for;
* ``shrink(tools, settings) -> iterable of masks``, one for every step: what the step leaves of the one
  before, which for the first step is ``tools.space.full_mask``.

A mask leaves every decision at least as many candidates as it picks. No shrinker can reach a benchmark.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.shrinkers._told import Told

__all__ = ["Told", "load", "names"]


def names() -> tuple[str, ...]:
    """Names of all shrinkers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The shrinker called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "shrinker")
