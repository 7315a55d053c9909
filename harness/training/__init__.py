"""Training supernets, for the scorers that read trained ones. The folder is the registry.

An item is a way to train, a module with

* ``TRAINS``: whether anything is trained at all;
* ``INITIAL_DEVIATION``: the standard deviation of the architecture parameters' first values;
* ``architecture_gradient(trained, train, valid, rate) -> [Tensor, ...]``, or ``None`` where the architecture
  parameters stay as they are;
* ``drawn(space, mask, rng) -> mask``, where a step trains not all that the mask leaves but a draw of it;
* ``DRAWS_LABELS = True``, where the labels that are trained on are drawn;
* ``ROUNDS = True``, where it trains a round's sub-space (:class:`Gated`), for methods that evolve one alone.

:class:`Trained` holds a supernet, its architecture parameters and the images; :func:`fit` trains it and
writes checkpoints; ``Trained.fine_tune`` goes on under a mask. :func:`fit_network` trains a stand-alone
network.
"""

from __future__ import annotations

from types import ModuleType

from harness import registry
from harness.training._checkpoint import description
from harness.training._fit import estimated_seconds, fit
from harness.training._gated import Gated, Round
from harness.training._images import Images, labelled, require_images
from harness.training._members import of_members
from harness.training._network import Course, fit_network, network_seconds
from harness.training._trained import Length, Trained

__all__ = [
    "Course",
    "Gated",
    "Images",
    "Length",
    "Round",
    "Trained",
    "description",
    "estimated_seconds",
    "fit",
    "fit_network",
    "labelled",
    "load",
    "names",
    "network_seconds",
    "of_members",
    "require_images",
]


def names() -> tuple[str, ...]:
    """Names of all ways to train."""
    return registry.names(__name__)


def load(name: str) -> ModuleType:
    """The way to train called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
    return registry.load(__name__, name, "training")
