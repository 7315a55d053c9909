"""What is known of trained DARTS genotypes: the sources, their labels, and tables of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness import spaces
from harness.benchmarks._files import Column
from harness.benchmarks._label import Ceiling, Label
from harness.benchmarks.importers._imported import Imported, Track
from harness.benchmarks.importers._source import DAMAGE, accuracy, damaged, read_bytes

FILES = ("darts_trained.csv.gz", "antoyang214_labels.csv.gz")
SPACES = ("darts", "darts_s5")
"""A genotype keeps no ``none``, so that it belongs to both."""
CEILING = Ceiling(
    kendall=0.476,
    spearman=0.643,
    n=32,
    source=(
        "antoyang/NAS-Benchmark@c2758da, Plots: 32 genotypes, which are not named, trained with two seeds"
    ),
)
_YANG = "antoyang/NAS-Benchmark@c2758da"
_YANG_LABELS = {
    "mean_last10": (600, "mean of the test accuracies after the last 10 of its 600 epochs"),
    "best": (600, "the best of the test accuracies after each of its 600 epochs, as published: optimistic"),
    "last": (600, "test accuracy after the last of its 600 epochs"),
    "mean_last50": (600, "mean of the test accuracies after the last 50 of its 600 epochs"),
    **{
        f"epoch{epoch}": (epoch, f"test accuracy after {epoch} of its 600 epochs")
        for epoch in (50, 100, 200, 300, 450)
    },
}


@dataclass(frozen=True)
class Source:
    """Whose figures: the name in the files, the repository, its licence, the paper, and the one label."""

    name: str
    repository: str
    licence: str
    citation: str
    label: Label | None


def _label(name: str, source: str, split: str, epochs: int, runs: str) -> Label:
    return Label(name, "cifar10", split, epochs, runs, (name,), source)


_SGAS, _SWAP, _BMSR, _CDP = (
    "lightaime/sgas@9cfff65",
    "pym1024/SWAP@f6049f7",
    "Thorn-222/BMSR@c7dd5b5",
    "lyq998/CDP@e21e3ba",
)
YANG = Source(
    "antoyang214",
    _YANG,
    "GPL-3.0 (repository; figures are facts)",
    "Yang, Esperança, Carlucci: NAS Evaluation is Frustratingly Hard. ICLR 2020.",
    None,
)
SGAS = Source(
    "sgas20",
    _SGAS,
    "MIT",
    "Li, Qian, Delgadillo, Müller, Thabet, Ghanem: SGAS: Sequential Greedy Architecture Search. CVPR 2020.",
    _label(
        "cifar10_test_600_sgas", _SGAS, "test", 600,
        "one run, 36 channels and 20 cells: 100 - the published test error; found by search",
    ),
)  # fmt: skip
UNLICENSED = (
    Source(
        "swap1000", _SWAP, "none stated", "SWAP-NAS's repository.",
        _label(
            "cifar10_valid_200_swap", _SWAP, "valid", 200,
            "called validation accuracy; channels, cells, augmentation and runs are not stated",
        ),
    ),
    Source(
        "bmsr100", _BMSR, "none stated", "BMSR's repository.",
        _label(
            "cifar10_test_bmsr", _BMSR, "test", 0,
            "one run, the best test accuracy of its epochs, whose number is not stated: 0 stands for that",
        ),
    ),
    Source(
        "cdp100", _CDP, "none stated", "CDP's repository.",
        _label(
            "cifar10_test_50_cdp", _CDP, "test", 50,
            "one run, the best test accuracy of 50 epochs; 16 channels, 8 cells, batch 384",
        ),
    ),
)  # fmt: skip
"""Their figures are imported from a maintainer's own files, and not committed."""


