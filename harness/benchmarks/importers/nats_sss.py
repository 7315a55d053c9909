"""NATS-Bench's size space: the figures of CIFAR-10 as collected from BossNAS's repository.

A file ``cifar10_test_90.csv.gz``: for every choice of widths the test accuracy after 90 epochs, and the
parameters and multiply-accumulates of its network.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness import spaces
from harness.benchmarks._label import Label
from harness.benchmarks.importers._imported import PUBLISHED, Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_file
from harness.benchmarks.importers._lines import lines, number
from harness.benchmarks.importers._source import DAMAGE, complete, count, damaged
from harness.spaces import Space

FORMAT = "NATS-Bench's size space on CIFAR-10, cifar10_test_90.csv.gz"
RELEASE = "NATS-Bench size space v1.0, seed 777"
LABEL = Label(
    "cifar10_test_90",
    "cifar10",
    "test",
    90,
    "one run, seed 777, after its last epoch",
    ("cifar10_test_90",),
    RELEASE,
    default=True,
)
_ACCURACY = "cifar10_test_90_seed777_pct"


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table in the file ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where the file is missing, damaged or incomplete.
    """
    expect_file(source, FORMAT)
    space = spaces.load("nats_sss")
    found = lines(source, ("channels", _ACCURACY, "params_cifar10", "macs_cifar10"))
    complete(len(found), PUBLISHED[space.name].size, source, partial)
    try:
        rows = sorted(_row(space, line) for line in track(found, "architectures", None))
    except DAMAGE as error:
        raise damaged(source, error) from error
    code, architecture, accuracy, params, flops = zip(*rows, strict=True)
    if len(set(code)) < len(code):
        raise damaged(source, "an architecture stands there twice")
    table = Imported(
        space=space.name,
        importer="nats_sss",
        release=RELEASE,
        source="https://github.com/D-X-Y/NATS-Bench by way of changlin31/BossNAS",
        licence="MIT (NATS-Bench; the repository that carries the figures states none)",
        citation=(
            "Dong, Liu, Musial, Gabrys: NATS-Bench: Benchmarking NAS Algorithms for Architecture Topology "
            "and Size. IEEE TPAMI 2021."
        ),
        labels=(LABEL,),
        files={
            "nats_sss.parquet": {
                "code": np.array(code),
                "architecture": list(architecture),
                LABEL.name: np.array(accuracy),
                "params": np.array(params),
                "flops": np.array(flops),
            }
        },
        notes=(
            "One run of every architecture. Absent: CIFAR-100 and ImageNet16-120, which nobody has published "
            "but in the release.",
            "flops are multiply-accumulates of the network; the release counts 10 more.",
        ),
        partial=partial,
    )
    return (table,)


def _row(space: Space, line: dict[str, str]) -> tuple[int, str, float, int, int]:
    text = line["channels"]
    accuracy = number(line[_ACCURACY], text, 0.0, 100.0)
    if np.isnan(accuracy):
        raise ValueError(f"{text} has no accuracy")
    costs = [count(int(line[name]), text) for name in ("params_cifar10", "macs_cifar10")]
    return space.key(space.parse(text)), text, accuracy, costs[0], costs[1]
