"""Zero-cost proxies: (network, batch) to one number. The folder is the registry, one module per proxy.

A proxy module has a card, ``ABOUT`` (:class:`About`), and ``score(passes) -> float``, which reads what it
needs from :class:`Passes` and raises :class:`Undefined` where its formula has no value. One that reads
``Passes.relu_kernel`` says ``COUNTS_RELUS = True``.
"""

from __future__ import annotations

from harness import registry
from harness.about import About
from harness.graphs import PRECISIONS, lacking
from harness.proxies._kernel import PATHS
from harness.proxies._measure import counts_relus, load, measure, measure_each
from harness.proxies._outcome import STATUSES, Measurement, Undefined
from harness.proxies._passes import Passes
from harness.proxies._precision import require_precision
from harness.proxies._programs import NetworkPrograms, Programs, SupernetPrograms

__all__ = [
    "PATHS",
    "PRECISIONS",
    "STATUSES",
    "About",
    "Measurement",
    "NetworkPrograms",
    "Passes",
    "Programs",
    "SupernetPrograms",
    "Undefined",
    "counts_relus",
    "lacking",
    "load",
    "measure",
    "measure_each",
    "names",
    "require_precision",
]


def names() -> tuple[str, ...]:
    """Names of all proxies."""
    return registry.names(__name__)
