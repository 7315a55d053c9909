"""Truth that is measured here: every architecture may be asked about, and is trained where it was not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from harness.benchmarks._benchmark import Architectures, Benchmark
from harness.benchmarks._recipe import Recipe
from harness.benchmarks._restoration import RestorationRecipe
from harness.errors import ConfigError
from harness.spaces import Architecture, Population, Space

AnyRecipe = Recipe | RestorationRecipe
"""How a truth is measured."""


def recipe_of_settings(settings: Mapping[str, Any]) -> AnyRecipe:
    """The recipe whose settings a record holds."""
    kind = RestorationRecipe if "degradation" in settings else Recipe
    return kind.of_settings(settings)


class Figures(Protocol):
    """The function that trains.

    ``origins`` says where the figures were made that it has handed out.
    """

    origins: list[dict[str, Any]]

    def __call__(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Architectures to their accuracies (n, seeds) in per cent, NaN where a training came to nothing."""

    def estimate(self, archs: Sequence[Architecture], more: int = 0) -> tuple[float, str]:
        """Seconds, in words too, that the truth of ``archs`` and of ``more`` others takes."""


@dataclass(frozen=True, eq=False)
class Measured(Benchmark):
    """The accuracies of ``recipe``, from ``figures``, which looks kept ones up and trains the others.

    Attributes
    ----------
    drawn_from
        Where architectures are drawn: the list of a table, or ``None`` for all that the space's decisions
        make.
    architectures
        Those that are taken for all; ``None`` where any may be asked about.
    """

    space: Space
    recipe: AnyRecipe
    figures: Figures
    drawn_from: Sequence[Architecture] | None = None
    architectures: Sequence[Architecture] | None = None
    complete: bool = False

    def __post_init__(self) -> None:
        label = self.recipe.label
        object.__setattr__(self, "labels", {label.name: label})
        object.__setattr__(self, "datasets", {label.dataset: self.recipe.dataset})

    def values(self, archs: Architectures, label: str) -> np.ndarray:
        """Mean over the seeds; an architecture without a kept figure is trained."""
        return self._trained(archs, label).mean(axis=1)

    def runs(self, archs: Architectures, label: str) -> np.ndarray | None:
        """Single trainings, where there are several."""
        return self._trained(archs, label) if len(self.recipe.seeds) > 1 else None

    def digest(self, label: str) -> str:
        """Of the recipe, and of the architectures that are taken for all."""
        self.label(label)
        taken = [self.space.format(arch) for arch in self.architectures or ()]
        return self.recipe.digest_of({"architectures": taken} if taken else {})

    @property
    def population(self) -> Population:
        """What a method may draw: those taken for all, or what all are drawn from."""
        return Population(self.space, self.drawn_from if self.architectures is None else self.architectures)

    @cached_property
    def keys(self) -> np.ndarray:
        """Of the architectures that are taken for all; raises :class:`ConfigError` where any may be asked."""
        self.require_list("This")
        return super().keys

    def require_known(self, label: str) -> None:
        """Nothing: whatever is asked about gets its figure."""
        self.label(label)

    def require_as_many(self, label: str, population: int | str) -> None:
        """See :meth:`Benchmark.require_as_many`; ``"all"`` are those that are taken for all."""
        if isinstance(population, str):
            self.require_list("task.population=all")
        elif self.architectures is not None and population > len(self.architectures):
            raise ConfigError(
                f"truth.architectures={len(self.architectures)} are known, so that task.population is no "
                f"larger, or all; received {population}."
            )

    def require_list(self, why: str) -> None:
        """Raise :class:`ConfigError` where ``why`` would need the truth of every architecture."""
        if self.architectures is None:
            raise ConfigError(needs_all(why, self.population.size, self.space))

    def _trained(self, archs: Architectures, label: str) -> np.ndarray:
        self.label(label)
        return self.figures([self._arch(each) for each in archs])

    def _arch(self, form: object) -> Architecture:
        if isinstance(form, np.integer):
            return self._by_key[int(form)]
        return self.space.normalise(self.space.parse(form))

    @cached_property
    def _by_key(self) -> dict[int, Architecture]:
        return dict(zip(self.keys.tolist(), self.architectures or (), strict=True))


def needs_all(why: str, size: int, space: Space) -> str:
    """What is wrong where ``why`` needs the truth of everything."""
    return (
        f"{why} needs the truth of all architectures, and the {size:,} of {space.name} would all have to be "
        "measured here; name how many are drawn and taken for all, like truth.architectures=20."
    )
