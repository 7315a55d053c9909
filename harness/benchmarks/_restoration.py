"""How a restoration is measured here: image, degradation, networks, fit; its label and its digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.benchmarks._label import UNTRAINED, Dataset, Label
from harness.benchmarks._settings import Measuring
from harness.restoration import DEGRADATIONS, credit

CLASSES = 10
"""Of the networks where they are scored as classifiers, by proxies."""

_NAME = re.compile(r"psnr_.+_(?:noise|missing|downsampled)_.+_\d+px_\d+iterations_adam.+_seeds?[-\d]+")


@dataclass(frozen=True)
class RestorationRecipe(Measuring):
    """A fit of a deep image prior to one degraded image, the same for every architecture of a space.

    Attributes
    ----------
    space
        Name of the space.
    image, digest
        Name of the true image, and SHA-256 of it and of the degraded one.
    image_size
        Its side in pixels.
    degradation
        A name of :data:`harness.restoration.DEGRADATIONS`.
    network
        By name the sizes of the network.
    fidelity
        Their name.
    iterations, rate
        Of a fit.
    held_out
        Share of the known pixels that a fit does not read; 0 in the truth.
    seeds
        Of the fits whose mean is the figure: each draws weights and noise. What is degraded is always the
        same.
    arithmetic
        That of a GPU.
    """

    space: str
    image: str
    digest: str
    image_size: int
    degradation: str
    fidelity: str
    network: Mapping[str, Any]
    iterations: int
    rate: float
    held_out: float
    seeds: tuple[int, ...]
    arithmetic: str = "reproducible"

    form: ClassVar[int] = 1
    optimiser: ClassVar[str] = (
        "Adam, noise of 32 channels uniform in [0, 0.1), jitter 0.03, outputs averaged with 0.98"
    )

    @property
    def name(self) -> str:
        """The label's name, which says what is restored and how."""
        parts = (
            "psnr", re.sub(r"[^A-Za-z0-9]", "-", self.image), self.degradation, self.fidelity,
            f"{self.image_size}px", f"{self.iterations}iterations", f"adam{self.rate:g}",
            self.seed_words("fit")[0],
        )  # fmt: skip
        return "_".join(parts)

    @property
    def words(self) -> str:
        """The fit in a sentence's words."""
        _, runs = self.seed_words("fit")
        return (
            f"{DEGRADATIONS[self.degradation]}, fitted here and not a published figure: "
            f"{credit(self.image)}, {self.image_size} x {self.image_size} pixels, networks of fidelity "
            f"{self.fidelity}, {self.iterations:,} iterations, {self.optimiser}, rate {self.rate:g}; PSNR "
            f"against the true image after the last iteration; {runs}"
        )

    @property
    def label(self) -> Label:
        """The label, the only one of a truth that is measured."""
        return restored_label(self.name, self.image, self.words)

    @property
    def dataset(self) -> Dataset:
        """What a network has to know that is scored as a classifier."""
        return Dataset(CLASSES, self.image_size)


def restored_label(name: str, image: str = "", words: str = "") -> Label:
    """A label of a restoration: PSNR in dB, of no data set's split."""
    return Label(
        name,
        image,
        UNTRAINED,
        0,
        words,
        (),
        "measured here",
        metric="PSNR",
        unit="dB",
        default=True,
    )


def label_of_name(name: str) -> Label | None:
    """The label of a restoration that is called ``name``; ``None`` where it is the name of none."""
    return restored_label(name) if _NAME.fullmatch(name) else None
