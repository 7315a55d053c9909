"""Figures that were measured here: a file for every training, kept for good and checked when it is read.

They lie in ``<results>/truth/<space>/``: ``<digest>.json`` is a figure, what it is of and where it was made;
``<digest>.timing.json`` how long it took, ``<digest>.pt`` a training that is not at its end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any

from harness import files, records
from harness.benchmarks import AnyRecipe
from harness.errors import DataError, ResultsError
from harness.runs.origins import Origin, well_formed

LARGEST = 2**22
"""Bytes of a figure; the curve of a thousand epochs has a twentieth of it."""


@dataclass(frozen=True)
class Training:
    """One architecture, as its string, and one seed."""

    architecture: str
    seed: int


@dataclass(frozen=True)
class Figure:
    """What a training came to: an accuracy in per cent, NaN where there is none, and where it was made.

    Of a restoration it is the PSNR in dB. ``content`` is all that was kept of it.
    """

    accuracy: float
    origins: list[Origin]
    content: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Kept:
    """The figures of one recipe below a results folder.

    ``made`` is what else a figure hangs on: code, versions, device; with ``anyone`` figures count that were
    made otherwise.
    """

    root: Path
    recipe: AnyRecipe
    made: Mapping[str, Any]
    anyone: bool = False

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.root / "truth" / self.recipe.space

    def described(self, training: Training) -> dict[str, Any]:
        """What a figure is of, in JSON's types."""
        return {**self.recipe.training, "architecture": training.architecture, "seed": training.seed}

    def path(self, training: Training) -> Path:
        """The file of a figure."""
        return self.folder / f"{_digest(self.described(training))[:16]}.json"

    def checkpoint(self, training: Training) -> Path:
        """The file of a training that is not at its end."""
        return self.path(training).with_suffix(".pt")

    def read(self, training: Training) -> Figure | None:
        """The figure of ``training``; ``None`` where there is none.

        Raises
        ------
        DataError
            For a file that is damaged, of another training than its name says, or made otherwise.
        """
        path = self.path(training)
        try:
            content = _content(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise _unusable(path, f"is damaged ({error})") from error
        if content.get("of") != self.described(training):
            raise _unusable(path, "holds another training than its name says")
        differing = records.differences(content.get("made") or {}, self.made)
        if differing and not self.anyone:
            raise DataError(
                f"{path}, a figure measured here, was made with other {differing}; take it all the "
                "same with truth.kept=any, or name another results folder, where it is trained anew."
            )
        accuracy = content.get("accuracy")
        if not isinstance(accuracy, float | None) or not well_formed(content.get("origins")):
            raise _unusable(path, "does not hold a figure")
        return Figure(nan if accuracy is None else accuracy, content["origins"], content)

    def write(self, training: Training, found: Mapping[str, Any], timing: Mapping[str, Any]) -> None:
        """Keep ``found``; raises :class:`~harness.errors.ResultsError` where it cannot be written."""
        path = self.path(training)
        content = {"of": self.described(training), "made": dict(self.made), **found}
        written = {"sha256": _digest(content), "content": content}
        text = json.dumps(written, sort_keys=True, indent=1, allow_nan=False)
        try:
            files.create(path, text.encode() + b"\n")
            files.replace(path.with_suffix(".timing.json"), json.dumps(dict(timing)).encode())
        except OSError as error:
            raise ResultsError(f"The figure {path} cannot be written: {error.strerror}.") from error


def _content(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        written = json.loads(file.read(LARGEST))
    if not isinstance(written, dict) or not isinstance(written.get("content"), dict):
        raise ValueError("it is no figure")
    if _digest(written["content"]) != written.get("sha256"):
        raise ValueError("its SHA-256 is not that of its content")
    return written["content"]


def _digest(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _unusable(path: Path, what: str) -> DataError:
    return DataError(f"{path}, a figure measured here, {what}; move it away, and it is trained again.")
