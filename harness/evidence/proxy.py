"""One proxy, of supernets, untrained or trained, and of stand-alone networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Facts
from harness.evidence._method import Method
from harness.evidence._supernet import SupernetEvidence
from harness.runs.config import Progress
from harness.scorers import Score
from harness.searchers import Proxy, ScoreSupernet
from harness.spaces import Architecture, Mask

if TYPE_CHECKING:
    from harness.evidence._kept import KeptScores
    from harness.records import Run
    from harness.runs.setup import Setup

TRAINABLE = True
LIMITS = True


class OneProxy(SupernetEvidence):
    """Scores of ``proxy``, each on a batch of its own number."""

    def __init__(self, setup: Setup, method: Method, options: Mapping[str, Any], proxy: str) -> None:
        super().__init__(setup, method, options)
        self.proxy = proxy
        self.name = method.on(f"{method.name}-{proxy}", self.training)
        self._kept: KeptScores | None = None

    def _require(self) -> None:
        if self.training is not None:
            from harness import networks  # loads torch

            networks.require_weightable(self.context.masking)

    def settings(self) -> dict[str, Any]:
        """Network sizes, batches, masking and counting, and the training where there is one."""
        setup = self.context
        return {
            **super().settings(),
            **setup.measured_settings,
            "proxy": self.proxy,
            "masking": setup.masking,
            **setup.counted(self.proxy),
            **({} if self.training is None else {"training": self.training.settings}),
            **setup.supernets,
        }

    def keep(self, run: Run) -> None:
        """Every score as it is measured."""
        from harness.evidence._kept import KeptScores  # loads torch

        self._kept = KeptScores(self.context, run)

    def open(self, progress: Progress) -> Proxy:
        """Functions that measure masks of the supernet, and networks."""
        from harness.runs.measured import network_scores, supernet_scores  # loads torch

        trained = None if self.training is None else self.train(self.training, progress)
        of_network = network_scores(self.context, self.proxy)
        supernets = [
            supernet_scores(self.context, self.proxy, trained, number)
            for number in range(self.context.config.supernets)
        ]
        if self._kept is not None:
            names = [f"supernet {number}" for number in range(len(supernets))]
            supernets = list(map(self._kept.supernet, supernets, names))
            of_network = self._kept.network(of_network, self.context.space.format)
        supernets = list(map(self._counting, supernets))

        def score_network(arch: Architecture, step: int) -> Score:
            self.counts["evaluations"] += 1
            return of_network(arch, step)

        return Proxy(
            **self.shared(progress),
            score_supernet=supernets[0],
            score_network=score_network,
            others=supernets[1:],
            scale=self.context.config.scale,
        )

    def crossed(self, number: int, masking: str, variant: str) -> ScoreSupernet:
        """Untrained supernet ``number`` on the batches of the first one, masked and counted as said."""
        from harness.runs.measured import supernet_scores  # loads torch

        config = replace(self.context.config, masking=masking, variant=variant)
        setup = replace(self.context, config=config)
        measure = supernet_scores(setup, self.proxy, number=number, own_batches=False)
        if self._kept is not None:
            measure = self._kept.supernet(measure, f"supernet {number}, {masking}, {setup.counting}")
        return self._counting(measure)

    def _counting(self, of_masks: ScoreSupernet) -> ScoreSupernet:
        def score_supernet(masks: Sequence[Mask], step: int) -> list[Score]:
            self.counts["evaluations"] += len(masks)
            return of_masks(masks, step)

        return score_supernet

    def facts(self) -> Facts:
        """With the places where scores were measured that an interrupted process had kept."""
        found = super().facts()
        if self._kept is None:
            return found
        return replace(found, origins={**found.origins, "score": self._kept.origins})


def of(setup: Setup, method: Method, options: Mapping[str, Any]) -> list[OneProxy]:
    """A record for every proxy that the config names."""
    return [OneProxy(setup, method, options, proxy) for proxy in setup.config.proxy["names"]]
