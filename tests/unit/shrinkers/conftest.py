"""What shrinkers are handed: NAS-Bench-201's accuracies, searched on validation, reported on test."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from harness import benchmarks, networks
from harness.scorers import OperationTruth
from harness.searchers import Queries, Truth


@dataclass
class Tables:
    """The two labels, and tools that note what is asked for."""

    benchmark: benchmarks.Benchmark
    told: dict[int, float]
    reported: dict[int, float]
    asked: list[tuple[float, int]] = field(default_factory=list)

    def tools(self, seed: int) -> Queries:
        self.asked = []
        return Queries(
            population=self.benchmark.population,
            seed=seed,
            parameters=lambda arch: networks.parameter_count(self.benchmark.space, arch),
            costs=self._costs,
            query=self._query,
        )

    def _costs(self, arch) -> dict[str, float]:
        params, flops = networks.trained_cost(self.benchmark.space, arch)
        return {"params_millions": params / 1e6, "flops_millions": flops / 1e6}

    def _query(self, arch) -> float:
        key = self.benchmark.space.key(arch)
        self.asked.append((self.told[key], key))
        return self.told[key]

    def oracle(self, label: str) -> Truth:
        return Truth(
            population=self.benchmark.population,
            seed=0,
            parameters=None,
            truth=OperationTruth(
                self.benchmark.population, self.benchmark.goodness(self.benchmark.keys, label)
            ),
        )

    def derived(self, mask) -> float:
        return self.reported[self.benchmark.space.key(self.benchmark.space.arch_of(mask))]

    def best_seen(self) -> float:
        return self.reported[max(self.asked)[1]]

    def rank(self, accuracy: float) -> int:
        return 1 + int((np.array(list(self.reported.values())) > accuracy + 1e-9).sum())


@pytest.fixture(scope="session")
def nb201() -> Tables:
    benchmark = benchmarks.load("nb201")
    told, reported = (
        dict(zip(benchmark.keys.tolist(), benchmark.goodness(benchmark.keys, label).tolist(), strict=True))
        for label in ("cifar10_valid_200", "cifar10_test_200")
    )
    return Tables(benchmark, told, reported)
