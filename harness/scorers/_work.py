"""How much a scorer asks of a trained supernet, so that a run's time can be told before it starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Accuracies on the validation half, and fine-tunings."""

    accuracies: int
    tunings: int

    def __add__(self, other: Work) -> Work:
        return Work(self.accuracies + other.accuracies, self.tunings + other.tunings)
