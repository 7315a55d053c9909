"""Conventions of masking, against a second way to compute each: which branch runs on what, times what."""

from __future__ import annotations

import importlib
import operator

import numpy as np
import pytest
import torch
import torch.fx
from torch import nn

from harness import graphs, networks, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.networks import MASKINGS, nb201
from harness.proxies._kernel import watched_kernel
from harness.released import block_input

SPACES = tuple(name for name in spaces.names() if networks.has_supernet(spaces.load(name)))
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
        relus = [layer for layer in module.modules() if isinstance(layer, nn.ReLU | nn.ReLU6)]
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


def factors(
    decision: spaces.Decision,
    kept: tuple[bool, ...],
    masking: str,
    weights: list[float] | None = None,
    summed: bool = False,
) -> Factors:
    n, decided = len(kept), sum(kept) == decision.picks
    removed = {
        "zeros": (0.0, 0.0),
        "weightless": (1.0, 0.0),
        "undiscretised": (1.0, 1 / n) if decided else (0.0, 0.0),
    }[masking]
    own = [1.0] * n if decided else weights or [1.0 if summed else 1 / n] * n
    return [(1.0, weight) if keep else removed for keep, weight in zip(kept, own, strict=True)]


class Reference(nn.Module):
    """A supernet whose every candidate runs, on its first factor times the input, and counts its second."""

    def __init__(
        self,
        supernet: networks.Supernet,
        mask: spaces.Mask,
        masking: str,
        weights: list[list[float]] | None = None,
    ) -> None:
        super().__init__()
        self.supernet, self.mask = supernet, mask
        decisions = supernet.space.decisions
        rows = [None] * len(decisions) if weights is None else weights
        self.factors = [
            factors(d, kept, masking, row, supernet.space.family == "mobilenet")
            for d, kept, row in zip(decisions, mask, rows, strict=True)
        ]

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        if self.supernet.space.family == "darts":
            before, last = self.supernet.stem(batch)
            for part in self.supernet.body:
                before, last = last, self.darts(part, last, before)
            return self.supernet.head(last)
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

    def transnas_micro(self, cell: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        states = [inputs]
        for node in (1, 2, 3):
            shape = (len(inputs), cell.layer.outputs, *(-(-n // cell.layer.stride) for n in inputs.shape[2:]))
            states.append(inputs.new_zeros(shape))
            for (target, parent), edge in zip(EDGES, self.factors, strict=True):
                for name, (before, after) in zip(nb201.OPERATIONS[:4], edge, strict=True):
                    if target == node and name != "none":
                        operation = cell.edges[f"{target}<-{parent}"][name]
                        states[target] = states[target] + after * operation(before * states[parent])
        return states[3]

    def darts(self, cell: nn.Module, last: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        states = [project(state) for project, state in zip(cell.projections, (before, last), strict=True)]
        place = 0
        for node in (2, 3, 4, 5):
            taken, terms = self.inputs(cell, node), []
            for parent in range(node):
                row, edge = self.factors[cell.first + place], cell.operations[place]
                source = taken[parent][0] * states[parent]
                outputs = [row[int(index)][1] * edge[index](row[int(index)][0] * source) for index in edge]
                terms.append(taken[parent][1] * sum(outputs))
                place += 1
            states.append(sum(terms))
        return torch.cat(states[2:], 1)

    def inputs(self, cell: nn.Module, node: int) -> Factors:
        """Those of a node's inputs: an open one counts n times its weight."""
        index = cell.first_input + node - 3
        if node == 2:
            return [(1.0, 1.0)] * 2
        decided = sum(self.mask[index]) == 2
        kept = zip(self.mask[index], self.factors[index], strict=True)
        return [(before, after if decided or not keep else node * after) for keep, (before, after) in kept]

    def nbmacro(self, layer: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
        layer_factors = zip(layer.candidates, self.factors[layer.index], strict=True)
        return sum(after * candidate(before * inputs) for candidate, (before, after) in layer_factors)

    mobilenet = nbmacro

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


@pytest.mark.parametrize(
    "name", [name for name in SPACES if not name.startswith("darts_s") or name == "darts_s5"]
)
@pytest.mark.parametrize("decided", [False, True])
def test_zeros_add_a_constant_to_the_kernel(name, decided):
    """Of the removed operations alone: parents are all left, so that the same blocks run."""
    supernet = supernet_of(name)
    space = supernet.space
    convolution = {"darts": 4, "darts_s5": 3}.get(name, 2)
    mask = spaces.without(space.full_mask, 1, convolution)
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
@pytest.mark.parametrize("name", [name for name in SPACES if not name.startswith(("darts", "transnas"))])
def test_a_view_can_be_traced_without_knowing_a_shape(name, masking):
    supernet = supernet_of(name)
    for mask in random_masks(supernet.space, count=2):
        view = supernet.masked(mask, masking)
        graph = Tracer().trace(view)
        functions = {node.target for node in graph.nodes if node.op == "call_function"}
        between = {operator.add, operator.mul, torch.add, torch.cat, torch.zeros_like, block_input}
        assert functions <= between
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
    families = {
        name: importlib.import_module(f"harness.networks.{spaces.load(name).family}") for name in SPACES
    }
    released = {
        name: networks.released_masking(spaces.load(name))
        for name, family in families.items()
        if hasattr(family, "RELEASED_MASKING")
    }
    shot = dict.fromkeys(("nb1shot1_1", "nb1shot1_2", "nb1shot1_3"), "weightless")
    shot |= {name: "drop" for name in SPACES if name.startswith("darts")}
    assert released == {"nb201": "zeros", "nbmacro": "undiscretised", "mobilenet": "drop", **shot}
    monkeypatch.delattr(nb201, "RELEASED_MASKING")
    with pytest.raises(
        ConfigError, match="released no code for spaces of the family nb201, .* name one of drop,"
    ):
        networks.released_masking(spaces.load("nb201"))


WEIGHTABLE = tuple(name for name in MASKINGS if name != "undiscretised")
FAMILIES = ("nb201", "nbmacro", "nb1shot1_1")


def random_weights(space: spaces.Space) -> list[list[float]]:
    """Weights that do not add up to 1, as if the rest had been removed."""
    rng = np.random.default_rng(7)
    return [rng.uniform(0.05, 0.6, len(decision.candidates)).tolist() for decision in space.decisions]


@pytest.mark.parametrize("masking", WEIGHTABLE)
@pytest.mark.parametrize("name", FAMILIES)
def test_own_weights_are_the_references(name, masking):
    """Also where candidates are removed, whose weight goes to nobody, and where decisions are made."""
    supernet = supernet_of(name)
    space, weights = supernet.space, random_weights(supernet.space)
    runs = "zeros" if masking == "drop" else masking
    for mask in [space.full_mask, *random_masks(space, 3)]:
        found = Codes(supernet.masked(mask, masking, weights), images())
        expected = Codes(Reference(supernet, mask, runs, weights), images())
        torch.testing.assert_close(found.output, expected.output, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(supernet(images(), mask, masking, weights), found.output)
        if masking != "drop":
            assert found.calls == expected.calls
            assert torch.equal(found.kernel, expected.kernel)


@pytest.mark.parametrize("name", FAMILIES)
def test_equal_weights_are_the_default(name):
    supernet = supernet_of(name)
    equal = [[1 / len(d.candidates)] * len(d.candidates) for d in supernet.space.decisions]
    for mask in [supernet.space.full_mask, *random_masks(supernet.space, 2)]:
        expected = supernet(images(), mask)
        torch.testing.assert_close(supernet(images(), mask, weights=equal), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_weight_of_one_and_zeros_beside_it_are_the_architecture(name):
    supernet = supernet_of(name)
    space = supernet.space
    for seed in range(4):
        arch = space.sample(np.random.default_rng(seed))
        weights = [[float(keep) for keep in row] for row in space.mask_of(arch)]
        expected = supernet(images(), space.mask_of(arch))
        torch.testing.assert_close(supernet(images(), weights=weights), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FAMILIES)
def test_weights_of_decided_decisions_do_not_count(name):
    supernet = supernet_of(name)
    space, weights = supernet.space, random_weights(supernet.space)
    mask = space.mask_of(space.sample(np.random.default_rng(3)))
    assert torch.equal(supernet(images(), mask, weights=weights), supernet(images(), mask))
    assert not torch.equal(supernet(images(), weights=weights), supernet(images()))


@pytest.mark.parametrize("name", FAMILIES)
def test_weights_may_be_numbers_or_tensors(name):
    supernet = supernet_of(name)
    weights = random_weights(supernet.space)
    tensors = [torch.tensor(row, dtype=torch.float64) for row in weights]
    for mask in [supernet.space.full_mask, *random_masks(supernet.space, 2)]:
        expected = supernet(images(), mask, weights=weights)
        assert torch.equal(supernet(images(), mask, weights=tensors), expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_reach_the_weights_that_count(name):
    """Those of candidates that are left of open decisions; the last decision is made."""
    supernet = supernet_of(name)
    space = supernet.space
    last = space.decisions[-1]
    made = range(len(last.candidates) - last.picks, len(last.candidates))
    mask = spaces.only(spaces.without(space.full_mask, 1, 1), len(space.decisions) - 1, tuple(made))
    weights = [torch.tensor(row, dtype=torch.float64, requires_grad=True) for row in random_weights(space)]

    def value(*rows: torch.Tensor) -> torch.Tensor:
        return supernet(images()[:2], mask, weights=rows).square().sum()

    assert torch.autograd.gradcheck(value, weights)
    slopes = torch.autograd.grad(value(*weights), weights[:-1])
    for decision, kept, row in zip(space.decisions, mask, slopes, strict=False):
        for candidate, left, slope in zip(decision.candidates, kept, row, strict=True):
            assert bool(slope) == (left and candidate != "none"), (decision.name, candidate)
    assert torch.autograd.grad(value(*weights), weights[-1], allow_unused=True) == (None,)


def test_a_layer_of_nas_bench_macro_is_the_weighted_sum():
    supernet = supernet_of("nbmacro")
    layer, inputs = supernet.body[1], images().new_ones(2, 8, 8, 8).cumsum(3) - 4
    weights = random_weights(supernet.space)
    weights[1] = [0.5, 0.2, 0.1]
    identity, small, large = (candidate(inputs) for candidate in layer.candidates)
    whole = supernet.masked(supernet.space.full_mask, "drop", weights).body[1]
    torch.testing.assert_close(whole(inputs), 0.5 * identity + 0.2 * small + 0.1 * large)
    less = supernet.masked(spaces.without(supernet.space.full_mask, 1, 0), "drop", weights).body[1]
    torch.testing.assert_close(less(inputs), 0.2 * small + 0.1 * large)
    assert "weight=[0.2, 0.1]" in repr(less)


def test_an_edge_of_nas_bench_201_is_the_weighted_sum_and_none_adds_nothing():
    supernet = supernet_of("nb201")
    space, inputs = supernet.space, images().new_ones(2, 4, 8, 8).cumsum(3) - 4
    weights = [[0.3, 0.2, 0.1, 0.25, 0.15]] * 6
    mask = space.mask_of(((0,),) * 6)
    mask = (*mask[:3], (True, True, False, True, True), *mask[4:])
    operations = supernet.body[0].edges["3<-0"]
    parts = {name: operations[name](inputs) for name in operations}
    expected = 0.2 * parts["skip_connect"] + 0.25 * parts["nor_conv_3x3"] + 0.15 * parts["avg_pool_3x3"]
    torch.testing.assert_close(supernet.masked(mask, "drop", weights).body[0](inputs), expected)


def test_parents_of_nas_bench_1shot1_are_weighted_one_by_one():
    """Of the first cell: the input and the first block, whose only parent is the input, in its output."""
    supernet = supernet_of("nb1shot1_1")
    space, cell, inputs = supernet.space, supernet.body[0], images().new_ones(2, 4, 8, 8).cumsum(2) - 4
    weights = random_weights(space)
    output = [decision.name for decision in space.decisions].index("parents_out")
    weights[output][:2] = 0.5, 0.3
    found = supernet.masked(space.full_mask, "drop", weights).body[0](inputs)
    torch.testing.assert_close(found[:, :4], 0.5 * cell.projections[4](inputs))
    first = cell.projections[0](inputs)
    block = sum(w * operation(first) for w, operation in zip(weights[0], cell.blocks[0], strict=True))
    torch.testing.assert_close(found[:, 4:8], 0.3 * block)
    less = supernet.masked(spaces.without(space.full_mask, output, 0), "drop", weights).body[0](inputs)
    assert not less[:, :4].any()
    torch.testing.assert_close(less[:, 4:], found[:, 4:])


def test_own_weights_have_no_undiscretised_masking():
    supernet = supernet_of("nbmacro")
    message = "masking=undiscretised is .* untrained supernet; received a trained one: use drop, zeros"
    for mask in (supernet.space.full_mask, supernet.space.mask_of(((1,),) * 8)):
        with pytest.raises(ConfigError, match=message):
            supernet.masked(mask, "undiscretised", random_weights(supernet.space))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", FAMILIES)
def test_the_exact_path_of_a_weighted_view_is_the_reference_to_the_last_bit(name, training):
    supernet = supernet_of(name).float()
    space, weights = supernet.space, random_weights(supernet.space)
    batch = images().float().contiguous(memory_format=torch.channels_last)
    masks = [space.full_mask, *random_masks(space, 1)]
    for masking in WEIGHTABLE:
        views = [supernet.masked(mask, masking, weights) for mask in masks]
        nodes = graphs.Nodes(batch)
        traced = [graphs.lower(graphs.trace(view, nodes, training), nodes) for view in views]
        for view, found in zip(views, graphs.relu_kernels(traced, batch), strict=True):
            expected = watched_kernel(view, batch, training)
            assert torch.equal(found.kernel, expected.kernel)
            assert torch.equal(found.logits, expected.logits)
            assert found.units == expected.units
        if not training:
            nodes = graphs.Nodes(batch.double())
            folded = [graphs.fold(graphs.trace(view.double(), nodes), nodes) for view in views]
            for view, found in zip(views, graphs.relu_kernels(folded, batch.double()), strict=True):
                expected = watched_kernel(view, batch.double(), False)
                torch.testing.assert_close(found.logits, expected.logits, rtol=1e-9, atol=1e-10)
                assert torch.equal(found.kernel, expected.kernel)
            supernet.float()
