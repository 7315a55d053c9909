from __future__ import annotations

import pytest
import torch

from harness import proxies
from harness.inputs import Batch


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("plain", 64 * 3 * 6 * 9 + 4 * 6 * 8 * 9 + 8 * 5),
        ("depthwise", 64 * (3 * 6 * 9 + 6 * 9 + 8 * 3 * 9) + 8 * 5),
        ("linear", 192 * 40 + 40 * 5),
        ("reused", 64 * 3 * 6 + 2 * 64 * 36 * 9 + 6 * 5),
        ("unused", 64 * 3 * 6 * 9 + 6 * 5),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_count_by_hand(build_network, batch: Batch, name: str, count: int, dtype: torch.dtype) -> None:
    measured = proxies.measure(build_network(name, dtype), batch, ["flops"], seed=0)["flops"]
    assert (measured.value, measured.status) == (count, "ok"), measured.reason
