"""Further labels of NAS-Bench-201: costs of its networks on devices, validation accuracy, robustness.

Files beside ``accuracy.csv.gz``, each with all architectures by the authors' ``index``. Every column
becomes a label.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.benchmarks._label import UNTRAINED, Label
from harness.benchmarks.importers._lines import lines, number
from harness.benchmarks.importers._source import DAMAGE, complete, damaged


@dataclass(frozen=True)
class Further:
    """A file: its name, the label of each column, what there is to note, whether it may lack figures."""

    name: str
    labels: Mapping[str, Label]
    note: str
    holes: bool = False


_HW_NAS_BENCH, _HELP, _SUITE_ZERO = "HW-NAS-Bench v1.0", "HELP", "NAS-Bench-Suite-Zero"
_DATASETS = ("cifar10", "cifar100", "imagenet16_120")
_DEVICES = {
    "edgegpu": "an edge GPU (Jetson TX2)",
    "raspi4": "a Raspberry Pi 4",
    "edgetpu": "an Edge TPU",
    "pixel3": "a Pixel 3",
    "eyeriss": "Eyeriss",
    "fpga": "an FPGA",
}
_WITH_ENERGY = ("edgegpu", "eyeriss", "fpga")
_HELP_GPUS = {
    "1080ti": "a GTX 1080 Ti",
    "2080ti": "an RTX 2080 Ti",
    "titan_rtx": "a Titan RTX",
    "titanx": "a Titan X",
    "titanxp": "a Titan XP",
}
_HELP_OTHERS = {
    "essential_ph_1": "an Essential Ph-1",
    "gold_6226": "a Xeon Gold 6226",
    "gold_6240": "a Xeon Gold 6240",
    "pixel2": "a Pixel 2",
    "samsung_a50": "a Samsung A50",
    "samsung_s7": "a Samsung S7",
    "silver_4114": "a Xeon Silver 4114",
    "silver_4210r": "a Xeon Silver 4210R",
}
_ATTACKS = {"fgsm": "FGSM", "pgd": "PGD", "autoattack_apgd-ce": "APGD-CE", "autoattack_square": "Square"}
_ATTACK = re.compile(r"cifar10_(fgsm|pgd|autoattack_apgd-ce|autoattack_square)_linf_eps(\d+)p(\d+)_acc_pct")


def _cost(name: str, metric: str, unit: str, source: str, runs: str) -> Label:
    dataset = next(stem for stem in reversed(_DATASETS) if name.startswith(f"{stem}_"))
    return Label(
        name, dataset, UNTRAINED, 0, runs, (name,), source, metric=metric, unit=unit, higher_is_better=False
    )


def _hw_nas_bench() -> dict[str, Label]:
    found = {}
    for dataset in _DATASETS:
        for kind, unit, devices in (("latency", "ms", tuple(_DEVICES)), ("energy", "mJ", _WITH_ENERGY)):
            for device in devices:
                found[f"{dataset}_{device}_{kind}_{unit.lower()}"] = _cost(
                    f"{dataset}_{kind}_{device}",
                    f"{kind} on {_DEVICES[device]}",
                    unit,
                    _HW_NAS_BENCH,
                    "one image, as HW-NAS-Bench states it",
                )
    return found


def _help() -> dict[str, Label]:
    gpus = {f"{gpu}_{batch}": (gpu, batch) for gpu in _HELP_GPUS for batch in (1, 32, 256)}
    found = {
        f"{column}_ms": _cost(
            f"cifar10_latency_{gpu}_batch{batch}",
            f"latency on {_HELP_GPUS[gpu]}, batch {batch}",
            "ms",
            _HELP,
            f"a batch of {batch}, as HELP states it",
        )
        for column, (gpu, batch) in gpus.items()
    }
    others = {
        f"{device}_ms": _cost(
            f"cifar10_latency_{device}", f"latency on {words}", "ms", _HELP, "one image, as HELP states it"
        )
        for device, words in _HELP_OTHERS.items()
    }
    return found | others


def _validation() -> dict[str, Label]:
    runs = "one run (of which seed is not stated), accuracy on the half of the test set called x-valid"
    return {
        f"{dataset}_xvalid_200_one_seed_pct": Label(
            name := f"{dataset}_valid_200_one_seed", dataset, "valid", 200, runs, (name,), _SUITE_ZERO
        )
        for dataset in ("cifar100", "imagenet16_120")
    }


def _robustness(columns: Collection[str]) -> dict[str, Label]:
    found = {}
    for column in columns:
        if match := _ATTACK.fullmatch(column):
            attack, strength = _ATTACKS[match[1]], f"{match[2]}.{match[3]}".removesuffix(".0")
            name = f"cifar10_test_200_{attack.lower().replace('-', '_')}_{match[2]}_{match[3]}"
            found[column] = Label(
                name.removesuffix("_0"),
                "cifar10",
                "test",
                200,
                f"one run on half of the training set, under the attack {attack} of at most {strength} / 255 "
                "in any pixel",
                (name.removesuffix("_0"),),
                "Jung, Lukasik, Keuper: Neural Architecture Design and Robustness, ICLR 2023",
                metric=f"accuracy under {attack}",
            )
    return found


LICENSED = (
    Further(
        "hw_nas_bench.csv.gz",
        _hw_nas_bench(),
        "Costs of HW-NAS-Bench: 4,699 networks cannot be compiled for the Edge TPU. FPGA energy is 7 times "
        "its latency, and FPGA figures of CIFAR-10 and CIFAR-100 are equal. The least latencies of Raspberry "
        "Pi 4 and Pixel 3 are those of networks without a path from input to output.",
        holes=True,
    ),
    Further(
        "help_latency.csv.gz",
        _help(),
        "Of HELP's 27 settings those of Pixel 3, Raspberry Pi 4, Eyeriss and FPGA are left out: they are "
        "HW-NAS-Bench's. Input of CIFAR's size.",
    ),
    Further(
        "validation_one_seed.csv.gz",
        _validation(),
        "Validation accuracy at 200 epochs on CIFAR-100 and ImageNet16-120 is one run's, by way of NASLib.",
    ),
)
ROBUSTNESS = "robustness_cifar10.csv.gz"


def robustness(folder: Path) -> Further:
    """The file of accuracies under attacks; errors as of :func:`read`."""
    first = lines(folder / ROBUSTNESS, ("index",))[0]
    return Further(
        ROBUSTNESS,
        _robustness(first),
        "Robustness is of the networks trained on half of the training set; isomorphic cells share a "
        "figure. The repository of the figures states no licence.",
    )


def read(
    folder: Path, files: Sequence[Further], index: np.ndarray, partial: bool
) -> tuple[dict[str, np.ndarray], tuple[Label, ...], tuple[str, ...]]:
    """Columns in the order of ``index``, their labels, and notes; where ``partial`` a file may be missing.

    Raises
    ------
    DataError
        Where a file is missing, damaged, or lacks an architecture of ``index``.
    """
    columns: dict[str, np.ndarray] = {}
    labels: list[Label] = []
    notes: list[str] = []
    for each in files:
        if partial and not (folder / each.name).exists():
            continue
        columns |= _columns(folder / each.name, each, index, partial)
        labels += each.labels.values()
        notes.append(each.note)
    return columns, tuple(labels), tuple(notes)


def _columns(path: Path, each: Further, index: np.ndarray, partial: bool) -> dict[str, np.ndarray]:
    found = lines(path, ("index", *each.labels))
    try:
        rows = {int(line["index"]): line for line in found}
        known = [rows.get(number) for number in index.tolist()]
        complete(sum(row is not None for row in known), len(index), path, partial)
        columns = {
            label.name: np.array(
                [_figure(row, column, label, each.holes) for row in known],
            )
            for column, label in each.labels.items()
        }
    except DAMAGE as error:
        raise damaged(path, error) from error
    if len(rows) < len(found):
        raise damaged(path, "an architecture stands there twice")
    return columns


def _figure(row: Mapping[str, str] | None, column: str, label: Label, holes: bool) -> float:
    if row is None:
        return np.nan
    high = 100.0 if label.unit == "per cent" else np.inf
    value = number(row[column], f"architecture {row['index']}, {column}", 0.0, high)
    if np.isnan(value) and not holes:
        raise ValueError(f"architecture {row['index']} has no {column}")
    return value
