"""What a shrinker says of an architecture, for those who judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from harness.spaces import Architecture


@dataclass(frozen=True)
class Told:
    """What a shrinker says of architectures.

    Attributes
    ----------
    of
        ``archs -> numbers``, (N,), higher is better.
    most
        Of how many that is asked, where it takes long; ``None``: of any number.
    """

    of: Callable[[Sequence[Architecture]], np.ndarray]
    most: int | None = None
