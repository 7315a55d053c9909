"""A value is the same alone, beside other proxies, among other networks and the second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import pytest
import torch
from torch import nn

from harness import proxies
from harness.proxies import Measurement
from tests.zoo._expected import batches, measured, told
from tests.zoo._parts import head
from tests.zoo._zoo import CASES, Case

NAMES = proxies.names()
SHARE = 7
"""One proxy of so many is measured alone on a network, others on the next; all where time allows."""
TOGETHER = 3
"""So many networks are measured together, each of them among the others."""
ALIKE = sorted(name for name, case in CASES.items() if (case.dtype, case.shape) == (Case.dtype, Case.shape))
GROUPS = [ALIKE[first : first + TOGETHER] for first in range(0, len(ALIKE), TOGETHER)]
GROUPS += [[name] for name in CASES if name not in ALIKE]


@lru_cache(maxsize=2)
def together(number: int) -> tuple[Sequence[nn.Module], Sequence[Mapping[str, Measurement]]]:
    """The networks of a group, and what was measured of them on one path of the three.

    Where it is small, two others stand around them.
    """
    case = CASES[GROUPS[number][0]]
    networks = [CASES[name].build() for name in GROUPS[number]]
    around = [made.to(case.dtype or torch.float32) for made in (head(nn.ReLU()), head(nn.GELU()))]
    given = networks if len(networks) == TOGETHER else [around[0], *networks, around[1]]
    path = list(proxies.PATHS)[number % len(proxies.PATHS)]
    found = proxies.measure_each(given, batches(case), NAMES, seed=0, path=path)
    return networks, [found[given.index(network)] for network in networks]


@pytest.mark.parametrize("name", CASES)
def test_among_other_networks_and_alone(name: str) -> None:
    """Twice on one network, the second time by some proxies alone."""
    number = next(number for number, group in enumerate(GROUPS) if name in group)
    networks, among = together(number)
    place = GROUPS[number].index(name)
    assert told(among[place]) == told(measured(name))
    _alone(name, networks[place], NAMES[list(CASES).index(name) % SHARE :: SHARE])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_every_proxy_alone(name: str) -> None:
    _alone(name, CASES[name].build(), NAMES)


def _alone(name: str, network: nn.Module, names: tuple[str, ...]) -> None:
    together, images, alone = told(measured(name)), batches(CASES[name]), {}
    for proxy in names:
        alone |= told(proxies.measure(network, images, [proxy], seed=0))
    assert alone == {proxy: together[proxy] for proxy in names}
