"""Small releases in the official formats, written by the tests themselves."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from harness import benchmarks
from harness.benchmarks import Benchmark
from harness.folders import BENCHMARKS_DATA

EVALUATED = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}


@pytest.fixture(scope="session")
def committed() -> Callable[[str], Benchmark]:
    """The committed table of a space, read once."""
    read: dict[str, Benchmark] = {}

    def load(name: str) -> Benchmark:
        if name not in read:
            read[name] = benchmarks.load_table(name, BENCHMARKS_DATA)
        return read[name]

    return load


@pytest.fixture
def results_state() -> Callable[..., dict[str, Any]]:
    """An architecture's results as both NAS-Bench-201 releases store them."""

    def make(index: int, architecture: str, epochs: int, seeds: dict[str, list[int]]) -> dict[str, Any]:
        rng = np.random.default_rng([index, epochs])
        results = {}
        for dataset, evaluated in EVALUATED.items():
            for seed in seeds[dataset]:
                full = ("ori-test",) if dataset != "cifar10-valid" else ("x-valid",)
                keys = [f"{name}@{epoch}" for name in full for epoch in range(epochs)]
                keys += [f"{name}@{epochs - 1}" for name in evaluated if name not in full]
                results[dataset, seed] = {
                    "name": dataset,
                    "net_state_dict": None,
                    "train_acc1es": {epoch: float(rng.uniform(10, 100)) for epoch in range(epochs)},
                    "train_acc5es": None,
                    "train_losses": {epoch: 1.0 for epoch in range(epochs)},
                    "train_times": OrderedDict((epoch, 12.5) for epoch in range(epochs)),
                    "arch_config": {"channel": 16, "num_cells": 5, "arch_str": architecture, "class_num": 10},
                    "params": np.float64(0.1 + index),
                    "flop": 11.71521,
                    "seed": f"{seed:04d}",
                    "epochs": epochs,
                    "latency": [np.float64(0.016)],
                    "eval_names": list(evaluated),
                    "eval_acc1es": {key: float(rng.uniform(10, 100)) for key in keys},
                    "eval_times": {f"{n}@{e}": 1.0 for n in evaluated for e in range(epochs)},
                    "eval_losses": {key: 1.0 for key in keys},
                }
        return {
            "arch_index": index,
            "arch_str": architecture,
            "all_results": results,
            "dataset_seed": seeds,
            "clear_net_done": True,
        }

    return make
