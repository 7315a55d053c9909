"""When which candidates go, by a number for each: ABS's schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from harness.seeding import generator
from harness.shrinkers._children import Rows, operations
from harness.shrinkers._elimination import Values, dropped, lowest
from harness.spaces import Space, without

SCHEDULES = {"mobilenet": "widest", "darts": "each"}
"""By family that of ``schedule=default``, as the authors have it; of the others ``total``."""


@dataclass(frozen=True)
class Plan:
    """How many candidates go at a time, and until when, as a shrinker's ``settings`` say.

    ``schedule``, ``drop``, ``stage``, ``until`` and ``rebase`` are those of :mod:`harness.shrinkers.abs`.
    """

    space: Space
    settings: Mapping[str, Any]

    @property
    def schedule(self) -> str:
        """Its name."""
        asked = self.settings["schedule"]
        return SCHEDULES.get(self.space.family, "total") if asked == "default" else asked

    def goes_on(self, rows: Rows) -> bool:
        """Whether a further stage follows on what is left."""
        if all(sum(row) == 1 for row in rows):
            return False
        if self.schedule == "total":
            return _gone(rows) < self.settings["drop"]
        return self.size(rows) > self.settings["until"]

    def rebases(self, rows: Rows) -> bool:
        """Whether angles are no longer to the initial weights."""
        return self.schedule != "each" and _gone(rows) > self.settings["rebase"]

    def size(self, rows: Rows) -> int:
        """Architectures of the largest cell, by operations alone."""
        counts = dict(zip(operations(self.space), map(sum, rows), strict=True))
        return max(prod(counts.get(number, 1) for number in cell) for cell in self.space.decisions_by_cell)

    def next(self, rows: Rows, values: Values, rng: np.random.Generator) -> Rows:
        """What a stage leaves of ``rows``."""
        if self.schedule == "each":
            return lowest_of_each(rows, values, rng)
        if self.schedule == "widest":
            return dropped(rows, values, max(map(len, rows)), rng)
        return dropped(rows, values, min(self.settings["stage"], self.settings["drop"] - _gone(rows)), rng)

    def stages(self) -> int:
        """About how many there are: as many as where the widest decisions lose candidates first."""
        rows = tuple(self.space.full_mask[number] for number in operations(self.space))
        rng, count = generator(0, "abs", "stages"), 0
        while self.goes_on(rows):
            rows = self.next(rows, [-np.cumsum(row).astype(float) for row in rows], rng)
            count += 1
        return count


def _gone(rows: Rows) -> int:
    return sum(len(row) - sum(row) for row in rows)


def lowest_of_each(rows: Rows, values: Values, rng: np.random.Generator) -> Rows:
    """``rows`` without the candidate of the lowest value of every decision that has more than one."""
    for decision, row in enumerate(rows):
        left = np.flatnonzero(row)
        if len(left) > 1:
            rows = without(rows, decision, lowest(left, values[decision][left], rng))
    return rows
