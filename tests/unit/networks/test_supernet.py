"""Supernets under masks, against a second way to compute them: every candidate runs, times its weight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, spaces
from harness.errors import ConfigError
from harness.networks._blocks import Drawing

SPACES = tuple(name for name in spaces.names() if networks.has_supernet(spaces.load(name)))
EDGES = ((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
NB201 = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def images(size: int = 16) -> torch.Tensor:
    return torch.randn(3, 3, size, size, generator=torch.Generator().manual_seed(0))


def random_mask(space: spaces.Space, rng: np.random.Generator) -> spaces.Mask:
    mask = []
    for decision in space.decisions:
        count = int(rng.integers(decision.picks, len(decision.candidates) + 1))
        kept = set(rng.permutation(len(decision.candidates))[:count].tolist())
        mask.append(tuple(index in kept for index in range(len(decision.candidates))))
    return tuple(mask)


def candidate_weights(space: spaces.Space, mask: spaces.Mask) -> list[list[float]]:
    """Weight of every candidate, 0 for a removed one, as the rule says it."""
    weights = []
    for decision, kept in zip(space.decisions, mask, strict=True):
        whole = sum(kept) == decision.picks or space.family == "mobilenet"  # whose candidates are summed
        weight = 1.0 if whole else 1 / len(decision.candidates)
        weights.append([weight if keep else 0.0 for keep in kept])
    return weights


def total(weights: Sequence[float], tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """The weighted sum, in which the one weight of all that are left comes last, as in the supernet."""
    summed = torch.zeros_like(tensors[0])
    for weight, tensor in zip(weights, tensors, strict=True):
        summed = summed + (tensor if weight else 0 * tensor)
    return max(weights) * summed


def nb201_cell(cell: nn.Module, weights: list[list[float]], inputs: torch.Tensor) -> torch.Tensor:
    states = [inputs]
    for node in (1, 2, 3):
        state = torch.zeros_like(inputs)
        for index, (target, parent) in enumerate(EDGES):
            if target == node:
                operations = cell.edges[f"{node}<-{parent}"]
                outputs = [
                    operations[name](states[parent]) if name != "none" else 0 * states[parent]
                    for name in NB201
                ]
                state = state + total(weights[index], outputs)
        states.append(state)
    return states[3]


def nbmacro_layer(layer: nn.Module, weights: list[list[float]], inputs: torch.Tensor) -> torch.Tensor:
    return total(weights[layer.index], [candidate(inputs) for candidate in layer.candidates])


def nb1shot1_cell(cell: nn.Module, weights: list[list[float]], inputs: torch.Tensor) -> torch.Tensor:
    space = cell.space
    parents = dict(zip(space.input_nodes, weights[space.blocks :], strict=True))
    states: list[torch.Tensor] = []
    for v in range(1, space.blocks + 1):
        sources = [cell.projections[v - 1](inputs), *states]
        summed = total(parents.get(v, [1.0] * v), sources)
        states.append(total(weights[v - 1], [operation(summed) for operation in cell.blocks[v - 1]]))
    output = space.blocks + 1
    sources = [cell.projections[-1](inputs), *states]
    return torch.cat([weight * source for weight, source in zip(parents[output], sources, strict=True)], 1)


def darts_cell(
    cell: nn.Module, weights: list[list[float]], last: torch.Tensor, before: torch.Tensor
) -> torch.Tensor:
    """An input that is left counts in full."""
    states = [project(state) for project, state in zip(cell.projections, (before, last), strict=True)]
    place = 0
    for node in (2, 3, 4, 5):
        taken = weights[cell.first_input + node - 3] if node > 2 else [1.0, 1.0]
        terms = []
        for parent in range(node):
            row, edge = weights[cell.first + place], cell.operations[place]
            outputs = [edge[index](states[parent]) for index in edge]
            summed = total([row[int(index)] for index in edge], outputs)
            terms.append(summed if taken[parent] else 0 * summed)
            place += 1
        states.append(sum(terms[1:], start=terms[0]))
    return torch.cat(states[2:], 1)


def transnas_micro_cell(cell: nn.Module, weights: list[list[float]], inputs: torch.Tensor) -> torch.Tensor:
    """An edge's 3x3 convolution has the shape of its output, also where only ``none`` is left of it."""
    states = [inputs]
    for node in (1, 2, 3):
        state = 0 * cell.edges[f"{node}<-0"]["nor_conv_3x3"](inputs)
        for index, (target, parent) in enumerate(EDGES):
            if target == node:
                operations = cell.edges[f"{node}<-{parent}"]
                outputs = [operations[name](states[parent]) for name in NB201[1:4]]
                state = state + total(weights[index], [0 * outputs[0], *outputs])
        states.append(state)
    return states[3]


