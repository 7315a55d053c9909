"""Weight vectors of children, put together child by child as the definitions read, and counted by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, shrinkers, spaces
from harness.errors import ConfigError
from harness.networks._darts import CellChoices
from harness.networks._supernet import LayerChoices
from harness.seeding import generator

ANGLES = shrinkers.load("abs").angles
DARTS, NONE = spaces.load("darts").decisions[0].candidates, 0
EDGES = [(node, parent) for node in (2, 3, 4, 5) for parent in range(node)]


def moved(space: str):
    """A tiny supernet, its first weights by name, and all of them moved by noise."""
    supernet = networks.build_supernet(spaces.load(space), "tiny")
    base = {name: weight.detach().clone() for name, weight in supernet.named_parameters()}
    draws = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weight in supernet.parameters():
            weight += 0.1 * torch.randn(weight.shape, generator=draws)
    return supernet, base


def ones(supernet: nn.Module, value: float = 1.0) -> dict[str, torch.Tensor]:
    """All weights as ``value``, which they are set to."""
    with torch.no_grad():
        for weight in supernet.parameters():
            weight.fill_(value)
    return {name: weight.detach().clone() for name, weight in supernet.named_parameters()}


def compare(supernet, base, picks, form, vector) -> None:
    """The fast form with ``vector(weights, child)``, the definition."""
    now = {name: weight.detach() for name, weight in supernet.named_parameters()}
    products = networks.vector_products(supernet, base, form).of(picks)
    for child, angle, length in zip(picks, ANGLES(products), np.sqrt(products[:, 2]), strict=True):
        first, last = (
            torch.cat([part.flatten().double() for part in vector(of, child)]) for of in (base, now)
        )
        expected = torch.acos(first @ last / (first.norm() * last.norm()))
        assert angle == pytest.approx(float(expected), rel=1e-9)
        assert length == pytest.approx(float(last.norm()), rel=1e-12)
    assert (ANGLES(products) > 1e-3).all()


def layered(supernet: nn.Module, form: str):
    """The definition on a chain of layers."""
    places = {name: part for name, part in supernet.named_modules() if isinstance(part, LayerChoices)}

    def vector(weights, child):
        yield from (
            value for name, value in weights.items() if ".candidates." not in name and value.dim() > 1
        )
        for (place, layer), pick in zip(places.items(), child, strict=True):
            own = f"{place}.candidates.{pick}."
            yield from (value for name, value in weights.items() if name.startswith(own) and value.dim() > 1)
            if form == "rlnas" and isinstance(layer.candidates[pick], nn.Identity):
                yield torch.eye(
                    len(weights[f"{place}.candidates.{len(layer.candidates) - 2}.project.1.weight"])
                )
            elif form == "rlnas":
                names = [
                    f"{own}{part}.1.{kind}" for part in ("widen", "depthwise") for kind in ("weight", "bias")
                ]
                yield from (weights[name] for name in names if name in weights)

    return vector


@pytest.mark.parametrize("space", ["mobilenet", "nbmacro"])
@pytest.mark.parametrize("form", ["abs", "rlnas"])
def test_a_chain_of_layers_by_definition(space, form):
    supernet, base = moved(space)
    sizes = [len(decision.candidates) for decision in supernet.space.decisions]
    picks = generator(0, "children").integers(sizes, size=(12, len(sizes)))
    picks[0] = [size - 1 if space == "mobilenet" else 0 for size in sizes]  # identities where there are any
    compare(supernet, base, picks, form, layered(supernet, form))


def test_the_three_convolutions_of_a_block_by_hand():
    """All weights 1, then 2: a layer counts its block's three kernels, an identity none."""
    supernet = networks.build_supernet(spaces.load("mobilenet"), "tiny")
    base = ones(supernet)
    ones(supernet, 2.0)
    children = np.zeros((3, 21), dtype=int)
    children[1, 1], children[2, 1] = 6, 5  # layer 1: mb3_k3, identity, mb6_k7; 32 / 8 channels in and out
    products = networks.vector_products(supernet, base)
    blocks = [3 * 4 * (4 + 9 + 4), 0, 6 * 4 * (4 + 49 + 4)]
    differences = products.of(children) - products.of(children[:1])
    counts = [block - blocks[0] for block in blocks]
    np.testing.assert_allclose(differences, np.outer(counts, [2, 1, 4]), rtol=1e-12)
    assert ANGLES(products.of(children)) == pytest.approx([0, 0, 0], abs=1e-6)
    form = networks.vector_products(supernet, base, "rlnas").operations[1]
    assert form[6] == pytest.approx([4, 4, 4]), "the identity matrix of four channels"
    assert form[0][0] == pytest.approx(2 * (blocks[0] + 4 * 12)), "with two normalisations of twelve channels"


