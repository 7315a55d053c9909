"""NAS-Bench-Macro: ``nas-bench-macro_cifar10.json`` from the authors' repository.

``{"<8 digits of 0, 1, 2>": {"test_acc": [3 in per cent], "mean_acc", "std", "params", "flops"}}``.
The authors' training script (``train/train.py``) reports for each run the best of the 50 test
accuracies measured after each epoch, not the last.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from harness import spaces
from harness.benchmarks._files import Column
from harness.benchmarks._label import Label
from harness.benchmarks.importers._imported import PUBLISHED, Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_file
from harness.benchmarks.importers._source import DAMAGE, accuracy, complete, count, damaged, read_bytes
from harness.spaces import Space

FORMAT = "NAS-Bench-Macro's nas-bench-macro_cifar10.json"
RUNS = ("cifar10_test_50_run1", "cifar10_test_50_run2", "cifar10_test_50_run3")
RELEASE = "NAS-Bench-Macro, data/nas-bench-macro_cifar10.json"


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table in the file ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where the file is missing, is not JSON, lacks architectures, or a value is out of its range.
    """
    expect_file(source, FORMAT)
    try:
        content = json.loads(read_bytes(source))
    except (ValueError, RecursionError) as error:
        raise damaged(source, error) from error
    if not isinstance(content, dict):
        raise damaged(source, f"expected a JSON object, received a {type(content).__name__}")
    space = spaces.load("nbmacro")
    complete(len(content), PUBLISHED[space.name].size, source, partial)
    try:
        rows = sorted(
            _row(space, text, fields) for text, fields in track(content.items(), "architectures", None)
        )
    except DAMAGE as error:
        raise damaged(source, error) from error
    code, architecture, runs, params, flops = zip(*rows, strict=True)
    columns: dict[str, Column] = {
        "code": np.array(code),
        "architecture": list(architecture),
        **{name: np.array(values) for name, values in zip(RUNS, zip(*runs, strict=True), strict=True)},
        "params": np.array(params),
        "flops": np.array(flops),
    }
    table = Imported(
        space="nbmacro",
        importer="nbmacro_json",
        release=RELEASE,
        source="https://github.com/xiusu/NAS-Bench-Macro",
        licence="Apache-2.0",
        citation=(
            "Su, Huang, Li, You, Wang, Qian, Zhang, Xu: Prioritized Architecture Sampling with Monto-Carlo "
            "Tree Search. CVPR 2021."
        ),
        labels=_labels(),
        files={"nbmacro.parquet": columns},
        notes=(
            "Test accuracy only: the release has no validation accuracy.",
            "The authors' script keeps the best test accuracy of the 50 epochs, so every figure is "
            "optimistic.",
            "6,561 architectures are 3,969 distinct networks; the authors trained each distinct one "
            "and copied its figures to its equals.",
        ),
        partial=partial,
    )
    return (table,)


def _row(space: Space, text: str, fields: dict[str, Any]) -> tuple[int, str, tuple[float, ...], int, int]:
    arch = space.parse(text)
    if set(fields) != {"test_acc", "mean_acc", "std", "params", "flops"}:
        raise ValueError(
            f"{text}: expected test_acc, mean_acc, std, params and flops, received {list(fields)}"
        )
    runs = tuple(accuracy(value, text) for value in fields["test_acc"])
    if len(runs) != 3 or abs(sum(runs) / 3 - accuracy(fields["mean_acc"], text)) > 1e-6:
        raise ValueError(f"{text}: expected 3 test accuracies and their mean, received {fields}")
    return space.key(arch), text, runs, count(fields["params"], text), count(fields["flops"], text)


def _labels() -> tuple[Label, ...]:
    best = "the best of the test accuracies after each of 50 epochs"
    mean = Label(
        name="cifar10_test_50",
        dataset="cifar10",
        split="test",
        epochs=50,
        runs=f"mean of 3 runs, each {best}",
        columns=RUNS,
        source=RELEASE,
        reduce="mean",
        run_columns=RUNS,
        default=True,
    )
    single = [
        Label(name, "cifar10", "test", 50, f"run {number} of 3 alone, {best}", (name,), RELEASE)
        for number, name in enumerate(RUNS, start=1)
    ]
    rest = Label(
        name="cifar10_test_50_runs_2_3",
        dataset="cifar10",
        split="test",
        epochs=50,
        runs=f"mean of runs 2 and 3, each {best}: to report what was searched for on run 1",
        columns=RUNS[1:],
        source=RELEASE,
        reduce="mean",
        run_columns=RUNS[1:],
    )
    return (mean, *single, rest)
