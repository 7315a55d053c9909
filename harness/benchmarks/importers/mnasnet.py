"""Accel-NASBench: the figures of MnasNet-like networks on ImageNet, as collected from the authors' files.

A folder with ``anb_mnasnet_imagenet.csv.gz``, a row for each of 5,138 trainings with costs on devices and the
authors' split of them, and ``anb_ablation_seeds.csv.gz``: 117 further networks, each trained by two recipes
with three seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from harness import spaces, stats
from harness.benchmarks._label import UNTRAINED, Ceiling, Label
from harness.benchmarks.importers._imported import Imported, Track, untracked
from harness.benchmarks.importers._kind_of_file import expect_folder
from harness.benchmarks.importers._lines import lines, number
from harness.benchmarks.importers._source import DAMAGE, complete, count, damaged
from harness.spaces import Architecture, Space

FILES = ("anb_mnasnet_imagenet.csv.gz", "anb_ablation_seeds.csv.gz")
FORMAT = f"folder with Accel-NASBench's {FILES[0]} and {FILES[1]}"
TRAININGS, ABLATION = 5_138, 702
"""Rows of the two files."""
IMAGES = 50_000
"""ImageNet's validation images: accuracies are kept as how many of them were classified correctly."""
RELEASE = "Accel-NASBench, afzalxo/Accel-NASBench@4260357"
_ABLATION = "Accel-NASBench's ablation, afzalxo/ANB-DatasetCollection@08a6baa"
TOP1, TOP5, AGAIN = "imagenet_valid_16", "imagenet_valid_16_top5", "imagenet_valid_16_again"
SPLITS = {split: f"{TOP1}_of_{split}" for split in ("train", "val", "test")}
"""The label of each part of the authors' split of architectures."""
RECIPES = {"proxified": f"{TOP1}_ablation", "fewproxy": "imagenet_valid_0_ablation"}
"""The label of each of the ablation's recipes."""
SEEDS = (1, 2, 3)
_GENES = ("expansion", "kernel", "layers", "se")
_ACCURACIES = {TOP1: "val_top1_pct", TOP5: "val_top5_pct"}
_DEVICES = {
    "zcu102": "a ZCU102", "vck190": "a VCK190", "a100": "an A100", "3090": "an RTX 3090", "tpuv2": "a TPUv2",
    "tpuv3": "a TPUv3",
}  # fmt: skip
_WITH_LATENCY = ("zcu102", "vck190")
_THOP = "reported_macs_millions_224"
_MACS = "imagenet_macs_thop"
_SIZES = {"params": "params_millions", "flops": "conv_linear_macs_millions_224"}
_RECIPE = "16 epochs at 160 to 192 pixels, validated at 256"
ROUNDING = 0.01
"""Of an image, by which the source's printed accuracies may miss a whole number of them."""

Row = dict[str, float]


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[Imported, ...]:
    """The table from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    Raises
    ------
    DataError
        Where a file is missing, damaged or incomplete.
    """
    expect_folder(source, FORMAT)
    space = spaces.load("mnasnet")
    rows = _trained(space, source / FILES[0], partial, track)
    ablation = _ablated(space, source / FILES[1], partial, track)
    if rows.keys() & ablation.keys():
        raise damaged(source / FILES[1], f"an architecture of it stands in {FILES[0]} too")
    labels = _labels(*(_ceiling(ablation, f"{RECIPES['proxified']}{top}_run") for top in ("", "_top5")))
    every = rows | ablation
    keys = sorted(every)
    names = dict.fromkeys(name for label in labels for name in label.columns)
    held = {name: np.array([every[key].get(name, np.nan) for key in keys]) for name in names}
    costs = {name: np.array([every[key][name] for key in keys]) for name in _SIZES}
    table = Imported(
        space=space.name,
        importer="mnasnet",
        release=RELEASE,
        source=(
            "https://github.com/afzalxo/Accel-NASBench and https://github.com/afzalxo/ANB-DatasetCollection"
        ),
        licence="Apache-2.0",
        citation=(
            "Ahmad, Xu, Samanta: Accel-NASBench: Sustainable Benchmarking for Accelerator-Aware NAS. "
            "DAC 2024."
        ),
        labels=labels,
        files={"mnasnet.parquet": {"code": np.array(keys), **held, **costs}},
        notes=(
            "The truth of 5,242 networks out of 104,485,552,128: 5,125 that the authors drew at random, and "
            "117 others of their ablation. Trained on ImageNet by a short recipe, about 10 points below a "
            "full training.",
            "13 architectures were trained twice: the training that the authors' split names is the one "
            f"that counts, the other one is {AGAIN}. One architecture more is in no part of the split.",
            f"Accuracies are kept as correct answers of {IMAGES:,}, which the source's are to within their "
            "rounding.",
            "flops are multiply-accumulates of convolutions and linear layers at 224 x 224, computed from "
            "the architecture, for all but the ablation's. What the authors state is thop's count, which "
            f"adds normalisations and poolings: {_MACS}.",
        ),
        partial=True,
    )
    return (table,)


