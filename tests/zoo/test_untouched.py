"""The network, its attributes and buffers, the generators and torch's settings stay as they were."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from harness import proxies
from tests.zoo._expected import batches
from tests.zoo._state import state_of_network, state_of_process
from tests.zoo._zoo import CASES


@pytest.mark.parametrize("name", CASES)
def test_everything_stays_as_it_was(name: str) -> None:
    case = CASES[name]
    network, handed = case.build(), batches(case)
    for number, part in enumerate(network.modules()):
        part.training = bool(number % 2)  # a mixture that must come back
    for number, parameter in enumerate(network.parameters()):
        if number % 2 and not isinstance(parameter, torch.nn.parameter.UninitializedTensorMixin):
            parameter.grad = torch.ones_like(parameter)
    images = [each.images.clone() for each in handed]
    torch.manual_seed(3)
    random.seed(3)
    np.random.seed(3)
    before = state_of_network(network), state_of_process()
    proxies.measure(network, handed, proxies.names(), seed=0)
    after = state_of_network(network), state_of_process()
    for kept, found in zip(before, after, strict=True):
        assert kept == found
    assert all(torch.equal(each.images, was) for each, was in zip(handed, images, strict=True))


def test_the_state_sees_changes() -> None:
    network = CASES["alternates by an object"].build()
    before = state_of_network(network), state_of_process()
    network(torch.zeros(2, 3, 8, 8, dtype=torch.float64))
    assert state_of_network(network) != before[0]
    random.random()
    assert state_of_process() != before[1]
