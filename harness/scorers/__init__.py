"""Operation scorers: one number per (decision, candidate) of a supernet, higher is better.

An item is a module with

* ``EVIDENCE``: what it reads, a kind of :mod:`harness.evidence`; with ``ASKS``, where it asks more of it:
  ``training`` (the item of :mod:`harness.training` to use where none is named) and ``alphas`` (whether
  architecture parameters have to be learnt) of a trained supernet, ``supernets`` of several proxies,
  ``space`` where ``score`` is to be handed the space;
* ``KINDS``: the kinds of decisions that it can score, or :data:`ANY`;
* ``OPTIONS``: by name the settings it takes (:mod:`harness.options`); none where it is missing;
* ``score(evidence, mask, decision, **options) -> {candidate: Score}`` for the candidates that ``mask``
  leaves, without the options that are of its evidence alone;
* where they are of use, ``advance(evidence, mask)``, called after a decision is made, and
  ``work(mask, decision) -> Work``, what a score costs on a trained supernet.

The evidence is a function from masks to the proxy's :class:`Score` of the supernet that each mask leaves
(``proxy``, :data:`Evaluate`), such functions by proxy and repeat (``proxies``, :class:`ProxyScores`), a
:class:`harness.training.Trained` (``trained``), or an :class:`OperationTruth` (``truth``: an oracle that
serves as an upper line). A scorer asks for all masks of a decision in one call, so that work can be shared
between them.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.scorers._ensemble import SCALES, averaged, undecided
from harness.scorers._oracle import OperationTruth
from harness.scorers._ranks import ProxyScores
from harness.scorers._score import ANY, Evaluate, Score, best_candidates
from harness.scorers._work import Work

__all__ = [
    "ANY",
    "SCALES",
    "Evaluate",
    "OperationTruth",
    "ProxyScores",
    "Score",
    "Work",
    "averaged",
    "best_candidates",
    "load",
    "names",
    "undecided",
]


def names() -> tuple[str, ...]:
    """Names of all operation scorers."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The scorer called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "scorer")
