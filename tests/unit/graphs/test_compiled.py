"""Loops are compiled also where there is no folder to keep them in."""

from __future__ import annotations

import numpy as np

from harness.graphs._compiled import compiled


def test_a_loop_of_no_file_is_compiled_for_this_process() -> None:
    made: dict[str, object] = {}
    exec("def double(values):\n    for each in range(len(values)):\n        values[each] *= 2\n", made)
    values = np.arange(3.0)
    compiled(made["double"])(values)
    assert values.tolist() == [0, 2, 4]
