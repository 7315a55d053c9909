"""Rewriting a traced graph to fewer, larger operations: the same function, other rounding.

Between two ReLUs a network is linear, so most of it can be put together before any image is seen.
Every value is written as a sum of terms: values that are there, their 3x3 averages, and convolutions of them.
Batch normalisation with running statistics and numbers that multiply go into the convolutions' weights,
convolutions of the same value are one, 3x3 convolutions of several values are one over their
concatenated channels, and a positive number that multiplies a whole value is handed through ReLUs
and poolings to the next convolution. On a CPU, 3x3 convolutions of many channels take a quarter of the
multiplications (:mod:`harness.graphs._winograd`), and what is added to them is added on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._lower import AVERAGE_3X3, affine, pooling
from harness.graphs._node import INPUT, Graph, Node, Nodes, Operation, needed, operation_of
from harness.graphs._operations import add_scaled, scale, smooth, weighted_sum
from harness.graphs._winograd import LEAST_CHANNELS, LEAST_INPUTS, filtered, filters

HOMOGENEOUS = (
    F.relu, F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d, torch.mean, torch.flatten, torch.narrow,
    torch.cat,
)  # fmt: skip
"""Functions with f(c x) = c f(x) for every c above 0."""

Kernel = tuple[Operation, Operation | None, float, float]
"""A convolution and its normalisation, if any; the factors of the input and of the result."""


class Place(NamedTuple):
    """What a convolution reads and how. Kernels at one place can be added.

    ``other`` is empty where the kernel is centred on its pixel: it may then be padded to a larger one.
    """

    value: Node
    stride: tuple[int, int]
    groups: int
    other: tuple[Any, ...]


@dataclass(frozen=True)
class Sum:
    """Terms that add up to a value: values times factors, averages times factors, convolutions by place."""

    values: Mapping[Node, float] = field(default_factory=dict)
    averages: Mapping[Node, float] = field(default_factory=dict)
    kernels: Mapping[Place, tuple[Kernel, ...]] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether there is one term, and it is a value."""
        return len(self.values) == 1 and not self.averages and not self.kernels

    @property
    def one_convolution(self) -> tuple[Place, tuple[Kernel, ...]] | None:
        """What is to be convolved and how, where there is nothing else."""
        if self.values or self.averages or len(self.kernels) != 1:
            return None
        ((place, kernels),) = self.kernels.items()
        return (place, kernels) if all([kernel[3] for kernel in kernels]) else None

    @property
    def only(self) -> tuple[Node, float]:
        """The value and its factor, of what is put together."""
        ((node, factor),) = self.values.items()
        return node, factor

    def times(self, factor: float) -> Sum:
        """All terms times ``factor``."""
        return Sum(
            {node: own * factor for node, own in self.values.items()},
            {node: own * factor for node, own in self.averages.items()},
            {
                place: tuple((*kernel[:3], kernel[3] * factor) for kernel in kernels)
                for place, kernels in self.kernels.items()
            },
        )

    def plus(self, other: Sum) -> Sum:
        """The terms of both."""
        kernels = dict(self.kernels)
        for place, more in other.kernels.items():
            kernels[place] = kernels.get(place, ()) + more
        return Sum(_added(self.values, other.values), _added(self.averages, other.averages), kernels)

    def without_zeros(self) -> Sum:
        """The terms whose factor is not 0, or the first one."""
        left = Sum(
            {node: factor for node, factor in self.values.items() if factor},
            {node: factor for node, factor in self.averages.items() if factor},
            {
                place: tuple(kernel for kernel in kernels if kernel[3])
                for place, kernels in self.kernels.items()
                if any(kernel[3] for kernel in kernels)
            },
        )
        return left if left.values or left.averages or left.kernels else self


def fold(traced: Graph, nodes: Nodes, minimal: bool = True, one_pass: bool = False) -> Graph:
    """The graph to run instead of ``traced``: the same function with other rounding.

    Without ``minimal`` convolutions stay operations of torch, which numbers of fewer bits ask for. With
    ``one_pass`` they do as well, and what they give, other maps and averages are added up by one operation.
    """
    order = needed([traced])
    scalings = {node: factor for node in order if (factor := _factor(node, nodes)) is not None}
    minimal = minimal and nodes.device.type == "cpu" and nodes.dtype in (torch.float32, torch.float64)
    folding = _Folding(nodes, scalings, minimal, one_pass)
    read = {traced.output, *_read(order, scalings)}
    for node in order:
        folding.add(node, node in read)
    relus: Counter[Node] = Counter()
    for node, calls in traced.relus.items():
        relus[folding.node(node)] += calls
    return Graph(folding.value(traced.output), relus, traced.connected)


