"""Labels: which number exactly is meant by an architecture's accuracy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from harness.errors import UnknownNameError, unknown_name

NO_FIGURES = "none"
"""The label of a space of which nothing is known."""

UNTRAINED = "none"
"""The split of what is no matter of training or images, such as a latency."""

COUNTS: Mapping[str, str] = {
    "params_millions": "millions of parameters",
    "flops_millions": "millions of multiply-adds for one image",
}
"""Costs of a network that are counted, no labels, with their units."""

REDUCTIONS = ("value", "mean", "max")
"""How a label's columns make one number: the only column itself, their mean, their maximum."""


@dataclass(frozen=True)
class Dataset:
    """What a network has to know of a dataset: the number of classes, the side of an image in pixels."""

    classes: int
    image_size: int


@dataclass(frozen=True)
class Ceiling:
    """A published rank agreement between two trainings of ``n`` architectures, and where it stands.

    For a label whose own architectures were trained once.
    """

    kendall: float
    spearman: float
    n: int
    source: str


@dataclass(frozen=True)
class Label:
    """One way to say how good an architecture is.

    ``dataset``, ``split`` (``"test"`` or ``"valid"``) and ``epochs`` say what was measured after
    how much training; a cost that no training changes has the split :data:`UNTRAINED` and 0 epochs.
    ``metric`` and ``unit`` say which number in what (a bare number's unit is ``""``), ``higher_is_better``
    its direction; ``runs`` says in words which trainings were taken together and how.
    ``columns`` are the columns of the table, ``reduce`` is one of :data:`REDUCTIONS` (runs that
    do not exist are left out), ``run_columns`` hold the single runs where the table has them,
    ``scale`` is what stored figures are multiplied by to be in ``unit``, ``source`` the release they come
    from, ``ceiling`` a published one, where there is no second run.
    """

    name: str
    dataset: str
    split: str
    epochs: int
    runs: str
    columns: tuple[str, ...]
    source: str
    metric: str = "accuracy"
    unit: str = "per cent"
    higher_is_better: bool = True
    reduce: str = "value"
    run_columns: tuple[str, ...] = ()
    scale: float = 1.0
    default: bool = False
    ceiling: Ceiling | None = None

    @property
    def known(self) -> bool:
        """Whether there are figures of it."""
        return self.name != NO_FIGURES

    @property
    def words(self) -> str:
        """Split and epochs; what is no accuracy in per cent is named with its unit and direction."""
        if not self.known:
            return "no accuracy is known"
        words = f"{self.split} split, {self.epochs} epochs"
        if (self.metric, self.unit, self.higher_is_better) == ("accuracy", "per cent", True):
            return words
        measured = f"{self.metric} in {self.unit}" if self.unit else self.metric
        measured += "" if self.higher_is_better else ", negated"
        return measured if self.split == UNTRAINED else f"{measured}, {words}"

    def told(self, goodness: float) -> str:
        """``accuracy 94.37 %``; ``goodness`` is the figure, negated where lower is better."""
        unit = "%" if self.unit == "per cent" else self.unit
        digits = 2 if unit == "%" else 3
        return f"{self.metric} {self.sign * goodness:.{digits}f} {unit}".rstrip()

    @property
    def sign(self) -> float:
        """What a figure is multiplied by so that higher is better."""
        return 1.0 if self.higher_is_better else -1.0


ACCURACY = Label("accuracy", "", "", 0, "", (), "")
"""Stands for a label of which nothing is known but that runs were made with it."""


def reduce_columns(columns: np.ndarray, reduce: str) -> np.ndarray:
    """One number per row of ``columns`` (n, r): the value, the mean or the maximum, NaN left out.

    A row of nothing but NaN stays NaN.
    """
    if reduce == "value":
        return columns[:, 0]
    if reduce == "max":
        return np.fmax.reduce(columns, axis=1)
    present = ~np.isnan(columns)
    counts = present.sum(axis=1)
    totals = np.where(present, columns, 0.0).sum(axis=1)
    return np.divide(totals, counts, out=np.full(len(columns), np.nan), where=counts > 0)


def unknown_label(space: str, name: str, labels: Iterable[str]) -> UnknownNameError:
    """The error for a label that the table of ``space`` does not have.

    A data set's name, as people and the benchmarks' own code write it (``cifar100``, ``ImageNet16-120``,
    ``cifar10-valid``), stands for the label after the longest training on it.
    """
    known = tuple(labels)
    plain = str(name).lower().replace("-", "_")
    for stem in (plain, f"{plain}_test"):
        epochs = [
            int(found[1]) for each in known if (found := re.fullmatch(rf"{re.escape(stem)}_(\d+)", each))
        ]
        if epochs:
            return unknown_name(f"label of {space}", name, known, f"{stem}_{max(epochs)}")
    return unknown_name(f"label of {space}", name, known)
