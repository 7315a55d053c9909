"""What is known about a space: the contract of every benchmark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from typing import Any, overload

import numpy as np

from harness.benchmarks._label import Dataset, Label, unknown_label
from harness.errors import ConfigError, DataError
from harness.spaces import Architecture, Population, Space

Architectures = Sequence[Any] | np.ndarray
"""Architectures, in any form that their space parses, or an integer array of their keys."""


class Benchmark(ABC):
    """The truth about a space's architectures, as far as it is known.

    Attributes
    ----------
    space
        What can be chosen.
    labels
        By name what can be asked for, in the order in which it is shown; one is the default.
    datasets
        By name the data sets that the labels are of.
    architectures
        Those whose truth is known, in a fixed order; ``None`` where any may be asked about.
    complete
        Whether these are all that the space's authors list; not where any may be asked about.
    """

    space: Space
    labels: Mapping[str, Label]
    datasets: Mapping[str, Dataset]
    architectures: Sequence[Architecture] | None
    complete: bool

    @abstractmethod
    def values(self, archs: Architectures, label: str) -> np.ndarray:
        """Figures of ``archs`` in the label's unit, float64, NaN for what is not known.

        Raises
        ------
        UnknownNameError
            For an unknown ``label``.
        ConfigError
            For what is no architecture of the space.
        """

    @abstractmethod
    def digest(self, label: str) -> str:
        """SHA-256, in hex, of this label's figures alone and of what they are figures of."""

    def runs(self, archs: Architectures, label: str) -> np.ndarray | None:
        """Figures (n, r) of the single runs behind ``label``, NaN where one does not exist.

        ``None`` where no single runs are known.
        """
        return None

    def value(self, arch: Any, label: str) -> float:
        """The figure of one architecture."""
        return float(self.values([arch], label)[0])

    def goodness(self, archs: Architectures, label: str) -> np.ndarray:
        """:meth:`values`, negated where lower is better: what all that ranks and compares goes by."""
        return self.values(archs, label) * self.label(label).sign

    def label(self, name: str) -> Label:
        """The label called ``name``; raises :class:`~harness.errors.UnknownNameError` otherwise."""
        if name not in self.labels:
            raise unknown_label(self.space.name, name, self.labels)
        return self.labels[name]

    @property
    def default_label(self) -> Label:
        """The label that is meant where a user names none: the one marked so, or the first."""
        return max(self.labels.values(), key=lambda label: label.default)

    def dataset(self, label: str) -> Dataset:
        """What a network has to know of the data set of ``label``."""
        return self.datasets[self.label(label).dataset]

    @property
    def population(self) -> Population:
        """What a method may draw."""
        return Population(self.space, self.architectures)

    @cached_property
    def keys(self) -> np.ndarray:
        """:meth:`harness.spaces.Space.key` of :attr:`architectures`, in their order; int64."""
        if isinstance(self.architectures, Decoded):
            return self.architectures.keys
        return _keys(self.space, self._members)

    @cached_property
    def classes(self) -> np.ndarray:
        """Number of the isomorphism class of each of :attr:`architectures`, in their order; int64."""
        if self.space.one_key_per_network:
            return np.unique(self.keys, return_inverse=True)[1]
        return _classes(self.space, self._members)

    @property
    def _members(self) -> tuple[Architecture, ...]:
        return tuple(self.population.listed("This"))

    def require_known(self, label: str) -> None:
        """Make sure that ``label`` has a figure for at least one architecture.

        Raises
        ------
        DataError
            Otherwise.
        """
        if self.architectures is not None and not np.isfinite(self.values(self.keys, label)).any():
            raise DataError(
                f"Label {label} of {self.space.name} has no figures, so that nothing says how good an "
                f"architecture is; take one of {', '.join(self.labels)} that has."
            )

    def require_as_many(self, label: str, population: int | str) -> None:
        """Make sure that a population of so many architectures, or of ``"all"``, can be drawn.

        Of a benchmark that knows all that the space's authors list, fewer are drawn where there are fewer.

        Raises
        ------
        ConfigError
            Otherwise.
        """
        if isinstance(population, str):
            self.population.listed("task.population=all")
        elif not self.complete and self.architectures is not None:
            known = int(np.isfinite(self.values(self.keys, label)).sum())
            if population > known:
                raise ConfigError(
                    f"Label {label} of {self.space.name} is known for {known:,} architectures, so that "
                    f"task.population is no larger, or all; received {population}."
                )


class Decoded(Sequence[Architecture]):
    """The architectures of a space's ``keys``, each made when it is asked for."""

    def __init__(self, space: Space, keys: np.ndarray) -> None:
        self.space, self.keys = space, keys

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Architecture: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Architecture]: ...

    def __getitem__(self, index: int | slice) -> Architecture | Sequence[Architecture]:
        if isinstance(index, slice):
            return Decoded(self.space, self.keys[index])
        return self.space.of_key(int(self.keys[index]))


def keys_of(space: Space, archs: Architectures) -> np.ndarray:
    """Keys of ``archs``, int64; errors as :meth:`Benchmark.values`."""
    if isinstance(archs, np.ndarray):
        if archs.ndim != 1 or archs.dtype.kind not in "iu":
            raise DataError(
                "Architectures are given as tuples of picks or as a one-dimensional integer array of "
                f"keys; received an array of {archs.dtype} with {archs.ndim} dimension(s)."
            )
        return archs.astype(np.int64)
    if isinstance(archs, str | Mapping) or not hasattr(archs, "__len__"):
        raise ConfigError(f"Several architectures are a list of them; received {archs!r}.")
    return np.fromiter((_key(space, arch) for arch in archs), np.int64, len(archs))


def _key(space: Space, arch: Any) -> int:
    try:
        return space.key(arch)
    except (AttributeError, LookupError, TypeError, ValueError):  # it is in another form than ours
        return space.key(space.parse(arch))


@cache
def listing(space: Space) -> tuple[Architecture, ...] | None:
    """:meth:`harness.spaces.Space.listing`, asked for once."""
    return space.listing()


@cache
def _keys(space: Space, archs: tuple[Architecture, ...]) -> np.ndarray:
    return np.fromiter(map(space.key, archs), np.int64, len(archs))


@cache
def _classes(space: Space, archs: tuple[Architecture, ...]) -> np.ndarray:
    return space.class_numbers(archs)
