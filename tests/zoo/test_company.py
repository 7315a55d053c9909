"""A value is the same alone, beside other proxies, among other networks and the second time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness import proxies
from tests.zoo._expected import batches, measured, told
from tests.zoo._parts import head, plain
from tests.zoo._zoo import CASES

NAMES = proxies.names()
SHARE = 5
"""One proxy of so many is measured alone on a network, others on the next; all where time allows."""


@pytest.mark.parametrize("name", CASES)
def test_among_other_networks_and_beside_itself(name: str) -> None:
    """On one path of the three, which is another on the next network."""
    case = CASES[name]
    network, images = case.build(), batches(case)
    others = [made.to(case.dtype or torch.float32) for made in (plain(), head(nn.GELU()))]
    path = list(proxies.PATHS)[list(CASES).index(name) % len(proxies.PATHS)]
    among = proxies.measure_each([others[0], network, others[1], network], images, NAMES, seed=0, path=path)
    assert told(among[1]) == told(measured(name))
    assert told(among[3]) == told(measured(name))


@pytest.mark.parametrize("name", CASES)
def test_alone(name: str) -> None:
    _alone(name, NAMES[list(CASES).index(name) % SHARE :: SHARE])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_proxy_alone(name: str) -> None:
    _alone(name, NAMES)


def _alone(name: str, names: tuple[str, ...]) -> None:
    case, together = CASES[name], told(measured(name))
    network, images = case.build(), batches(case)
    alone = {}
    for proxy in names:
        alone |= told(proxies.measure(network, images, [proxy], seed=0))
    assert alone == {proxy: together[proxy] for proxy in names}
