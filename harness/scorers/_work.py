"""How much a scorer asks of a trained supernet, so that a run's time can be told before it starts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """Accuracies on the validation half and fine-tunings, of all ``supernets`` together."""

    accuracies: int
    tunings: int
    supernets: int = 1

    def __add__(self, other: Work) -> Work:
        supernets = max(self.supernets, other.supernets)
        return Work(self.accuracies + other.accuracies, self.tunings + other.tunings, supernets)
