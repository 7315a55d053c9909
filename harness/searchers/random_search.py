"""Random search: query the table for distinct random networks and keep the best."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.searchers._bench import Bench, Found
from harness.seeding import generator

READS = "table"
SETTINGS = {"queries": int}


def search(bench: Bench, settings: Mapping[str, Any]) -> Found:
    """The most accurate of ``settings["queries"]`` distinct networks, drawn uniformly.

    It reads the very label it is judged by, so it shows what so many evaluations of fully
    trained networks buy, not what an untrained search could know.
    """
    archs = bench.space.sample_distinct(settings["queries"], generator(bench.seed, "random_search"))
    accuracies = []
    for index, arch in enumerate(archs):
        bench.progress("queries", index, len(archs))
        accuracies.append(bench.query(arch))
    best = max(range(len(archs)), key=accuracies.__getitem__)
    trace = [
        {"stage": "query", "index": index, "arch": bench.space.format(arch), "accuracy": accuracy}
        for index, (arch, accuracy) in enumerate(zip(archs, accuracies, strict=True))
    ]
    return Found(archs[best], trace)
