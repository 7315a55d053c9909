"""Layers of several branches: averages by hand, and the gradient that goes through two sets of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from harness import networks, spaces
from harness.errors import ConfigError
from harness.networks import Gate, candidate_costs, trained_cost
from harness.networks._gates import Averaged
from harness.seeding import generator

NBMACRO, NB201 = spaces.load("nbmacro"), spaces.load("nb201")


class Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.factor * inputs


@pytest.fixture
def modules() -> dict[int, nn.Module]:
    """Candidate 1 has no module: it puts out zeros."""
    return {0: Scaled(2.0), 2: Scaled(5.0)}


@pytest.mark.parametrize(
    ("chosen", "passes", "factor"),
    [
        ((0,), False, 2.0), ((0, 2), False, 3.5), ((0, 1), False, 1.0), ((), True, 1.0), ((0,), True, 1.5),
        ((0, 2), True, 8 / 3), ((1,), True, 0.5),
    ],
)  # fmt: skip
def test_a_layer_is_the_average_of_its_branches_and_of_an_input_that_passes(chosen, passes, factor, modules):
    inputs = torch.tensor([1.0, -3.0])
    found = Averaged(Gate(chosen), modules, passes)(inputs)
    torch.testing.assert_close(found, factor * inputs)


def test_the_gradient_goes_through_both_sets_and_the_value_is_the_firsts(modules):
    inputs = torch.tensor([1.0, -3.0], requires_grad=True)
    share = torch.tensor(0.3, requires_grad=True)
    found = Averaged(Gate((0,), (0, 2), share), modules, True)(inputs)
    torch.testing.assert_close(found, 1.5 * inputs)
    wanted = (found * torch.tensor([1.0, 10.0])).sum()
    of_share, of_inputs, of_first = torch.autograd.grad(wanted, [share, inputs, modules[0].factor])
    other = 8 / 3
    assert float(of_share) == pytest.approx((1.5 - other) * (1 - 30), rel=1e-5)
    torch.testing.assert_close(of_inputs, 1.5 * torch.tensor([1.0, 10.0]))
    assert float(of_first) == pytest.approx((1 - 30) / 2, rel=1e-5)
    found = Averaged(Gate((0,), (2,), share), modules, True)(inputs)
    assert torch.autograd.grad(found.sum(), [modules[2].factor], allow_unused=True) == (None,)


def test_single_branches_that_nothing_passes_are_the_supernets_own():
    supernet = networks.build_supernet(NBMACRO, "tiny")
    assert supernet.passing == (False, True, False, True, True, False, True, True)
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    # An identity averaged with its input is itself, and so is a layer without branches.
    arch = ((2,), (0,), (1,), (0,), (0,), (0,), (0,), (0,))
    expected = supernet(images, NBMACRO.mask_of(arch))
    for empty in (False, True):
        chosen = [
            () if empty and passes else picks for picks, passes in zip(arch, supernet.passing, strict=True)
        ]
        torch.testing.assert_close(supernet.averaged(list(map(Gate, chosen)))(images), expected)


def test_edges_of_a_cell_pass_their_input_and_none_is_a_branch_of_zeros():
    supernet = networks.build_supernet(NB201, "tiny")
    assert supernet.passing == (True,) * 6
    (cell, *_) = [part for part in supernet.averaged([Gate(())] * 6).body if hasattr(part, "edges")]
    inputs = torch.ones(1, 4, 2, 2)
    torch.testing.assert_close(cell(inputs), 4 * inputs)  # nodes: 1, 1 + 1, 1 + 1 + 2
    (cell, *_) = [part for part in supernet.averaged([Gate((0,))] * 6).body if hasattr(part, "edges")]
    torch.testing.assert_close(cell(inputs), (0.5 + 0.25 + 0.375) * inputs)


def test_other_supernets_have_no_such_layers():
    supernet = networks.build_supernet(spaces.load("transnas_micro"), "tiny")
    with pytest.raises(ConfigError, match="supernets of nb201 and nbmacro alone"):
        supernet.averaged([Gate((0,))] * 6)
    with pytest.raises(ConfigError, match="not in transnas_micro"):
        candidate_costs(spaces.load("transnas_micro"))


@pytest.mark.parametrize("space", [NBMACRO, NB201], ids=lambda space: space.name)
def test_costs_of_candidates_add_up(space):
    rng, costs = generator(0, "costs"), candidate_costs(space)
    first = tuple((0,) for _ in space.decisions)
    for arch in (space.sample(rng) for _ in range(20)):
        more = [sum(row[pick] - row[0] for row, (pick,) in zip(rows, arch, strict=True)) for rows in costs]
        found, base = trained_cost(space, arch), trained_cost(space, first)
        assert tuple(more) == (found[0] - base[0], found[1] - base[1])
