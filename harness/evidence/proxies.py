"""Several proxies, of supernets that a method asks for by their name, see :mod:`harness.evidence._te_nas`.

The name, which a method states as ``supernets``, is ``te_nas`` or ``run``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.errors import unknown_name
from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.scorers import Evaluate, ProxyScores, Score
from harness.searchers import Proxies
from harness.spaces import Mask

if TYPE_CHECKING:
    from harness.runs.setup import Setup

TRAINABLE = False


class SeveralProxies(Evidence):
    """Scores by proxy and repeat, with weights and batches of their own for each step."""

    context: Setup
    taken = ("repeats", "ntk_batch_size", "region_batches", "region_batch_size")

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any]) -> None:
        from harness.evidence._te_nas import SUPERNETS  # loads torch

        super().__init__(setup, method, options)
        asked = method.asks.get("supernets")
        if asked not in SUPERNETS:
            raise unknown_name(f"supernets in ASKS of {method.group}={method.name}", asked, SUPERNETS)
        self._supernets = SUPERNETS[asked]
        self._supernets.require(setup.space)

    def settings(self) -> dict[str, Any]:
        """What can change scores on supernets of this kind."""
        return {**super().settings(), **self._supernets.settings(self.context)}

    def open(self, progress: Progress) -> Proxies:
        """A function that hands out the scores of a step."""
        from harness.evidence._te_nas import proxy_scores

        scores = proxy_scores(self.context, self._supernets, self.options, progress)
        return Proxies(**self.shared(progress), scores=lambda step: self._counted(scores(step)))

    def _counted(self, found: ProxyScores) -> ProxyScores:
        repeats = {proxy: list(map(self._counting, each)) for proxy, each in found.repeats.items()}
        return replace(found, repeats=repeats)

    def _counting(self, evaluate: Evaluate) -> Callable[[Sequence[Mask]], list[Score]]:
        def call(masks: Sequence[Mask]) -> list[Score]:
            self.counts["evaluations"] += len(masks)
            return evaluate(masks)

        return call


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[SeveralProxies]:
    """One record."""
    return [SeveralProxies(setup, method, options)]
