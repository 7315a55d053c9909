"""The global random generators: what they were, and back to it."""

from __future__ import annotations

import random

import numpy as np
import torch


class Generators:
    """The states of Python's, NumPy's and torch's, with those of all GPUs in use, when it is made."""

    def __init__(self) -> None:
        self._python, self._numpy = random.getstate(), np.random.get_state()
        self._torch, self._cuda = torch.get_rng_state(), _cuda()

    def put_back(self) -> bool:
        """Whether one has moved; all are as they were now."""
        moved = not self._same()
        if moved:
            self.restore()
        return moved

    def restore(self) -> None:
        """All as they were, where it is known that they have moved."""
        random.setstate(self._python)
        np.random.set_state(self._numpy)
        torch.set_rng_state(self._torch)
        for number, state in enumerate(self._cuda):
            torch.cuda.set_rng_state(state, number)

    def _same(self) -> bool:
        name, keys, *rest = np.random.get_state()
        own_name, own_keys, *own_rest = self._numpy
        return (
            random.getstate() == self._python
            and (name, rest) == (own_name, own_rest)
            and np.array_equal(keys, own_keys)
            and torch.equal(torch.get_rng_state(), self._torch)
            and all(map(torch.equal, _cuda(), self._cuda))
        )


def _cuda() -> list[torch.Tensor]:
    count = torch.cuda.device_count() if torch.cuda.is_initialized() else 0
    return [torch.cuda.get_rng_state(number) for number in range(count)]
