"""What is known of a space that nobody has trained an architecture of: nothing."""

from __future__ import annotations

import numpy as np

from harness.benchmarks._benchmark import Architectures, Benchmark, keys_of
from harness.benchmarks._label import NO_FIGURES, Dataset, Label
from harness.spaces import Space

_LABEL = Label(NO_FIGURES, "cifar10", "no", 0, "", (), "", default=True)


class NoFigures(Benchmark):
    """A benchmark without figures: any architecture may be asked about, and none is known.

    Its networks have CIFAR-10's 10 classes and images of 32 x 32 pixels.
    """

    architectures, complete = None, False

    def __init__(self, space: Space) -> None:
        self.space = space
        self.labels = {NO_FIGURES: _LABEL}
        self.datasets = {_LABEL.dataset: Dataset(10, 32)}

    def values(self, archs: Architectures, label: str) -> np.ndarray:
        """NaN for each."""
        self.label(label)
        return np.full(len(keys_of(self.space, archs)), np.nan)

    def digest(self, label: str) -> str:
        """The label's name, since there are no figures."""
        return self.label(label).name
