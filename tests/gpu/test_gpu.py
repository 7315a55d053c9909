"""The parts of :mod:`tests.gpu.check` on a GPU, in small; without one they are skipped."""

from __future__ import annotations

import pytest
import torch

from harness import networks, spaces
from harness.proxies import measure
from harness.runners import arithmetic
from tests.gpu import measured
from tests.gpu.measured import TINY
from tests.gpu.settings import settings

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU here"),
]


@pytest.mark.parametrize("space", spaces.names())
def test_proxies_agree_with_the_cpu_and_with_themselves(space):
    found = measured.proxies_of(space, "cuda", TINY)
    assert {each.item: each.wrong for each in found if each.wrong} == {}


@pytest.mark.parametrize("name", measured.scorers_on_a_device())
def test_scorers_agree_with_the_cpu_and_with_themselves(name):
    before = settings()
    assert measured.scorer_of(name, "nb201", "cuda", TINY).wrong == ()
    assert settings() == before


def test_the_global_generators_of_the_card_are_left_alone():
    space = spaces.load("nb201")
    network = networks.build(
        space,
        spaces.Population(space, space.listing()).sample_distinct(1, measured.generator(0, "gpu"))[0],
        "tiny",
        0,
        10,
    )
    torch.cuda.manual_seed(3)
    before = torch.cuda.get_rng_state()
    with arithmetic("cuda"):
        measure(network.to("cuda"), measured.batches(4), ["snip", "zen"], seed=0)
    assert torch.equal(torch.cuda.get_rng_state(), before)
