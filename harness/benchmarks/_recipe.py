"""How a truth is measured here: data, size of the networks, training; its label and its digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.benchmarks._label import Dataset, Label
from harness.benchmarks._settings import Measuring


@dataclass(frozen=True)
class Recipe(Measuring):
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
    convolutions
        A name of :data:`harness.networks.CONVOLUTIONS`.
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
    convolutions: str = "real"

    form: ClassVar[int] = 1
    optimiser: ClassVar[str] = (
        "SGD, momentum 0.9, weight decay 0.0003, gradients clipped at 5, rate to 0 along a cosine"
    )

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in JSON's types; convolutions where they are not real."""
        told = super().settings
        if self.convolutions == "real":
            del told["convolutions"]
        return told

    @property
    def name(self) -> str:
        """The label's name, which says the fidelity."""
        sizes = [f"{value}{name}" for name, value in self.network.items()]
        if self.convolutions != "real":
            sizes.append(self.convolutions)
        parts = (
            "trained", self.input, *sizes, f"{self.image_size}px", f"{self.images}images",
            f"{self.epochs}epochs", f"batch{self.batch_size}", f"sgd{self.rate:g}",
            self.seed_words("training")[0],
        )  # fmt: skip
        return "_".join(parts)

    @property
    def words(self) -> str:
        """The fidelity in a sentence's words, so that nobody takes it for a published figure."""
        sizes = ", ".join(f"{value} {name}" for name, value in self.network.items())
        if self.convolutions != "real":
            sizes += f", {self.convolutions} convolutions"
        _, runs = self.seed_words("training")
        half = self.images // 2
        return (
            f"trained here at a small fidelity and not a published figure: {sizes}, {self.image_size} x "
            f"{self.image_size} pixels, {half:,} images of {self.input} to train on and "
            f"{self.images - half:,} to validate on, {self.epochs} epochs, batch {self.batch_size}, "
            f"{self.optimiser}, first rate {self.rate:g}; {runs}"
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