CELLS = {
    "transnas_micro": transnas_micro_cell,
    "nb201": nb201_cell,
    "nbmacro": nbmacro_layer,
    "mobilenet": nbmacro_layer,
    "nb1shot1": nb1shot1_cell,
}


def with_the_same_noise(supernet: networks.Supernet) -> networks.Supernet:
    """In training mode every pass draws other noise."""
    for place, part in enumerate(supernet.modules()):
        if isinstance(part, Drawing):
            part.seed.fill_(place)
    return supernet


def slow_forward(supernet: networks.Supernet, mask: spaces.Mask, batch: torch.Tensor) -> torch.Tensor:
    weights = candidate_weights(supernet.space, mask)
    with_the_same_noise(supernet)
    if supernet.space.family == "darts":
        before, last = supernet.stem(batch)
        for part in supernet.body:
            before, last = last, darts_cell(part, weights, last, before)
        return supernet.head(last)
    state = supernet.stem(batch)
    for part in supernet.body:
        has_choices = hasattr(part, "masked")
        state = CELLS[supernet.space.family](part, weights, state) if has_choices else part(state)
    return supernet.head(state)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("training", [False, True])
def test_forward_and_view_equal_running_everything_times_its_weight(name, training):
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny", seed=1).train(training)
    rng = np.random.default_rng(0)
    archs = [space.sample(rng) for _ in range(4)]
    masks = [space.full_mask, *map(space.mask_of, archs), *(random_mask(space, rng) for _ in range(12))]
    outputs = []
    with torch.no_grad():
        for mask in masks:
            expected = slow_forward(supernet, mask, images())
            assert torch.equal(with_the_same_noise(supernet)(images(), mask), expected)
            assert torch.equal(with_the_same_noise(supernet).masked(mask)(images()), expected)
            outputs.append(expected)
        assert torch.equal(with_the_same_noise(supernet)(images()), outputs[0])
    assert len({tuple(output.flatten().tolist()) for output in outputs}) > 10


@pytest.mark.parametrize(
    "name", [name for name in SPACES if name != "darts_s4"]
)  # noise hands no gradient on
def test_a_view_shares_what_is_left_and_holds_nothing_of_what_is_removed(name):
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny")
    mask = space.mask_of(space.sample(np.random.default_rng(2)))
    view = supernet.masked(mask)
    own = {id(parameter) for parameter in supernet.parameters()}
    live = {id(parameter) for parameter in view.parameters()}
    assert live < own
    assert {id(buffer) for buffer in view.buffers()} < {id(buffer) for buffer in supernet.buffers()}
    ran = set()
    handles = [module.register_forward_hook(lambda layer, *_: ran.add(layer)) for module in view.modules()]
    view(images()).square().sum().backward()
    for handle in handles:
        handle.remove()
    layers = {module for module in view.modules() if not isinstance(module, nn.ModuleDict | nn.ModuleList)}
    assert ran == layers, "a view holds a module that does not run"
    for parameter in supernet.parameters():
        assert (parameter.grad is not None) == (id(parameter) in live)


@pytest.mark.parametrize("name", SPACES)
def test_making_and_using_views_leaves_the_supernet_as_it_was(name):
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny").eval()
    names = [name for name, _ in supernet.named_modules()]
    state = {name: tensor.clone() for name, tensor in supernet.state_dict().items()}
    view = supernet.masked(space.mask_of(space.sample(np.random.default_rng(0))))
    assert not any(module.training for module in view.modules())
    handle = view.register_forward_hook(lambda *_: None)
    view(images())
    handle.remove()
    assert [name for name, _ in supernet.named_modules()] == names
    after = supernet.state_dict()
    assert after.keys() == state.keys()
    assert all(torch.equal(after[name], state[name]) for name in state)
    assert all(
        module.training for module in networks.build_supernet(space, "tiny").masked(space.full_mask).modules()
    )


@pytest.mark.parametrize("name", SPACES)
def test_the_full_mask_leaves_every_layer(name):
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny")
    live = set(map(id, supernet.masked(space.full_mask).parameters()))
    assert live == set(map(id, supernet.parameters()))


