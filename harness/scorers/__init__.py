"""Operation scorers: one number per (decision, candidate) of a supernet, higher is better.

An item is a module with

* ``READS``: ``"proxy"`` (scores are measured on the untrained supernet) or ``"truth"`` (an oracle
  that may read accuracies and serves as an upper line);
* ``score(evidence, mask, decision) -> {candidate: Score}`` for the candidates that ``mask`` leaves.

The evidence is, as ``READS`` says, a function from masks to the proxy's :class:`Score` of the supernet
that each mask leaves (:data:`Evaluate`), or an :class:`OperationTruth` of the space's accuracies. A
scorer asks for all masks of a decision in one call, so that work can be shared between them.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.scorers._oracle import OperationTruth
from harness.scorers._score import Evaluate, Score, best_candidates

__all__ = ["Evaluate", "OperationTruth", "Score", "best_candidates", "load", "names"]


def names() -> tuple[str, ...]:
    """Names of all operation scorers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The scorer called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "scorer")