def tables(
    folder: Path, importer: str, sources: tuple[Source, ...], licensed: bool, track: Track
) -> tuple[Imported, ...]:
    """The tables of ``sources``, one for each of :data:`SPACES`, in the same file."""
    figures: dict[str, dict[str, float]] = {}
    outside = 0
    labels = _yang_labels()
    for line in track(_lines(folder / FILES[1], {"genotype", *_YANG_LABELS}), "genotypes", None):
        for each in labels:
            _put(figures, line["genotype"], each, line[_column(each)], folder / FILES[1])
    others = {source.name: source.label for source in sources if source.label is not None}
    needed = {"source", "genotype", "accuracy_percent", "problems"}
    for line in track(_lines(folder / FILES[0], needed), "genotypes", None):
        label = others.get(line["source"])
        outside += bool(label and line["problems"])
        if label and not line["problems"]:
            _put(figures, line["genotype"], label, line["accuracy_percent"], folder / FILES[0])
    labels += tuple(others.values())
    columns = _columns(figures, labels, folder / FILES[0])
    return tuple(
        Imported(
            space=space,
            importer=importer,
            release=", ".join(source.repository for source in sources),
            source=", ".join(f"https://github.com/{source.repository.split('@')[0]}" for source in sources),
            licence="; ".join(f"{source.repository.split('/')[1]}: {source.licence}" for source in sources),
            citation=" ".join(source.citation for source in sources),
            labels=labels,
            files={"darts.parquet": columns},
            notes=_notes(outside),
            partial=True,
            licensed=licensed,
        )
        for space in SPACES
    )


def _notes(outside: int) -> tuple[str, ...]:
    left_out = (f"{outside:,} rows are outside the DARTS space and left out.",) if outside else ()
    return (
        "The truth of a few genotypes out of 1.08e18; each label is of one source, and NaN for the genotypes "
        "of the others.",
        "Yang's 214 were drawn at random and trained once each, by an implementation whose pooling is "
        "followed by an affine batch normalisation; DARTS's own evaluation network has none there.",
        "Networks of 36 channels and 20 cells; Yang trained with auxiliary head 0.4, cutout 16, drop path "
        "0.2, batches of 96, and seed 2 unless told otherwise.",
        *left_out,
    )


def _yang_labels() -> tuple[Label, ...]:
    return tuple(
        Label(
            f"cifar10_test_600_{column}", "cifar10", "test", epochs,
            f"one run, 36 channels and 20 cells: {words}",
            (f"cifar10_test_600_{column}",), _YANG, default=column == "mean_last10",
            ceiling=CEILING if epochs == 600 else None,
        )
        for column, (epochs, words) in _YANG_LABELS.items()
    )  # fmt: skip


def _column(label: Label) -> str:
    return label.name.removeprefix("cifar10_test_600_")


def _put(figures: dict[str, dict[str, float]], genotype: str, label: Label, value: str, path: Path) -> None:
    held = figures.setdefault(genotype, {})
    if label.name in held:
        raise damaged(path, f"{genotype} stands there twice")
    try:
        held[label.name] = accuracy(float(value), genotype)
    except DAMAGE as error:
        raise damaged(path, error) from error


def _columns(
    figures: Mapping[str, Mapping[str, float]], labels: Collection[Label], path: Path
) -> dict[str, Column]:
    """Of every genotype its key, string and figures, by ascending key."""
    space = spaces.load(SPACES[0])
    try:
        archs = {text: space.parse(text) for text in figures}
    except DAMAGE as error:
        raise damaged(path, error) from error
    keyed = sorted((space.key(arch), text) for text, arch in archs.items())
    if len({key for key, _ in keyed}) < len(keyed) or not keyed:
        raise damaged(path, "a genotype stands there twice, or there is none")
    return {
        "code": np.array([key for key, _ in keyed]),
        "architecture": [space.format(archs[text]) for _, text in keyed],
        **{
            label.name: np.array([figures[text].get(label.name, np.nan) for _, text in keyed])
            for label in labels
        },
    }


def _lines(path: Path, needed: Collection[str]) -> list[dict[str, str]]:
    try:
        lines = list(csv.DictReader(io.StringIO(read_bytes(path).decode("utf-8")), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise damaged(path, error) from error
    if not lines or any(line.get(name) is None for line in lines for name in needed):
        raise damaged(path, f"it needs the columns {', '.join(sorted(needed))} in every row")
    return lines
