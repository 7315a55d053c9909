"""Zero-cost proxies: (network, batch) to one number. The folder is the registry, one module per proxy.

A proxy module has a card, ``ABOUT`` (:class:`About`), and ``score(passes) -> float``, which reads what it
needs from :class:`Passes` and raises :class:`Undefined` where its formula has no value. One that reads
``Passes.relu_kernel`` says ``COUNTS_RELUS = True``.
"""

from __future__ import annotations

from harness import registry
from harness.about import About
from harness.proxies._kernel import PATHS
from harness.proxies._measure import counts_relus, load, measure, measure_each
from harness.proxies._outcome import STATUSES, Measurement, Undefined
from harness.proxies._passes import Passes

__all__ = [
    "PATHS",
    "STATUSES",
    "About",
    "Measurement",
    "Passes",
    "Undefined",
    "counts_relus",
    "load",
    "measure",
    "measure_each",
    "names",
]


def names() -> tuple[str, ...]:
    """Names of all proxies."""
    return registry.names(__name__)
