"""What a label measures, as titles, axes and sentences name it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness import benchmarks
from harness.benchmarks import UNTRAINED
from harness.reports.wording import number


@dataclass(frozen=True)
class Quantity:
    """A label's metric and unit.

    ``sign`` is -1 where lower is better: records hold such figures negated, so that higher is better
    everywhere, and :meth:`shown` takes that back. ``digits`` are decimals; ``trained`` says whether it hangs
    on training.
    """

    metric: str = "accuracy"
    unit: str = "%"
    sign: float = 1.0
    digits: int = 2
    trained: bool = True

    @property
    def truth(self) -> str:
        """What scores are compared with: ``trained accuracy``, or a cost that no training changes."""
        return f"trained {self.metric}" if self.trained else self.metric

    @property
    def axis(self) -> str:
        """``accuracy, %``."""
        return ", ".join(filter(None, (self.metric, self.unit)))

    @property
    def title(self) -> str:
        """``Accuracy, %``, of a column."""
        return f"{self.axis[0].upper()}{self.axis[1:]}"

    @property
    def name(self) -> str:
        """``Accuracy``."""
        return f"{self.metric[:1].upper()}{self.metric[1:]}"

    @property
    def lower_first(self) -> bool:
        """Whether lower is better."""
        return self.sign < 0

    @property
    def highest(self) -> str:
        """What the best value is among all: ``highest`` or ``lowest``."""
        return "lowest" if self.lower_first else "highest"

    @property
    def points(self) -> str:
        """The unit of a difference: percentage points of a percentage."""
        return "points" if self.unit == "%" else self.unit

    @property
    def points_in_full(self) -> str:
        """The same in a sentence."""
        return "percentage points" if self.unit == "%" else self.unit or "units"

    def shown(self, value: float | None) -> float | None:
        """A figure in its unit, from what records hold."""
        return None if value is None else self.sign * value

    def stat(self, stat: Mapping[str, Any]) -> Mapping[str, Any]:
        """Mean and spread in its unit, from those of what records hold."""
        return {**stat, "mean": self.shown(stat["mean"])}

    def text(self, value: float | None) -> str:
        """``94.37 %``, from what records hold."""
        told = number(self.shown(value), self.digits)
        return told if value is None else f"{told} {self.unit}".rstrip()


def quantity_of(space: str, label: str) -> Quantity:
    """What ``label`` of ``space`` measures; accuracy in per cent where nobody knows the label any more."""
    found = benchmarks.find_label(space, label)
    if found is None:
        return Quantity()
    unit = "%" if found.unit == "per cent" else found.unit
    return Quantity(found.metric, unit, found.sign, 2 if unit == "%" else 3, found.split != UNTRAINED)
