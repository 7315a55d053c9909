"""What is known of a space that nobody has trained an architecture of: nothing."""

from __future__ import annotations

import numpy as np

from harness.benchmarks._benchmark import Architectures, Benchmark, keys_of
from harness.benchmarks._label import NO_FIGURES, Dataset, Label
from harness.spaces import Space


class NoFigures(Benchmark):
    """A benchmark without figures: any architecture may be asked about, and none is known.

    Its networks are made for the images that the space names, ``space.made_for``.
    """

    architectures, complete = None, False

    def __init__(self, space: Space) -> None:
        images = space.made_for
        self.space = space
        self.labels = {NO_FIGURES: Label(NO_FIGURES, images.dataset, "no", 0, "", (), "", default=True)}
        self.datasets = {images.dataset: Dataset(images.classes, images.pixels)}

    def values(self, archs: Architectures, label: str) -> np.ndarray:
        """NaN for each."""
        self.label(label)
        return np.full(len(keys_of(self.space, archs)), np.nan)

    def digest(self, label: str) -> str:
        """The label's name, since there are no figures."""
        return self.label(label).name