def ways(node: int) -> list[list[tuple[int, int]]]:
    if node < 2:
        return [[]]
    return [[*way, (node, parent)] for parent in range(node) for way in ways(parent)]


def celled(supernet: nn.Module, form: str):
    """The definition in DARTS's space: per cell and path."""
    cells = {name: part for name, part in supernet.named_modules() if isinstance(part, CellChoices)}
    to = (2, 3, 4, 5) if form == "rlnas" else (5,)

    def vector(weights, child):
        for key, value in weights.items():
            if ".operations." not in key and (
                value.dim() > 1 or (form == "rlnas" and key.startswith("stem"))
            ):
                yield value
        for (cell, part), way in itertools.product(cells.items(), (way for node in to for way in ways(node))):
            numbers = [EDGES.index(edge) for edge in way]
            picks = [child[part.first + number] for number in numbers]
            if not {NONE, networks.ABSENT} & set(picks):
                for number, pick in zip(numbers, picks, strict=True):
                    own = f"{cell}.operations.{number}.{pick}."
                    yield from edge_parts(weights, own, DARTS[pick], part.layer.channels, form)

    return vector


def edge_parts(weights, own: str, name: str, channels: int, form: str) -> list[torch.Tensor]:
    kernels = [value for key, value in weights.items() if key.startswith(own) and value.dim() > 1]
    if name.endswith("pool_3x3"):
        return [torch.full((channels, 3, 3), 1 / 9, dtype=torch.float64)]
    if name == "skip_connect":
        return [] if form == "abs" else kernels or [torch.eye(channels)]
    return kernels


@pytest.mark.parametrize("form", ["abs", "rlnas"])
def test_darts_by_definition(form):
    supernet, base = moved("darts")
    picks = generator(0, "children").integers(8, size=(8, 28))
    picks[0], picks[1], picks[2] = 0, 4, 3  # none, separable convolutions, skips everywhere
    picks[3][generator(0, "absent").random(28) < 0.4] = networks.ABSENT
    compare(supernet, base, picks, form, celled(supernet, form))


def test_paths_of_darts_by_hand():
    """All weights 1: what an edge adds, times the ways through it that nothing breaks."""
    supernet = networks.build_supernet(spaces.load("darts"), "tiny")
    products = networks.vector_products(supernet, ones(supernet))
    assert len(products.paths) == 2 * 16
    assert len(networks.vector_products(supernet, ones(supernet), "rlnas").paths) == 2 * 30
    normal = [part for part in supernet.modules() if isinstance(part, CellChoices) and part.first == 0]
    channels = [part.layer.channels for part in normal]
    skip, pool, conv, none = 3, 2, 6, 0
    pooled, kernels = sum(channels) / 9, sum(9 * c + c * c for c in channels)
    through = {(2, 0): 4, (4, 3): 4, (5, 4): 8, (5, 0): 1}  # ways from an input to node 5
    rows = []
    for edge in through:
        for operation in (pool, conv):
            child = np.full(28, skip)
            child[EDGES.index(edge)] = operation
            rows.append(child)
    rows.append(np.where(np.arange(28) == EDGES.index((5, 4)), none, np.full(28, skip)))
    added = products.of(np.array(rows)) - products.fixed
    expected = [count * part for count in through.values() for part in (pooled, kernels)]
    np.testing.assert_allclose(added[:, 0], [*expected, 0.0], rtol=1e-9, atol=1e-9)


def test_in_rlnas_form_a_child_of_nb201_without_a_path_has_no_angle():
    supernet, base = moved("nb201")
    every = np.array(list(itertools.product(range(5), repeat=6)))
    one, other = (
        ANGLES(networks.vector_products(supernet, base, form).of(every)) for form in ("abs", "rlnas")
    )
    space = spaces.load("nb201")
    connected = np.array([space.connected(tuple((pick,) for pick in child)) for child in every.tolist()])
    assert (one > 0).all()
    assert (other[~connected] == 0).all()
    np.testing.assert_array_equal(other[connected], one[connected])


def test_another_family_is_refused():
    supernet = networks.build_supernet(spaces.load("nb1shot1_1"), "tiny")
    with pytest.raises(
        ConfigError, match="families darts, mobilenet, nb201, nbmacro; received one of nb1shot1"
    ):
        networks.vector_products(supernet, {})
