"""A value is the same alone, beside other proxies, among other networks and the second time."""

from __future__ import annotations

import pytest
import torch

from harness import proxies
from harness.proxies import Measurement
from tests.zoo._expected import batches
from tests.zoo._parts import head, plain
from tests.zoo._zoo import CASES

NAMES = proxies.names()


def told(found: dict[str, Measurement]) -> dict[str, tuple[float | None, str, str]]:
    return {proxy: (each.value, each.status, each.reason) for proxy, each in found.items()}


@pytest.mark.parametrize("name", CASES)
def test_in_any_company(name: str) -> None:
    case = CASES[name]
    network, images = case.build(), batches(case)
    together = told(proxies.measure(network, images, NAMES, seed=0))
    alone = {}
    for proxy in NAMES:
        alone |= told(proxies.measure(network, images, [proxy], seed=0))
    assert alone == together
    others = [made.to(case.dtype or torch.float32) for made in (plain(), head(torch.nn.GELU()))]
    among = proxies.measure_each([others[0], network, others[1]], images, NAMES, seed=0)
    assert told(among[1]) == together
    assert told(proxies.measure(network, images, NAMES, seed=0)) == together
