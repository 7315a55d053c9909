"""What architectures can be drawn from: a list, or all that a space's decisions make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from harness.errors import ConfigError
from harness.spaces._space import Architecture, Mask, Space

REPEATS = 500
"""So many known networks in a row, and draws from a space without a list end."""


class Population:
    """The architectures that a method may draw: ``architectures``, or where that is ``None`` the whole space.

    A space without a list is drawn from by its decisions, so that nothing ever lists it. Of a smaller space,
    ``mask`` says which candidates are left, and ``architectures`` are those that it leaves.
    """

    def __init__(
        self,
        space: Space,
        architectures: Sequence[Architecture] | None = None,
        mask: Mask | None = None,
    ) -> None:
        self.space, self.architectures, self._mask = space, architectures, mask

    @property
    def mask(self) -> Mask:
        """Which candidates can be picked: all of a whole space."""
        return self.space.full_mask if self._mask is None else self._mask

    @property
    def size(self) -> int:
        """How many architectures are listed; without a list, how many encodings the space has."""
        return self.space.size if self.architectures is None else len(self.architectures)

    def listed(self, why: str) -> Sequence[Architecture]:
        """All of them; ``why`` says in the error's words what needs them all.

        Raises
        ------
        ConfigError
            Where there is no list.
        """
        if self.architectures is None:
            raise ConfigError(
                f"{why} needs a list of all architectures, and nobody lists the {self.size:,} of "
                f"{self.space.name}: take another one, or draw some of them."
            )
        return self.architectures

    def __len__(self) -> int:
        return len(self.listed("The length of a population"))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """One architecture, uniformly over the list; without one, every decision made uniformly."""
        if self.architectures is None:
            return self.space.sample(rng)
        return self.architectures[int(rng.integers(len(self.architectures)))]

    def mutated(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """Another one that differs from ``arch`` in one decision.

        In a whole space that is :meth:`harness.spaces.Space.mutated`. In a smaller one it is drawn uniformly
        from those neighbours that the mask leaves, or, where there are none, from the whole list.
        """
        if self._mask is None:
            return self.space.mutated(arch, rng)
        near = [each for each in self.space.neighbours(arch) if self.space.leaves(self._mask, each)]
        return near[int(rng.integers(len(near)))] if near else self.sample(rng)

    def shuffled(self, rng: np.random.Generator) -> Iterator[Architecture]:
        """Every listed architecture once, in a random order; without a list, different networks.

        Draws from a space without a list end after :data:`REPEATS` networks in a row that came before.
        """
        if self.architectures is None:
            return self._drawn(rng)
        return (self.architectures[int(index)] for index in rng.permutation(len(self.architectures)))

    def _drawn(self, rng: np.random.Generator) -> Iterator[Architecture]:
        seen: set[str] = set()
        repeats = 0
        while repeats < REPEATS:
            arch = self.space.sample(rng)
            network = self.space.canonical(arch)
            repeats = repeats + 1 if network in seen else 0
            if not repeats:
                seen.add(network)
                yield arch

    def sample_distinct(self, count: int, rng: np.random.Generator) -> tuple[Architecture, ...]:
        """``count`` different networks, uniformly over isomorphism classes met in a random order.

        The order is :meth:`shuffled`'s; an architecture whose class was met before is passed over. All
        classes are returned where there are fewer than ``count``.
        """
        seen: dict[str, Architecture] = {}
        for arch in self.shuffled(rng):
            seen.setdefault(self.space.canonical(arch), arch)
            if len(seen) == count:
                break
        return tuple(seen.values())
