"""NAS-Bench-201 and NATS-Bench topology releases: from single runs to the project's columns and labels.

Both releases hold, for every architecture and for 12 and 200 epochs of training, single runs by
(dataset, seed), each with accuracies by evaluation set and epoch. What is kept is the accuracy
after the last epoch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from harness import spaces
from harness.benchmarks._files import Column
from harness.benchmarks._label import Label
from harness.benchmarks._nb201_params import parameters
from harness.benchmarks.importers._source import accuracy

CITATION = (
    "Dong, Yang: NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search. ICLR 2020. "
    "Dong, Liu, Musial, Gabrys: NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology and Size. "
    "IEEE TPAMI 2021."
)
SIZE = 15_625
EPOCHS = (200, 12)
DEFAULT = "cifar10_test_200"


class Measured(NamedTuple):
    """What a label stem stands for in the releases' own names, and what it means."""

    trained_on: str
    evaluated_on: str
    dataset: str
    split: str
    words: str


SETS = {
    "cifar10_test": Measured("cifar10", "ori-test", "cifar10", "test", "trained on the whole training set"),
    "cifar100_test": Measured(
        "cifar100", "x-test", "cifar100", "test", "on the half of the test set called x-test"
    ),
    "imagenet16_120_test": Measured(
        "ImageNet16-120", "x-test", "imagenet16_120", "test", "on the half of the test set called x-test"
    ),
    "cifar10_valid": Measured(
        "cifar10-valid",
        "x-valid",
        "cifar10",
        "valid",
        "trained on half of the training set, on the other half",
    ),
    "cifar10_valid_run_test": Measured(
        "cifar10-valid", "ori-test", "cifar10", "test", "trained on half of the training set, on the test set"
    ),
    "cifar100_valid": Measured(
        "cifar100", "x-valid", "cifar100", "valid", "on the half of the test set called x-valid"
    ),
    "imagenet16_120_valid": Measured(
        "ImageNet16-120", "x-valid", "imagenet16_120", "valid", "on the half of the test set called x-valid"
    ),
}


@dataclass(frozen=True)
class Run:
    """One training: accuracies in per cent by ``'<set>@<epoch>'``, parameters and FLOPs in millions."""

    accuracies: Mapping[str, Any]
    params: float
    flops: float


Runs = Mapping[tuple[str, int], Run]
"""Runs of one architecture after one number of epochs by (trained on, seed)."""


@dataclass(frozen=True)
class Row:
    """One architecture: its string, its number in the release, its runs by epochs."""

    architecture: str
    index: int
    runs: Mapping[int, Runs]


def summarise(row: Row) -> dict[str, Any]:
    """The figures of one architecture: a list of runs, by ascending seed, for every label stem and epochs.

    Raises
    ------
    ValueError
        Where an accuracy is missing or out of range, or the architecture is not one.
    """
    figures: dict[str, Any] = {"architecture": row.architecture, "index": row.index}
    for epochs in EPOCHS:
        runs = row.runs[epochs]
        for stem, measured in SETS.items():
            key = f"{measured.evaluated_on}@{epochs - 1}"
            seeds = sorted(seed for dataset, seed in runs if dataset == measured.trained_on)
            figures[f"{stem}_{epochs}"] = [
                accuracy(
                    runs[measured.trained_on, seed].accuracies.get(key),
                    f"{row.architecture}, {measured.trained_on}, seed {seed}, {key}",
                )
                for seed in seeds
            ]
            if not seeds:
                raise ValueError(f"{row.architecture} has no run on {measured.trained_on} of {epochs} epochs")
    costs = [run for (dataset, _), run in sorted(row.runs[200].items()) if dataset == "cifar10"]
    return figures | _costs(row.architecture, costs)


def _costs(architecture: str, runs: Sequence[Run]) -> dict[str, int]:
    """Parameters and FLOPs: those of the runs that state the network's own count, else what most runs state.

    Some single runs of the releases state the cost of another network.
    """
    stated = Counter((round(run.params * 1e6), round(run.flops * 1e6)) for run in runs)
    own = parameters(spaces.load("nb201").parse(architecture))
    params, flops = max(stated, key=lambda cost: (cost[0] == own, stated[cost]))
    return {"params": params, "flops": flops}


def columns(rows: Iterable[dict[str, Any]]) -> dict[str, Column]:
    """Columns of the table, in the order of the keys; runs that do not exist are NaN.

    Raises
    ------
    ValueError
        Where an architecture comes twice.
    """
    space = spaces.load("nb201")
    listed = list(rows)
    by_key = {space.key(space.parse(row["architecture"])): row for row in listed}
    if len(by_key) != len(listed):
        raise ValueError("an architecture stands there twice")
    ordered = [by_key[key] for key in sorted(by_key)]
    stored: dict[str, Column] = {
        "code": np.array(sorted(by_key)),
        "architecture": [row["architecture"] for row in ordered],
        "index": np.array([row["index"] for row in ordered]),
    }
    for stem in (f"{stem}_{epochs}" for epochs in EPOCHS for stem in SETS):
        most = max(len(row[stem]) for row in ordered)
        for number in range(most):
            stored[f"{stem}_run{number + 1}"] = np.array(
                [row[stem][number] if number < len(row[stem]) else np.nan for row in ordered]
            )
    for name in ("params", "flops"):
        stored[name] = np.array([row[name] for row in ordered])
    return stored


def run_counts(stored: Mapping[str, Column]) -> dict[int, int]:
    """How many architectures have 1, 2 and 3 runs behind the default label."""
    runs = np.stack([stored[name] for name in run_columns(stored, DEFAULT)], axis=1)
    return dict(sorted(Counter((~np.isnan(runs)).sum(axis=1).tolist()).items()))


def run_columns(stored: Mapping[str, Column], name: str) -> tuple[str, ...]:
    """The columns of single runs behind the label ``name``."""
    return tuple(column for column in stored if re.fullmatch(rf"{name}_run\d+", column))


def labels(stored: Mapping[str, Column], source: str) -> tuple[Label, ...]:
    """A label for the mean of the runs of every stem and epochs, and one for each single run."""
    found = []
    for epochs in EPOCHS:
        for stem, measured in SETS.items():
            name = f"{stem}_{epochs}"
            runs = run_columns(stored, name)
            many = len(runs) > 1
            facts = (measured.dataset, measured.split, epochs)
            words = f"{'mean of all runs' if many else 'the one run'}, {measured.words}"
            found.append(
                Label(
                    name,
                    *facts,
                    words,
                    runs,
                    source,
                    reduce="mean" if many else "value",
                    run_columns=runs if many else (),
                    default=name == DEFAULT,
                )
            )
            found += [
                Label(run, *facts, f"the {number}. run by ascending seed, where it exists", (run,), source)
                for number, run in enumerate(runs if many else (), start=1)
            ]
    return tuple(found)
