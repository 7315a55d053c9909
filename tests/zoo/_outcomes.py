"""Where a network of the zoo has no value: the proxy's status and what its sentence says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A status with a part of its sentence, for some proxies on some networks."""

    status: str
    phrase: str
    networks: tuple[str, ...]
    proxies: tuple[str, ...]


OUTCOMES: tuple[Outcome, ...] = ()


def outcome(network: str, proxy: str) -> Outcome | None:
    """What is expected in the place of a value; None where a value is."""
    return next((o for o in OUTCOMES if network in o.networks and proxy in o.proxies), None)
