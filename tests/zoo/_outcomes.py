"""Where a network of the zoo has no value: the proxy's status and its sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """A status and its sentence, "…" for what differs, for some proxies on some networks."""

    status: str
    says: str
    networks: tuple[str, ...]
    proxies: tuple[str, ...]

    def meets(self, status: str, reason: str) -> bool:
        return status == self.status and all(part in reason for part in self.says.split("…"))


OUTCOMES: tuple[Outcome, ...] = ()


def outcome(network: str, proxy: str) -> Outcome | None:
    """What is expected in the place of a value; None where a value is."""
    return next((o for o in OUTCOMES if network in o.networks and proxy in o.proxies), None)
