from __future__ import annotations

import pytest

from harness import proxies
from harness.inputs import Batch


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("plain", 3 * 6 * 9 + 12 + 6 * 8 * 9 + 16 + 8 * 5 + 5),
        ("depthwise", 3 * 6 * 9 + 12 + 6 * 9 + 12 + 8 * 3 * 9 + 16 + 8 * 5 + 5),
        ("linear", 192 * 40 + 40 + 40 * 5 + 5),
        ("tied", 3 * 4 * 9 + 8 + 16 + 4 + 4 + 4 * 5 + 5),
        ("disconnected", 3 * 6 * 9 + 12 + 36 + 6 + 6 * 5 + 5),
    ],
)
def test_the_count_by_hand(build_network, batch: Batch, name: str, count: int) -> None:
    measured = proxies.measure(build_network(name), batch, ["params"], seed=0)["params"]
    assert (measured.value, measured.status) == (count, "ok")
