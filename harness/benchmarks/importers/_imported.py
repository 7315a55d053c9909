"""What an importer hands on, and how it is written: all files at once, or none."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from harness import spaces
from harness.benchmarks import _files, _manifest, _score_sets
from harness.benchmarks._files import Column
from harness.benchmarks._label import Dataset, Label
from harness.benchmarks._score_sets import ScoreSet
from harness.errors import DataError

Track = Callable[[Iterable[Any], str, int | None], Iterable[Any]]
"""Passes on what it iterates over and shows the progress: (items, description, number of items)."""


def untracked(items: Iterable[Any], description: str, total: int | None = None) -> Iterable[Any]:
    """Show nothing."""
    return items


@dataclass(frozen=True)
class Published:
    """How many architectures a benchmark lists, how many rows it has when complete, best figures by label."""

    size: int
    cells: int
    best: Mapping[str, float]


PUBLISHED = {
    "nb201": Published(
        15_625,
        15_625,
        {
            "cifar10_test_200": 94.3733,
            "cifar100_test_200": 73.5133,
            "imagenet16_120_test_200": 47.3111,
        },
    ),
    "nbmacro": Published(6_561, 6_561, {"cifar10_test_50": 93.1267}),
    "nb1shot1_1": Published(2_487, 3_702, {"cifar10_test_108": 94.2007}),
    "nb1shot1_2": Published(3_609, 12_474, {"cifar10_test_108": 93.9069}),
    "nb1shot1_3": Published(24_066, 135_900, {"cifar10_test_108": 94.1774}),
    "transnas_micro": Published(
        4_096,
        4_096,
        {
            "class_scene_valid_25": 54.936,
            "class_object_valid_25": 45.586,
            "room_layout_valid_25": -0.6010,
            "jigsaw_valid_10": 95.372,
            "segmentsemantic_valid_30": 94.6125,
            "normal_valid_30": 0.58729,
            "autoencoder_valid_30": 0.57723,
        },
    ),
    "transnas_macro": Published(
        3_256,
        3_256,
        {
            "class_scene_valid_25": 57.414,
            "class_object_valid_25": 47.422,
            "room_layout_valid_25": -0.58223,
            "jigsaw_valid_10": 97.019,
            "segmentsemantic_valid_30": 94.858,
            "normal_valid_30": 0.64354,
            "autoencoder_valid_30": 0.74882,
        },
    ),
    "nb101": Published(423_624, 423_624, {"cifar10_test_108": 94.3176}),
    "nats_sss": Published(32_768, 32_768, {"cifar10_test_90": 93.65}),
    "mnasnet": Published(104_485_552_128, 104_485_552_128, {"imagenet_valid_16": 67.052}),
    "darts": Published(1_037_664_180**2, 1_037_664_180**2, {}),
    "darts_s5": Published(1_037_664_180**2, 1_037_664_180**2, {}),
}
"""What the publications say of their benchmarks, for the manifest."""

DATASETS = {
    "cifar10": Dataset(10, 32),
    "cifar100": Dataset(100, 32),
    "imagenet16_120": Dataset(120, 16),
    "imagenet": Dataset(1000, 224),
    "class_scene": Dataset(47, 256),
    "class_object": Dataset(75, 256),
    "room_layout": Dataset(9, 256),
    "jigsaw": Dataset(1000, 64),
    "segmentsemantic": Dataset(17, 256),
    "normal": Dataset(3, 256),
    "autoencoder": Dataset(3, 256),
}
"""Data sets of the labels, for the manifest.

