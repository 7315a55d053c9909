"""A value is the same alone, beside other proxies, among other networks and the second time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness import proxies
from tests.zoo._expected import batches, measured, told
from tests.zoo._parts import head
from tests.zoo._zoo import CASES

NAMES = proxies.names()
SHARE = 7
"""One proxy of so many is measured alone on a network, others on the next; all where time allows."""


@pytest.mark.parametrize("name", CASES)
def test_among_other_networks_and_alone(name: str) -> None:
    """Twice on one network; among others on one path of the three, which is another on the next network."""
    case, number = CASES[name], list(CASES).index(name)
    network, images = case.build(), batches(case)
    others = [made.to(case.dtype or torch.float32) for made in (head(nn.ReLU()), head(nn.GELU()))]
    path = list(proxies.PATHS)[number % len(proxies.PATHS)]
    among = proxies.measure_each([others[0], network, others[1]], images, NAMES, seed=0, path=path)
    assert told(among[1]) == told(measured(name))
    _alone(name, network, NAMES[number % SHARE :: SHARE])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_proxy_alone(name: str) -> None:
    _alone(name, CASES[name].build(), NAMES)


def _alone(name: str, network: nn.Module, names: tuple[str, ...]) -> None:
    together, images, alone = told(measured(name)), batches(CASES[name]), {}
    for proxy in names:
        alone |= told(proxies.measure(network, images, [proxy], seed=0))
    assert alone == {proxy: together[proxy] for proxy in names}
