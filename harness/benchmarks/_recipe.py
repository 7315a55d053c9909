"""How a truth is measured here: data, size of the networks, training; its label and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.benchmarks._label import Dataset, Label

FORMAT = 1
"""Number of how a training from scratch is put together; another one is another truth."""

OPTIMISER = "SGD, momentum 0.9, weight decay 0.0003, gradients clipped at 5, rate to 0 along a cosine"


@dataclass(frozen=True)
class Recipe:
    """A training from scratch at a small fidelity, the same for every architecture of a space.

    Attributes
    ----------
    space
        Name of the space.
    input, digest
        The input that is trained on, and the SHA-256 of its images.
    classes, image_size
        Outputs of the networks; side of an image in pixels.
    images
        How many are taken; one half is trained on, and the accuracy is that on the other half.
    network
        By name the sizes of the network, such as ``channels`` and ``cells``.
    epochs, batch_size, rate
        Passes over the training half, images per step, first learning rate.
    seeds
        Of the trainings whose mean is the figure: each draws weights, halves, order and crops.
    arithmetic
        That of a GPU.
    """

    space: str
    input: str
    digest: str
    classes: int
    image_size: int
    images: int
    network: Mapping[str, Any]
    epochs: int
    batch_size: int
    rate: float
    seeds: tuple[int, ...]
    arithmetic: str = "reproducible"

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> Recipe:
        """The recipe that :attr:`settings` are of, as a record holds them."""
        names = cls.__dataclass_fields__
        return cls(**{name: value for name, value in settings.items() if name in names})

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {**asdict(self), "network": dict(self.network), "seeds": list(self.seeds)}

    @property
    def training(self) -> dict[str, Any]:
        """What one training hangs on besides its architecture and its seed."""
        told = {name: value for name, value in self.settings.items() if name != "seeds"}
        return {"format": FORMAT, "optimiser": OPTIMISER, **told}

    @property
    def name(self) -> str:
        """The label's name, which says the fidelity."""
        sizes = [f"{value}{name}" for name, value in self.network.items()]
        first, last = self.seeds[0], self.seeds[-1]
        parts = (
            "trained", self.input, *sizes, f"{self.image_size}px", f"{self.images}images",
            f"{self.epochs}epochs", f"batch{self.batch_size}", f"sgd{self.rate:g}",
            f"seed{first}" if first == last else f"seeds{first}-{last}",
        )  # fmt: skip
        return "_".join(parts)

    @property
    def words(self) -> str:
        """The fidelity in a sentence's words, so that nobody takes it for a published figure."""
        sizes = ", ".join(f"{value} {name}" for name, value in self.network.items())
        count, seeds = len(self.seeds), ", ".join(map(str, self.seeds))
        runs = f"one training (seed {seeds})" if count == 1 else f"mean of {count} trainings (seeds {seeds})"
        half = self.images // 2
        return (
            f"trained here at a small fidelity and not a published figure: {sizes}, {self.image_size} x "
            f"{self.image_size} pixels, {half:,} images of {self.input} to train on and "
            f"{self.images - half:,} to validate on, {self.epochs} epochs, batch {self.batch_size}, "
            f"{OPTIMISER}, first rate {self.rate:g}; {runs}"
        )

    @property
    def label(self) -> Label:
        """The label, the only one of a truth that is measured."""
        return Label(
            self.name, self.input, "valid", self.epochs, self.words, (), "measured here", default=True
        )

    @property
    def dataset(self) -> Dataset:
        """What a network has to know of the images."""
        return Dataset(self.classes, self.image_size)

    def digest_of(self, more: Mapping[str, Any]) -> str:
        """SHA-256, in hex, of the recipe, its seeds, and of ``more`` that it is measured of."""
        told = {**self.training, "seeds": list(self.seeds), **more}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