def kinds(module: nn.Module) -> Counter[str]:
    """How many layers of each kind there are, with their kernel; identities aside."""
    return Counter(
        f"{type(layer).__name__} {getattr(layer, 'kernel_size', '')} {getattr(layer, 'stride', '')}"
        for layer in module.modules()
        if not list(layer.children())
        and not isinstance(layer, nn.Identity | nn.ModuleDict | nn.ModuleList | nn.Flatten)
    )


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("seed", range(6))
def test_under_the_mask_of_one_architecture_the_cells_are_those_of_its_network(name, seed):
    space = spaces.load(name)
    arch = space.sample(np.random.default_rng(seed))
    view = networks.build_supernet(space, "tiny").masked(space.mask_of(arch))
    network = networks.build(space, arch, "tiny")
    parts = [
        (kinds(ours), kinds(theirs))
        for ours, theirs in zip(view.body, network.body, strict=True)
        if not isinstance(theirs, nn.MaxPool2d)
    ]
    if space.family == "darts":  # only a supernet's poolings are normalised
        for part in (part for pair in parts for part in pair):
            part.pop("BatchNorm2d  ")
    assert all(ours == theirs for ours, theirs in parts)
    assert sum(ours.total() for ours, _ in parts) > 0
    if space.family != "nb1shot1":
        assert networks.count_flops(view, 16) == networks.count_flops(network, 16)


def test_an_edge_of_which_only_none_is_left_gives_zeros():
    space = spaces.load("nb201")
    supernet = networks.build_supernet(space, "tiny").eval()
    dead = supernet.masked(space.mask_of(((0,),) * 6))
    output = dead(images())
    assert torch.equal(output[:1].expand_as(output), output)
    assert not any(cell.edges for cell in dead.body if hasattr(cell, "edges"))


def test_removing_none_from_an_edge_changes_no_number():
    space = spaces.load("nb201")
    supernet = networks.build_supernet(space, "tiny").eval()
    mask = ((False, True, True, True, True), *space.full_mask[1:])
    assert torch.equal(supernet(images(), mask), supernet(images()))


def test_a_block_that_nothing_takes_as_a_parent_is_not_there():
    space = spaces.load("nb1shot1_1")
    supernet = networks.build_supernet(space, "tiny")
    names = [decision.name for decision in space.decisions]
    mask = list(space.full_mask)
    mask[names.index("parents_4")] = (True, True, True, False)
    mask[names.index("parents_out")] = (True, True, True, False, True)
    cell = supernet.masked(tuple(mask)).body[0]
    assert set(cell.operations) == {"1", "2", "4"}
    assert set(cell.projections) == {"1", "2", "4", "5"}


@pytest.mark.parametrize("name", SPACES)
def test_masks_that_leave_nothing_are_refused(name):
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny")
    for index, decision in enumerate(space.decisions):
        mask = list(space.full_mask)
        mask[index] = (False,) * len(decision.candidates)
        with pytest.raises(ConfigError, match=f"decision '{decision.name}' at least one .* leaves none"):
            supernet(images(), tuple(mask))


def test_one_parent_of_two_may_be_left_and_has_weight_one():
    space = spaces.load("nb1shot1_1")
    supernet = networks.build_supernet(space, "tiny").eval()
    index = next(i for i, decision in enumerate(space.decisions) if decision.picks == 2)
    mask = list(space.full_mask)
    mask[index] = (True, *(False,) * (len(mask[index]) - 1))
    both = list(mask)
    both[index] = (True, True, *(False,) * (len(mask[index]) - 2))
    assert torch.isfinite(supernet(images(), tuple(mask))).all()
    assert not torch.equal(supernet(images(), tuple(mask)), supernet(images(), tuple(both)))


def test_masks_of_another_shape_are_refused():
    space = spaces.load("nb201")
    supernet = networks.build_supernet(space, "tiny")
    with pytest.raises(ConfigError, match="each of its 6 decisions; received 5"):
        supernet.masked(space.full_mask[1:])
    with pytest.raises(ConfigError, match=r"each of its 5 candidates \(none, .*\); received 3"):
        supernet.masked(((True,) * 3, *space.full_mask[1:]))


@pytest.mark.parametrize("name", SPACES)
def test_a_switched_supernet_gives_what_a_mask_does_to_the_last_bit(name):
    space = spaces.load(name)
    supernet, rng = networks.build_supernet(space, "tiny").eval(), np.random.default_rng(0)
    switched = supernet.switched()
    masks = [space.full_mask, *(random_mask(space, rng) for _ in range(3))]
    with torch.no_grad():
        for mask in masks:
            switched.values.copy_(torch.tensor(switched.told(mask)))
            assert torch.equal(switched.view(images()), supernet.masked(mask)(images()))
