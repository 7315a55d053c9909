"""Operation scorers: one number per (decision, candidate) of a supernet, higher is better.

An item is a module with

* ``READS``: ``"proxy"`` (scores are measured on a supernet, untrained or not), ``"proxies"`` (several proxies
  are, on supernets that ``SUPERNETS`` names, see ``harness.runners._te_nas``, with the settings that
  ``OPTIONS`` states), ``"trained"`` (they are read off a trained one) or ``"truth"``
  (an oracle that may read accuracies and serves as an upper line);
* with ``"trained"`` also ``TRAINING`` (the item of :mod:`harness.training` to use where none is named),
  ``READS_ALPHAS`` (whether architecture parameters have to be learnt), ``advance(trained, mask)``, called
  after a decision is made, and ``work(mask, decision) -> Work``, what a score costs;
* ``score(evidence, mask, decision) -> {candidate: Score}`` for the candidates that ``mask`` leaves.

The evidence is, as ``READS`` says, a function from masks to the proxy's :class:`Score` of the supernet
that each mask leaves (:data:`Evaluate`), such functions by proxy and repeat (:class:`ProxyScores`), a
:class:`harness.training.Trained`, or an :class:`OperationTruth` of the space's accuracies. A scorer asks for
all masks of a decision in one call, so that work can be shared between them.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.scorers._oracle import OperationTruth
from harness.scorers._ranks import ProxyScores
from harness.scorers._score import Evaluate, Score, best_candidates
from harness.scorers._work import Work

__all__ = ["Evaluate", "OperationTruth", "ProxyScores", "Score", "Work", "best_candidates", "load", "names"]


def names() -> tuple[str, ...]:
    """Names of all operation scorers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The scorer called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "scorer")
