"""Population proxies: scores that a network has only among others. The folder is the registry.

One module per item, with a card, ``ABOUT`` (:class:`PopulationAbout`), with ``PARTS``, the single-network
proxies it ranks (None where the user names them), and with ``score(parts) -> scores``: part to its finite
values of m networks, higher being better, to m scores.
"""

from __future__ import annotations

from harness import registry
from harness.aggregations._about import LISTED, PopulationAbout
from harness.aggregations._combine import combine, load, parts

__all__ = ["LISTED", "PopulationAbout", "combine", "load", "names", "parts"]


def names() -> tuple[str, ...]:
    """Names of all population proxies."""
    return registry.names(__name__)
