"""TransNAS-Bench-101: the figures of both spaces as collected from NASLib's archives.

A folder with ``transnas_micro.csv.gz`` and ``transnas_macro.csv.gz``: for every architecture the encoder's
parameters and multiply-accumulates at 256 x 256, and the metric of seven tasks after the last epoch, on the
validation split.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness import spaces
from harness.benchmarks._files import Column
from harness.benchmarks._label import Label
from harness.benchmarks.importers._imported import PUBLISHED, Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_folder
from harness.benchmarks.importers._lines import lines, number
from harness.benchmarks.importers._source import DAMAGE, complete, count, damaged
from harness.spaces import Space

FORMAT = "folder with TransNAS-Bench-101's transnas_micro.csv.gz and transnas_macro.csv.gz"
SPACES = ("transnas_micro", "transnas_macro")
RELEASE = "TransNAS-Bench-101, final epoch, by way of NASLib"
CITATION = (
    "Duan, Chen, Xu, Chen, Liang, Zhang, Li: TransNAS-Bench-101: Improving Transferability and "
    "Generalizability of Cross-Task Neural Architecture Search. CVPR 2021."
)
_COSTS = {"params": "encoder_params", "flops": "encoder_macs_256"}


@dataclass(frozen=True)
class Task:
    """A task: its column, epochs, metric, unit, and the smallest and largest figure that it can have."""

    column: str
    epochs: int
    metric: str
    unit: str
    low: float
    high: float


_PERCENT = ("per cent", 0.0, 100.0)
_BARE = ("", -1.0, 1.0)
TASKS = {
    "class_scene": Task("class_scene_valid_top1_pct", 25, "accuracy", *_PERCENT),
    "class_object": Task("class_object_valid_top1_pct", 25, "accuracy", *_PERCENT),
    "room_layout": Task("room_layout_valid_neg_loss", 25, "negative loss", "", -np.inf, 0.0),
    "jigsaw": Task("jigsaw_valid_top1_pct", 10, "accuracy", *_PERCENT),
    "segmentsemantic": Task("segmentsemantic_valid_acc_pct", 30, "pixel accuracy", *_PERCENT),
    "normal": Task("normal_valid_ssim", 30, "SSIM", *_BARE),
    "autoencoder": Task("autoencoder_valid_ssim", 30, "SSIM", *_BARE),
}
"""In the authors' order; epochs are those of their configurations."""


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """Both tables from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where a file is missing, damaged or incomplete.
    """
    expect_folder(source, FORMAT)
    return tuple(_table(name, source / f"{name}.csv.gz", partial, track) for name in SPACES)


def _table(name: str, path: Path, partial: bool, track: Track) -> Imported:
    space = spaces.load(name)
    needed = ("arch", *_COSTS.values(), *(task.column for task in TASKS.values()))
    found = lines(path, needed)
    complete(len(found), PUBLISHED[name].size, path, partial)
    try:
        rows = sorted(_row(space, line) for line in track(found, "architectures", None))
    except DAMAGE as error:
        raise damaged(path, error) from error
    codes = [row[0] for row in rows]
    if len(set(codes)) < len(codes):
        raise damaged(path, "an architecture stands there twice")
    stored: dict[str, Column] = {
        "code": np.array(codes),
        "architecture": [row[1] for row in rows],
        **{column: np.array([row[2][column] for row in rows]) for column in _COSTS},
        **{label.name: np.array([row[3][label.name] for row in rows]) for label in labels()},
    }
    return Imported(
        space=name,
        importer="transnas",
        release=RELEASE,
        source="https://github.com/yawen-d/TransNASBench by way of https://github.com/automl/NASLib",
        licence="MIT (TransNASBench), Apache-2.0 (NASLib)",
        citation=CITATION,
        labels=labels(),
        files={f"{name}.parquet": stored},
        notes=(
            "One training of every architecture and task, after its last epoch, on the validation split; the "
            "benchmark's first release states the best epoch instead, which is never lower.",
            "room_layout is the negative of the mean squared error; normal and autoencoder are structural "
            "similarities. Their networks have a decoder of the task's own behind the encoder.",
            "params and flops are the encoder's, without a decoder, at 256 x 256 pixels, and computed from "
            "the architecture: those that the authors measured are not in the archives.",
        ),
        partial=partial,
    )


def _row(space: Space, line: dict[str, str]) -> tuple[int, str, dict[str, int], dict[str, float]]:
    text = line["arch"]
    arch = space.parse(text)
    if space.format(arch) != text:
        raise ValueError(f"{text} is written {space.format(arch)}")
    figures = {
        f"{task}_valid_{told.epochs}": number(
            line[told.column], f"{text}, {told.column}", told.low, told.high
        )
        for task, told in TASKS.items()
    }
    missing = [name for name, value in figures.items() if np.isnan(value)]
    if missing:
        raise ValueError(f"{text} has no {missing[0]}")
    costs = {name: count(int(line[column]), f"{text}, {column}") for name, column in _COSTS.items()}
    return space.key(arch), text, costs, figures


def labels() -> tuple[Label, ...]:
    """A label for every task; the first is the default."""
    return tuple(
        Label(
            name := f"{task}_valid_{told.epochs}",
            task,
            "valid",
            told.epochs,
            "one run, after its last epoch",
            (name,),
            RELEASE,
            metric=told.metric,
            unit=told.unit,
            default=task == "class_scene",
        )
        for task, told in TASKS.items()
    )
