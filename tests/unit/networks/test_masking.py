"""Conventions of masking, against a second way to compute each: which branch runs on what, times what."""

from __future__ import annotations

import operator

import numpy as np
import pytest
import torch
import torch.fx
from torch import nn

from harness import networks, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.networks import MASKINGS, nb201

SPACES = spaces.names()
RUNNING = tuple(name for name in MASKINGS if name != "drop")
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))


def images() -> torch.Tensor:
    return torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def supernet_of(name: str) -> networks.Supernet:
    return networks.build_supernet(spaces.load(name), "tiny", seed=1).double().eval()


def random_masks(space: spaces.Space, count: int = 6) -> list[spaces.Mask]:
    """Masks in which some decisions are open, some decided, and some partly open."""
    rng = np.random.default_rng(0)
    masks = []
    for _ in range(count):
        mask = []
        for decision in space.decisions:
            left = int(rng.integers(decision.picks, len(decision.candidates) + 1))
            kept = set(rng.permutation(len(decision.candidates))[:left].tolist())
            mask.append(tuple(index in kept for index in range(len(decision.candidates))))
        masks.append(tuple(mask))
    return masks


class Codes:
    """The kernel of ReLU codes, how often a ReLU is called, and how many units were fed zeros alone."""

    def __init__(self, module: nn.Module, batch: torch.Tensor) -> None:
        self.kernel, self.calls, self.dead_units = torch.zeros(len(batch), len(batch)), 0, 0
        relus = [layer for layer in module.modules() if isinstance(layer, nn.ReLU)]
        handles = [relu.register_forward_pre_hook(self._see) for relu in relus]
        with torch.no_grad():
            self.output = module(batch)
        for handle in handles:
            handle.remove()

    def _see(self, layer: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        codes = (arguments[0] > 0).flatten(1).float()
        self.kernel = self.kernel + codes @ codes.T + (1 - codes) @ (1 - codes).T
        self.calls += 1
        self.dead_units += 0 if arguments[0].any() else codes.shape[1]


Factors = list[tuple[float, float]]
"""For every candidate what its input and what its output is multiplied by."""


def factors(decision: spaces.Decision, kept: tuple[bool, ...], masking: str) -> Factors:
    n, decided = len(kept), sum(kept) == decision.picks
    removed = {
        "zeros": (0.0, 0.0),
        "weightless": (1.0, 0.0),
        "undiscretised": (1.0, 1 / n) if decided else (0.0, 0.0),
    }[masking]
    return [(1.0, 1.0 if decided else 1 / n) if keep else removed for keep in kept]


class Reference(nn.Module):
    """A supernet whose every candidate runs, on its first factor times the input, and counts its second."""

    def __init__(self, supernet: networks.Supernet, mask: spaces.Mask, masking: str) -> None:
        super().__init__()
        self.supernet = supernet
        decisions = supernet.space.decisions
        self.factors = [factors(d, kept, masking) for d, kept in zip(decisions, mask, strict=True)]

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        cell = getattr(self, self.supernet.space.family)
        state = self.supernet.stem(batch)
        for part in self.supernet.body:
            state = cell(part, state) if hasattr(part, "masked") else part(state)
        return self.supernet.head(state)

    def nb201(self, cell: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        states = [inputs, 0.0, 0.0, 0.0]
        for (target, parent), edge in zip(EDGES, self.factors, strict=True):
            operations = cell.edges[f"{target}<-{parent}"]
            for name, (before, after) in zip(nb201.OPERATIONS, edge, strict=True):
                if name != "none":
                    states[target] = states[target] + after * operations[name](before * states[parent])
        return states[3]

    def nbmacro(self, layer: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        layer_factors = zip(layer.candidates, self.factors[layer.index], strict=True)
        return sum(after * candidate(before * inputs) for candidate, (before, after) in layer_factors)

    def nb1shot1(self, cell: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        space = cell.space
        chosen = dict(zip(space.input_nodes, self.factors[space.blocks :], strict=True))
        states: dict[int, torch.Tensor] = {}
        for v in range(1, space.blocks + 2):
            parents = chosen.get(v, [(1.0, 1.0)] * v)
            sources = {0: cell.projections[v - 1](parents[0][0] * inputs), **states}
            parts = [after * sources[parent] for parent, (_, after) in enumerate(parents)]
            if v <= space.blocks:
                blocks = zip(cell.blocks[v - 1], self.factors[v - 1], strict=True)
                states[v] = sum(
                    after * operation(before * sum(parts)) for operation, (before, after) in blocks
                )
        return torch.cat(parts, 1)


@pytest.mark.parametrize("masking", RUNNING)
@pytest.mark.parametrize("name", SPACES)
def test_outputs_relu_calls_and_kernels_are_the_references(name, masking):
    supernet = supernet_of(name)
    space = supernet.space
    decided = space.mask_of(space.sample(np.random.default_rng(3)))
    for mask in [space.full_mask, decided, *random_masks(space)]:
        found = Codes(supernet.masked(mask, masking), images())
        expected = Codes(Reference(supernet, mask, masking), images())
        torch.testing.assert_close(found.output, expected.output, rtol=1e-9, atol=1e-9)
        assert found.calls == expected.calls
        assert torch.equal(found.kernel, expected.kernel)


@pytest.mark.parametrize("name", SPACES)
def test_dropped_zeroed_and_weightless_candidates_leave_the_same_outputs(name):
    supernet = supernet_of(name).float()
    batch = images().float()
    for mask in random_masks(supernet.space):
        dropped = supernet(batch, mask)
        assert torch.equal(supernet(batch, mask, "drop"), dropped)
        assert torch.equal(supernet(batch, mask, "zeros"), dropped)
        assert torch.equal(supernet(batch, mask, "weightless"), dropped)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("decided", [False, True])
def test_zeros_add_a_constant_to_the_kernel(name, decided):
    """Of the removed operations alone: parents are all left, so that the same blocks run."""
    supernet = supernet_of(name)
    space = supernet.space
    mask = spaces.without(space.full_mask, 1, 2)
    if decided:
        mask = spaces.only(spaces.only(mask, 0, (1,)), 2, (1,))
    dropped, zeroed = (Codes(supernet.masked(mask, masking), images()) for masking in ("drop", "zeros"))
    difference = zeroed.kernel - dropped.kernel
    assert dropped.dead_units == 0
    assert zeroed.dead_units > 0
    assert torch.equal(difference, torch.full_like(difference, zeroed.dead_units))


@pytest.mark.parametrize(
    ("masking", "calls"), [("drop", 0), ("zeros", 12), ("weightless", 12), ("undiscretised", 12)]
)
def test_relu_calls_of_a_nb201_cell_that_is_decided_for_skip_connections(masking, calls):
    """Six edges with two convolutions each, behind one ReLU each."""
    supernet = supernet_of("nb201")
    cell = supernet.masked(supernet.space.mask_of(((1,),) * 6), masking).body[0]
    assert Codes(cell, torch.ones(2, 4, 8, 8, dtype=torch.float64)).calls == calls


def test_an_undiscretised_layer_keeps_a_third_of_the_others():
    supernet = supernet_of("nbmacro")
    mask = spaces.only(supernet.space.full_mask, 1, (2,))
    layer, inputs = supernet.body[1], images().new_ones(2, 8, 8, 8).cumsum(3) - 4
    identity, small, large = (candidate(inputs) for candidate in layer.candidates)
    decided = supernet.masked(mask, "undiscretised").body[1](inputs)
    torch.testing.assert_close(decided, large + (identity + small) / 3)
    torch.testing.assert_close(supernet.masked(mask, "zeros").body[1](inputs), large)
    still_open = supernet.masked(spaces.without(supernet.space.full_mask, 1, 0), "undiscretised").body[1]
    torch.testing.assert_close(still_open(inputs), (small + large) / 3)


@pytest.mark.parametrize("masking", RUNNING)
@pytest.mark.parametrize("name", SPACES)
def test_everything_runs_and_gets_a_finite_gradient(name, masking):
    supernet = supernet_of(name).train()
    space = supernet.space
    view = supernet.masked(space.mask_of(space.sample(np.random.default_rng(2))), masking)
    dropped = supernet.masked(space.mask_of(space.sample(np.random.default_rng(2))))
    assert set(view.parameters()) == set(supernet.parameters())
    view(images()).square().sum().backward()
    left = set(dropped.parameters())
    for parameter in supernet.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter in left or masking == "undiscretised" or not parameter.grad.any()


class Tracer(torch.fx.Tracer):
    """Records what happens between layers."""

    def is_leaf_module(self, module: nn.Module, qualified_name: str) -> bool:
        return isinstance(module, nn.Conv2d | nn.Linear) or super().is_leaf_module(module, qualified_name)


@pytest.mark.parametrize("masking", MASKINGS)
@pytest.mark.parametrize("name", SPACES)
def test_a_view_can_be_traced_without_knowing_a_shape(name, masking):
    supernet = supernet_of(name)
    for mask in random_masks(supernet.space, count=2):
        view = supernet.masked(mask, masking)
        graph = Tracer().trace(view)
        functions = {node.target for node in graph.nodes if node.op == "call_function"}
        assert functions <= {operator.add, operator.mul, torch.add, torch.cat, torch.zeros_like}
        assert not any(node.op == "call_method" for node in graph.nodes)
        assert torch.equal(torch.fx.GraphModule(view, graph)(images()), view(images()))


@pytest.mark.parametrize("name", SPACES)
def test_without_a_removed_candidate_all_conventions_are_one(name):
    supernet = supernet_of(name)
    kernels = [
        Codes(supernet.masked(supernet.space.full_mask, masking), images()).kernel for masking in MASKINGS
    ]
    assert all(torch.equal(kernel, kernels[0]) for kernel in kernels)


def test_an_unknown_masking_is_answered_with_the_known_ones():
    supernet = supernet_of("nb201")
    message = (
        "Unknown masking 'zero'. Did you mean 'zeros'\\? Allowed: drop, undiscretised, weightless, zeros."
    )
    with pytest.raises(UnknownNameError, match=message):
        supernet(images(), masking="zero")
    with pytest.raises(UnknownNameError, match=message):
        supernet.masked(supernet.space.full_mask, "zero")


def test_the_released_code_masks_in_three_ways(monkeypatch):
    released = {name: networks.released_masking(spaces.load(name)) for name in SPACES}
    shot = dict.fromkeys(("nb1shot1_1", "nb1shot1_2", "nb1shot1_3"), "weightless")
    assert released == {"nb201": "zeros", "nbmacro": "undiscretised", **shot}
    monkeypatch.delattr(nb201, "RELEASED_MASKING")
    with pytest.raises(
        ConfigError, match="released no code for spaces of the family nb201, .* name one of drop,"
    ):
        networks.released_masking(spaces.load("nb201"))