Those of TransNAS-Bench-101 are tasks on Taskonomy's images, with as many classes as the task has classes,
regressed numbers, or channels of an image.
"""


@dataclass(frozen=True)
class Imported:
    """One table, read: columns by file name (the first file is keyed by ``code``), labels, origin.

    What is not ``licensed`` is not written where it would be committed.
    """

    SECTION: ClassVar[str] = "tables"
    space: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    labels: tuple[Label, ...]
    files: Mapping[str, Mapping[str, Column]]
    notes: tuple[str, ...] = ()
    partial: bool = False
    wrong_params: int = 0
    licensed: bool = True

    @property
    def facts(self) -> str:
        """What it holds, in a few words."""
        return f"{_rows(self.files):,} rows, {len(self.labels)} labels"

    def described(self, files: Sequence[_manifest.File]) -> _manifest.Description:
        """What the manifest says of it."""
        stated, named = PUBLISHED[self.space], {label.name for label in self.labels}
        return _manifest.Description(
            title=spaces.load(self.space).title,
            importer=self.importer,
            release=self.release,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            notes=self.notes,
            partial=self.partial,
            size=stated.size,
            cells=stated.cells,
            wrong_params=self.wrong_params,
            best={label: value for label, value in stated.best.items() if label in named},
            datasets={label.dataset: DATASETS[label.dataset] for label in self.labels},
            files=tuple(files),
            labels={label.name: label for label in self.labels},
        )


@dataclass(frozen=True)
class ImportedScores:
    """Published operation scores of one space, read: the columns of one file, what its sets are, origin."""

    SECTION: ClassVar[str] = "operation_scores"
    licensed: ClassVar[bool] = True
    space: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    sets: tuple[ScoreSet, ...]
    files: Mapping[str, Mapping[str, Column]]
    notes: tuple[str, ...] = ()

    @property
    def facts(self) -> str:
        """What it holds, in a few words."""
        return f"{_rows(self.files):,} operation scores in {len(self.sets)} sets"

    def described(self, files: Sequence[_manifest.File]) -> _score_sets.ScoresEntry:
        """What the manifest says of it."""
        return _score_sets.ScoresEntry(
            title=spaces.load(self.space).title,
            importer=self.importer,
            release=self.release,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            notes=self.notes,
            file=files[0],
            sets=self.sets,
        )


def _rows(files: Mapping[str, Mapping[str, Column]]) -> int:
    return len(next(iter(next(iter(files.values())).values())))


def write(imported: Sequence[Imported | ImportedScores], folder: Path, force: bool = False) -> None:
    """Write what was ``imported`` and what the manifest says of it into ``folder``; the rest of it stays.

    Every file is written beside its destination and renamed when all of them are complete, the
    manifest last.

    Raises
    ------
    DataError
        Where ``folder`` already holds one of the tables or files and ``force`` is not set, or
        cannot be written.
    """
    readers: dict[str, Callable[[Path], Mapping[str, Any]]] = {
        "tables": _manifest.read,
        "operation_scores": _score_sets.read,
    }
    present = (folder / _manifest.NAME).exists()
    entries: dict[str, dict[str, Any]] = {
        section: {**read(folder)} if present else {} for section, read in readers.items()
    }
    names = {name for each in imported for name in each.files}
    held = sorted({each.space for each in imported if each.space in entries[each.SECTION]})
    held += sorted(name for name in names if (folder / name).exists())
    if held and not force:
        raise DataError(
            f"{folder} already holds {', '.join(held)}; add --force to replace, or choose another folder "
            "with --out."
        )
    contents: dict[Path, bytes] = {}
    for each in imported:
        for name, columns in each.files.items():
            if folder / name not in contents:
                contents[folder / name] = _files.encode(columns)
        entries[each.SECTION][each.space] = each.described(
            [_described(name, contents[folder / name], columns) for name, columns in each.files.items()]
        )
    manifest = _manifest.dumps(entries["tables"], entries["operation_scores"])
    contents[folder / _manifest.NAME] = manifest.encode()
    _replace_all(contents)


def _described(name: str, data: bytes, columns: Mapping[str, Column]) -> _manifest.File:
    return _manifest.File(name, hashlib.sha256(data).hexdigest(), len(next(iter(columns.values()))))


def _replace_all(contents: Mapping[Path, bytes]) -> None:
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in contents}
    try:
        for path, data in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary[path].write_bytes(data)
        for path, part in temporary.items():
            os.replace(part, path)
    except OSError as error:
        raise DataError(
            f"{error.filename or path} cannot be written ({error.strerror}); free the place or choose "
            "another folder with --out."
        ) from error
    finally:
        for part in temporary.values():
            with contextlib.suppress(OSError):
                part.unlink()