class _Folding:
    """Every traced node as a sum; one that is read by more than sums and products is put together.

    ``scalings`` are the normalisations that multiply by one number; ``minimal`` says whether convolutions may
    be computed with fewer multiplications, ``one_pass`` whether maps are added up by one operation.
    """

    def __init__(self, nodes: Nodes, scalings: Mapping[Node, float], minimal: bool, one_pass: bool) -> None:
        self.nodes = nodes
        self.scalings = scalings
        self.minimal = minimal
        self.one_pass = one_pass
        self.sums: dict[Node, Sum] = {}

    def add(self, traced: Node, read: bool) -> None:
        """Write ``traced``, whose operands have been added, as a sum; of one value if it is ``read``."""
        terms = self._terms(traced)
        self.sums[traced] = self._put_together(terms) if read else terms

    def node(self, traced: Node) -> Node:
        """The node that is ``traced`` up to a positive factor."""
        return self.sums[traced].only[0]

    def value(self, traced: Node) -> Node:
        """The node that is ``traced``."""
        return self._times(*self.sums[traced].only)

    def _terms(self, traced: Node) -> Sum:
        function, operands = traced.function, traced.operands
        if traced is self.nodes.images:
            return Sum({traced: 1.0})
        if function is torch.add:
            return self.sums[operands[0]].plus(self.sums[operands[1]])
        if function is torch.mul:
            return self.sums[operands[0]].times(float(operands[1]))
        if function is F.conv2d:
            return self._convolution(traced)
        if traced in self.scalings:
            return self.sums[operands[0]].times(self.scalings[traced])
        if _folds(traced) and self.sums[operands[0]].kernels:  # none where the convolution is read elsewhere
            return self._normalised(self.sums[operands[0]], traced.operation)
        if function is F.avg_pool2d and operands[1:] == AVERAGE_3X3:
            node, factor = self.sums[operands[0]].only
            return Sum(averages={node: factor})
        return self._other(traced)

    def _convolution(self, traced: Node) -> Sum:
        node, factor = self.sums[traced.operands[0]].only
        _, weight, _, stride, padding, dilation, groups = traced.operands
        sizes = tuple(weight.shape[2:])
        centred = dilation == (1, 1) and all(
            p == k // 2 and k % 2 for p, k in zip(padding, sizes, strict=True)
        )
        place = Place(node, stride, groups, () if centred else (sizes, padding, dilation))
        return Sum(kernels={place: ((traced.operation, None, factor, 1.0),)})

    def _normalised(self, terms: Sum, normalisation: Operation) -> Sum:
        ((place, ((convolution, _, inner, outer),)),) = terms.kernels.items()
        return Sum(kernels={place: ((convolution, normalisation, inner, outer),)})

    def _other(self, traced: Node) -> Sum:
        inputs = traced.inputs
        factors = {self.sums[node].only[1] for node in inputs}
        factor = factors.pop()
        if traced.function not in HOMOGENEOUS or factors or factor <= 0:
            factor, as_node = 1.0, {node: self.value(node) for node in inputs}
        else:
            as_node = {node: self.node(node) for node in inputs}
        operation = pooling(traced.operation)
        return Sum({self.nodes.of(operation, tuple([as_node[node] for node in inputs])): factor})

    def _put_together(self, terms: Sum) -> Sum:
        """The one value that the terms make, by its node and a factor."""
        if terms.alone:
            return terms
        if not self.minimal and (one := terms.one_convolution):
            return Sum({self._convolve([one[0]], [one[1]]): 1.0})
        terms = terms.without_zeros()
        if self.one_pass:
            return Sum({self._added_up(terms): 1.0})
        factors = {*terms.values.values(), *terms.averages.values()}
        common = factors.pop() if len(factors) == 1 and not terms.kernels and 0.0 not in factors else 1.0
        if common != 1:
            terms = terms.times(1 / common)
        minimal = _minimal(terms.kernels) if self.minimal else {}
        plain = {place: kernels for place, kernels in terms.kernels.items() if place not in minimal}
        rest = [(node, 1.0) for node in self._convolved(plain)]
        begun = [(self._filtered(terms, minimal), 1.0)] if minimal else self._smoothed(terms)
        first, *others = *begun, *rest
        total = self._times(*first)
        for node, factor in others:
            total = self._plus(total, node, factor)
        return Sum({total: common})

    def _times(self, node: Node, factor: float) -> Node:
        return node if factor == 1 else self.nodes.node(scale, (node, factor), node.dim)

    def _plus(self, total: Node, node: Node, factor: float) -> Node:
        if factor == 1:
            return self.nodes.node(torch.add, (total, node), node.dim)
        return self.nodes.node(add_scaled, (total, node, factor), node.dim)

    def _added_up(self, terms: Sum) -> Node:
        """The one node that the terms make."""
        convolved = self._convolved(terms.kernels)
        own = sorted({*terms.values, *terms.averages}, key=lambda node: node.position)
        values = (*convolved, *own)
        centres = (*[1.0] * len(convolved), *[terms.values.get(node, 0.0) for node in own])
        averages = (*[0.0] * len(convolved), *[terms.averages.get(node, 0.0) for node in own])
        dim = max(value.dim for value in values)
        if len(values) <= 2 and set(centres) == {1.0} and not any(averages):
            return values[0] if len(values) == 1 else self.nodes.node(torch.add, values, dim)
        return self.nodes.node(weighted_sum, (values, (False,) * len(values), centres, averages), dim)

    def _smoothed(self, terms: Sum) -> list[tuple[Node, float]]:
        """Values with factors: a value and its average in one, with factor 1."""
        plain = []
        for node in sorted({*terms.values, *terms.averages}, key=lambda node: node.position):
            centre, average = terms.values.get(node, 0.0), terms.averages.get(node, 0.0)
            if average:
                plain.append((self.nodes.node(smooth, (node, centre, average), node.dim), 1.0))
            else:
                plain.append((node, centre))
        return plain

    def _filtered(self, terms: Sum, kernels: Mapping[Place, tuple[Kernel, ...]]) -> Node:
        """The node that adds up values, averages and these convolutions."""
        places = sorted(kernels, key=lambda place: place.value.position)
        weights, biases = zip(*(self.nodes.constant(merged, kernels[place]) for place in places), strict=True)
        read = [(place.value, place.value.function is F.relu) for place in places]
        added = sorted({*terms.values, *terms.averages}, key=lambda node: node.position)
        operands = (
            tuple(value.operands[0] if rectified else value for value, rectified in read),
            tuple(rectified for _, rectified in read),
            tuple(self.nodes.constant(filters, weight) for weight in weights),
            self.nodes.constant(_summed, biases),
            tuple(added),
            tuple(terms.values.get(node, 0.0) for node in added),
            tuple(terms.averages.get(node, 0.0) for node in added),
        )
        return self.nodes.node(filtered, operands, 4)

    def _convolved(self, kernels: Mapping[Place, tuple[Kernel, ...]]) -> list[Node]:
        """Nodes that add up to the convolutions; 3x3 ones of one stride are one over all their inputs."""
        together: dict[Hashable, list[Place]] = {}
        for place in sorted(kernels, key=lambda place: place.value.position):
            size = _size(kernels[place])
            wide = place.groups == 1 and not place.other and size[0] > 1
            together.setdefault((place.stride, size) if wide else place, []).append(place)
        return [self._convolve(places, [kernels[place] for place in places]) for places in together.values()]

    def _convolve(self, places: list[Place], kernels: list[tuple[Kernel, ...]]) -> Node:
        value, stride, groups, other = places[0].value, places[0].stride, places[0].groups, places[0].other
        if len(places) > 1:
            value = self.nodes.node(torch.cat, (tuple(place.value for place in places), 1), 4)
        key = (stride, groups, other, *kernels)
        operation = self.nodes.convolutions.get(key)
        if operation is None:
            weights, biases = zip(*(self.nodes.constant(merged, own) for own in kernels), strict=True)
            weight, bias = concatenated(weights, biases)
            padding = other[1] if other else tuple(size // 2 for size in weight.shape[2:])
            operands = (INPUT, weight, bias, stride, padding, other[2] if other else (1, 1), groups)
            operation = self.nodes.convolutions[key] = operation_of(F.conv2d, operands, 4)
        return self.nodes.of(operation, (value,))


def merged(kernels: tuple[Kernel, ...]) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the one convolution that adds up several of the same input."""
    size = _size(kernels)
    weight, bias = torch.zeros(()), None
    with torch.no_grad():
        for convolution, normalisation, inner, outer in kernels:
            own, own_bias = convolution.operands[1:3]
            if normalisation is not None:
                _, mean, variance, scaling, offset, _, _, eps = normalisation.operands
                factor, shift = affine(mean, variance, scaling, offset, eps)
                own = own * factor[:, None, None, None]
                own_bias = shift if own_bias is None else own_bias * factor + shift
            rows, columns = ((size[axis] - own.shape[axis + 2]) // 2 for axis in (0, 1))
            weight = weight + F.pad(own * (inner * outer), (columns, columns, rows, rows))
            if own_bias is not None:
                bias = own_bias * outer if bias is None else bias + own_bias * outer
    return weight, bias


def _size(kernels: tuple[Kernel, ...]) -> tuple[int, int]:
    """Height and width of the largest kernels."""
    sizes = [kernel[0].operands[1].shape[2:] for kernel in kernels]
    return max(size[0] for size in sizes), max(size[1] for size in sizes)


def concatenated(
    weights: tuple[Tensor, ...], biases: tuple[Tensor | None, ...]
) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of the one convolution that adds up several of inputs behind one another."""
    with torch.no_grad():
        return torch.cat(weights, 1), _summed(biases)


def _summed(biases: tuple[Tensor | None, ...]) -> Tensor | None:
    """The sum of biases, None where there is none or it is 0 everywhere."""
    with torch.no_grad():
        known = [bias for bias in biases if bias is not None and bias.any()]
        return sum(known[1:], known[0]) if known else None


def _minimal(kernels: Mapping[Place, tuple[Kernel, ...]]) -> dict[Place, tuple[Kernel, ...]]:
    """The convolutions that are computed with fewer multiplications: where they have inputs enough."""
    found = {place: own for place, own in kernels.items() if _is_minimal(place, own)}
    enough = sum(own[0][0].operands[1].shape[1] for own in found.values()) >= LEAST_INPUTS
    return found if enough else {}


def _is_minimal(place: Place, kernels: tuple[Kernel, ...]) -> bool:
    """Whether fewer multiplications are enough: for a 3x3 convolution of many channels, at every pixel."""
    wide = _size(kernels) == (3, 3) and min(kernels[0][0].operands[1].shape[:2]) >= LEAST_CHANNELS
    return wide and place.stride == (1, 1) and place.groups == 1 and not place.other


def _read(order: Iterable[Node], scalings: Collection[Node]) -> Iterator[Node]:
    """Nodes whose values something else than sums and products reads."""
    for node in order:
        if node.function not in (torch.add, torch.mul) and not _folds(node) and node not in scalings:
            yield from node.inputs


def _factor(node: Node, nodes: Nodes) -> float | None:
    """The one number that a normalisation of maps multiplies by; None where it does more, or is no such.

    One behind a convolution goes into its weights instead.
    """
    if node.function is not F.batch_norm or node.dim != 4 or node.operands[5] is not False or _folds(node):
        return None
    return nodes.constant(_one_factor, *node.operands[1:5], node.operands[7])


def _one_factor(*normalisation: Any) -> float | None:
    """What all channels are multiplied by, where it is one positive number and nothing is added."""
    factor, shift = affine(*normalisation)
    if shift.any() or not (factor == factor[0]).all() or factor[0] <= 0:
        return None
    return float(factor[0])


def _folds(node: Node) -> bool:
    """Whether the node is a normalisation, with running statistics, of a convolution."""
    return (
        node.function is F.batch_norm and node.operands[5] is False and node.operands[0].function is F.conv2d
    )


def _added(first: Mapping[Node, float], second: Mapping[Node, float]) -> dict[Node, float]:
    return {node: first.get(node, 0.0) + second.get(node, 0.0) for node in {**first, **second}}
