"""Random draws by name: a draw depends on the seed and its own name, on nothing that ran before."""

from __future__ import annotations

import hashlib

import numpy as np


def derive(seed: int, *names: object) -> int:
    """Derive a 63-bit seed for the draw called ``names`` under the run's ``seed``.

    The first 8 bytes of SHA-256 over the seed and the names, each with its length, so that
    ``("a", "bc")`` and ``("ab", "c")`` differ; the sign bit is dropped because torch takes
    signed 64-bit seeds.

    Examples
    --------
    >>> derive(0, "weights") == derive(0, "weights"), derive(0, "weights") == derive(1, "weights")
    (True, False)
    """
    digest = hashlib.sha256()
    for part in (seed, *names):
        text = str(part).encode()
        digest.update(len(text).to_bytes(8, "little") + text)
    return int.from_bytes(digest.digest()[:8], "little") >> 1


def generator(seed: int, *names: object) -> np.random.Generator:
    """A NumPy generator for the draw called ``names``."""
    return np.random.default_rng(derive(seed, *names))
