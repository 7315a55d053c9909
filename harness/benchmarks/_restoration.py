"""How a restoration is measured here: image, degradation, networks, fit; its label and its digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from harness.benchmarks._label import UNTRAINED, Dataset, Label
from harness.restoration import DEGRADATIONS, credit

FORMAT = 1
"""Number of how a fit is put together; another one is another truth."""

CLASSES = 10
"""Of the networks where they are scored as classifiers, by proxies."""

OPTIMISER = "Adam, noise of 32 channels uniform in [0, 0.1), jitter 0.03, outputs averaged with 0.98"

_NAME = re.compile(r"psnr_.+_(?:noise|missing|downsampled)_.+_\d+px_\d+iterations_adam.+_seeds?[-\d]+")


@dataclass(frozen=True)
class RestorationRecipe:
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

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> RestorationRecipe:
        """The recipe that :attr:`settings` are of, as a record holds them."""
        names = cls.__dataclass_fields__
        return cls(**{name: value for name, value in settings.items() if name in names})

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        return {**asdict(self), "network": dict(self.network), "seeds": list(self.seeds)}

    @property
    def training(self) -> dict[str, Any]:
        """What one fit hangs on besides its architecture and its seed."""
        told = {name: value for name, value in self.settings.items() if name != "seeds"}
        return {"format": FORMAT, "optimiser": OPTIMISER, **told}

    @property
    def name(self) -> str:
        """The label's name, which says what is restored and how."""
        first, last = self.seeds[0], self.seeds[-1]
        parts = (
            "psnr", re.sub(r"[^A-Za-z0-9]", "-", self.image), self.degradation, self.fidelity,
            f"{self.image_size}px", f"{self.iterations}iterations", f"adam{self.rate:g}",
            f"seed{first}" if first == last else f"seeds{first}-{last}",
        )  # fmt: skip
        return "_".join(parts)

    @property
    def words(self) -> str:
        """The fit in a sentence's words."""
        count, seeds = len(self.seeds), ", ".join(map(str, self.seeds))
        runs = f"one fit (seed {seeds})" if count == 1 else f"mean of {count} fits (seeds {seeds})"
        return (
            f"{DEGRADATIONS[self.degradation]}, fitted here and not a published figure: "
            f"{credit(self.image)}, {self.image_size} x {self.image_size} pixels, networks of fidelity "
            f"{self.fidelity}, {self.iterations:,} iterations, {OPTIMISER}, rate {self.rate:g}; PSNR "
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

    def digest_of(self, more: Mapping[str, Any]) -> str:
        """SHA-256, in hex, of the recipe, its seeds, and of ``more`` that it is measured of."""
        told = {**self.training, "seeds": list(self.seeds), **more}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


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