def _trained(space: Space, path: Path, partial: bool, track: Track) -> dict[int, Row]:
    """By key the figures of every architecture."""
    found = lines(
        path, (*_GENES, "arch_id", "split", *_ACCURACIES.values(), *_costs().values(), *_SIZES.values())
    )
    complete(len(found), TRAININGS, path, partial, "trainings")
    try:
        return _by_key(space, track(found, "architectures", None))
    except DAMAGE as error:
        raise damaged(path, error) from error


def _by_key(space: Space, found: Iterable[Mapping[str, str]]) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    first: dict[int, Mapping[str, str]] = {}
    for line in found:
        arch = _arch(space, line)
        key, text = space.key(arch), space.format(arch)
        row = _row(line, text)
        earlier = first.setdefault(key, line)
        if earlier is line:
            rows[key] = row
        elif AGAIN in rows[key] or bool(earlier["split"]) == bool(line["split"]):
            raise ValueError(f"{text} stands there twice, and the split does not name one of the two")
        elif line["split"]:
            rows[key] = row | {AGAIN: rows[key][TOP1]}
        else:
            rows[key][AGAIN] = row[TOP1]
    return rows


def _row(line: Mapping[str, str], text: str) -> Row:
    row = _accuracies(line, text, _ACCURACIES)
    if split := line["split"]:
        if split not in SPLITS:
            raise ValueError(f"{text}: split is train, val, test or nothing, received {split[:40]!r}")
        row[SPLITS[split]] = row[TOP1]
    row |= {name: number(line[column], f"{text}, {column}", 0.0) for name, column in _costs().items()}
    return row | {name: _size(line, text, name) for name in _SIZES}


def _size(line: Mapping[str, str], text: str, name: str) -> float:
    column = _SIZES[name]
    return count(round(number(line[column], f"{text}, {column}", 0.0) * 1e6), text)


def _costs() -> dict[str, str]:
    """The column of every cost."""
    return {
        **{f"imagenet_latency_{device}": f"{device}_latency_ms_mean" for device in _WITH_LATENCY},
        **{f"imagenet_throughput_{device}": f"{device}_throughput_img_per_s_mean" for device in _DEVICES},
        _MACS: _THOP,
    }


def _arch(space: Space, line: Mapping[str, str]) -> Architecture:
    return space.parse({name: line[name] for name in _GENES})


def _accuracies(line: Mapping[str, str], text: str, columns: Mapping[str, str]) -> Row:
    """How many of :data:`IMAGES` were classified correctly."""
    found: Row = {}
    for name, column in columns.items():
        correct = number(line[column], f"{text}, {column}", 0.0, 100.0) * IMAGES / 100
        if not abs(correct - np.rint(correct)) <= ROUNDING:
            raise ValueError(
                f"{text}: {column} must be a share of {IMAGES:,}, received {line[column][:40]!r}"
            )
        found[name] = float(np.rint(correct))
    return found


def _ablated(space: Space, path: Path, partial: bool, track: Track) -> dict[int, Row]:
    """By key the figures of the ablation's networks: a column for each accuracy, recipe and seed."""
    found = lines(path, (*_GENES, "scheme", "seed", *_ACCURACIES.values(), _SIZES["params"], _THOP))
    complete(len(found), ABLATION, path, partial, "trainings")
    rows: dict[int, Row] = {}
    try:
        for line in track(found, "trainings of the ablation", None):
            arch = _arch(space, line)
            row, text = rows.setdefault(space.key(arch), {}), space.format(arch)
            if line["scheme"] not in RECIPES or int(line["seed"]) not in SEEDS:
                raise ValueError(f"{text}: no recipe {line['scheme'][:40]!r} and seed {line['seed'][:40]!r}")
            label, run = RECIPES[line["scheme"]], f"run{int(line['seed'])}"
            names = {f"{label}_{run}": _ACCURACIES[TOP1], f"{label}_top5_{run}": _ACCURACIES[TOP5]}
            if names.keys() & row.keys():
                raise ValueError(f"{text} stands there twice")
            row |= _accuracies(line, text, names) | {"flops": np.nan}
            row |= {
                "params": _size(line, text, "params"),
                _MACS: number(line[_THOP], f"{text}, {_THOP}", 0.0),
            }
    except DAMAGE as error:
        raise damaged(path, error) from error
    return rows


def _ceiling(ablation: Mapping[int, Row], stem: str) -> Ceiling | None:
    """How well one seed of the ablation ranks its networks as another one, mean over the pairs."""
    runs = [[row.get(f"{stem}{seed}", np.nan) for seed in SEEDS] for row in ablation.values()]
    found = stats.ceiling(np.array(runs))
    if found["kendall"] is None:
        return None
    return Ceiling(found["kendall"], found["spearman"], int(found["n"]), _ABLATION)


def _labels(ceiling: Ceiling | None, ceiling_of_top5: Ceiling | None) -> tuple[Label, ...]:
    return (
        _accuracy(TOP1, f"one run, {_RECIPE}", ceiling=ceiling, default=True),
        _accuracy(TOP5, f"one run, {_RECIPE}", metric="top-5 accuracy", ceiling=ceiling_of_top5),
        *(
            _accuracy(
                name, f"the same run, of the architectures in the authors' split {split}", ceiling=ceiling
            )
            for split, name in SPLITS.items()
        ),
        _accuracy(AGAIN, "the second of two runs, of the 13 architectures that were trained twice"),
        *_ablation_labels(),
        *_cost_labels(),
    )


def _accuracy(name: str, runs: str, source: str = RELEASE, **fields: Any) -> Label:
    stated: dict[str, Any] = {"epochs": 16, "columns": (name,), "scale": 100 / IMAGES} | fields
    return Label(name, "imagenet", "valid", runs=runs, source=source, **stated)


def _ablation_labels() -> Iterator[Label]:
    words = {
        "proxified": f"mean of three runs, seeds 1 to 3, of the ablation's 117 architectures; {_RECIPE}",
        "fewproxy": (
            "mean of three runs, seeds 1 to 3, of the ablation's 117 architectures; a recipe nearer to a "
            "full training, whose epochs are not stated: 0 stands for that"
        ),
    }
    for recipe, name in RECIPES.items():
        for stem, metric in ((name, "accuracy"), (f"{name}_top5", "top-5 accuracy")):
            columns = tuple(f"{stem}_run{seed}" for seed in SEEDS)
            yield _accuracy(
                stem, words[recipe], _ABLATION, epochs=16 if recipe == "proxified" else 0, metric=metric,
                columns=columns, run_columns=columns, reduce="mean",
            )  # fmt: skip


def _cost_labels() -> Iterator[Label]:
    for device, words in _DEVICES.items():
        if device in _WITH_LATENCY:
            yield _cost(f"imagenet_latency_{device}", f"latency on {words}", "ms", "mean, as stated")
        yield _cost(
            f"imagenet_throughput_{device}", f"throughput on {words}", "images/s", "mean, as stated", True
        )
    yield _cost(_MACS, "macs as thop counts them at 224 x 224", "M", "computed by the authors")


def _cost(name: str, metric: str, unit: str, runs: str, higher_is_better: bool = False) -> Label:
    return Label(
        name, "imagenet", UNTRAINED, 0, runs, (name,), RELEASE, metric=metric, unit=unit,
        higher_is_better=higher_is_better,
    )  # fmt: skip
