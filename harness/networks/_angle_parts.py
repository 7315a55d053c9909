"""Which weights of a supernet belong to a child's weight vector, family by family."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from harness.networks._darts import CellChoices
from harness.networks._edges import EdgeChoices
from harness.networks._supernet import LayerChoices, Supernet
from harness.spaces._darts import EDGES, NODES

POOLED = 1 / 9
"""Every entry of a pooling, which counts as a kernel of 3 x 3 for every channel."""

PATHS = ((3,), (1, 5), (0, 2, 5), (0, 4))
"""The ways of NAS-Bench-201's cell from node 0 to node 3, as decisions: 0-3, 0-2-3, 0-1-2-3 and 0-1-3."""

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[tuple[int, ...], ...], bool]
"""The fields of :class:`harness.networks.VectorProducts`, in their order."""


@dataclass(frozen=True)
class Inner:
    """Inner products of weights with what they were, by the parameters' names."""

    base: Mapping[str, Tensor]
    now: Mapping[str, Tensor]

    @cached_property
    def _each(self) -> dict[str, np.ndarray]:
        return {name: _products(self.base[name], weight) for name, weight in self.now.items()}

    def of(self, names: Iterable[str]) -> np.ndarray:
        """``<W_0, W>``, ``<W_0, W_0>`` and ``<W, W>`` of all of them together, (3,)."""
        return sum((self._each[name] for name in names), np.zeros(3))

    def under(self, prefix: str) -> list[str]:
        """Names of the parameters of the module ``prefix``."""
        return [name for name in self.now if name.startswith(f"{prefix}.")]

    def kernels(self, names: Iterable[str]) -> list[str]:
        """Those of convolutions and linear layers: neither biases nor parameters of normalisations."""
        return [name for name in names if self.now[name].dim() > 1]

    def vectors(self, names: Iterable[str]) -> list[str]:
        """The others."""
        return [name for name in names if self.now[name].dim() == 1]


def _products(one: Tensor, other: Tensor) -> np.ndarray:
    a, b = (each.detach().flatten().double() for each in (one, other))
    return np.array([float(torch.dot(*pair)) for pair in ((a, b), (a, a), (b, b))])


def _pooling(channels: int) -> np.ndarray:
    return np.full(3, 9 * channels * POOLED**2)


def _identity(channels: int) -> np.ndarray:
    """Of the identity matrix, as a convolution of 1 x 1 has it."""
    return np.full(3, float(channels))


def of_edges(supernet: Supernet, inner: Inner, form: str) -> Parts:
    """NAS-Bench-201: convolutions, poolings as kernels of 1/9, nothing of a skip; ``none`` breaks a path.

    What every child has is stem, reductions, last normalisation and classifier, weights and biases of
    normalisations included; normalisations in the cells have none. In RLNAS's form a child without a path is
    the vector 0.
    """
    cells = {name: part for name, part in supernet.named_modules() if isinstance(part, EdgeChoices)}
    within = {name for cell in cells for name in inner.under(cell)}
    first = next(iter(cells.values()))
    table = np.zeros((len(first.edges), len(first.operations), 3))
    for cell, part in cells.items():
        for row, edge in enumerate(part.edges):
            for operation in part.with_modules:
                place = f"{cell}.edges.{edge}.{part.operations[operation]}"
                if isinstance(supernet.get_submodule(place), nn.AvgPool2d):
                    width = len(inner.now[f"{cell}.edges.{edge}.nor_conv_3x3.1.weight"])
                    table[row, operation] += _pooling(width)
                table[row, operation] += inner.of(inner.under(place))
    breaking = np.zeros(table.shape[:2], dtype=bool)
    breaking[:, first.operations.index("none")] = True
    fixed = inner.of(name for name in inner.now if name not in within)
    return fixed, table, breaking, PATHS, form == "rlnas"


def of_layers(supernet: Supernet, inner: Inner, form: str) -> Parts:
    """A chain of layers: kernels of stem, head and classifier, and those of every layer's block.

    An identity adds nothing; one that changes shape, as NAS-Bench-Macro's, the kernel that does it. In
    RLNAS's form the first two normalisations of a block count too, and an identity as the identity matrix.
    """
    layers = {name: part for name, part in supernet.named_modules() if isinstance(part, LayerChoices)}
    within = {name for layer in layers for name in inner.under(layer)}
    sizes = [len(decision.candidates) for decision in supernet.space.decisions]
    table = np.zeros((len(layers), max(sizes), 3))
    for layer, part in layers.items():
        for candidate, module in enumerate(part.candidates):
            place = f"{layer}.candidates.{candidate}"
            names = inner.under(place)
            table[part.index, candidate] = inner.of(inner.kernels(names))
            if form == "rlnas" and isinstance(module, nn.Identity):
                table[part.index, candidate] = _identity(_outputs(part))
            elif form == "rlnas":
                first_two = inner.under(f"{place}.widen") + inner.under(f"{place}.depthwise")
                table[part.index, candidate] += inner.of(inner.vectors(first_two))
    fixed = inner.of(inner.kernels(name for name in inner.now if name not in within))
    paths = tuple((decision,) for decision in range(len(layers)))
    return fixed, table, np.zeros(table.shape[:2], dtype=bool), paths, False


def _outputs(layer: LayerChoices) -> int:
    """Channels that a layer puts out: those of a candidate's last convolution."""
    return [part for part in layer.candidates.modules() if isinstance(part, nn.Conv2d)][-1].out_channels


def of_darts(supernet: Supernet, inner: Inner, form: str) -> Parts:
    """DARTS: kernels of convolutions, poolings as kernels of 1/9, nothing of a skip; ``none`` breaks a path.

    What every child has are the kernels of stem, projections and classifier. Decisions are those of the
    normal cell's 14 edges, then of the reduction cell's, and all cells of a kind add up; paths lead from a
    cell's inputs to its last node. In RLNAS's form they lead to every node, a skip is the identity matrix or,
    where it reduces, the kernels that do so, and the stem's normalisations count. Noise adds nothing.
    """
    cells = {name: part for name, part in supernet.named_modules() if isinstance(part, CellChoices)}
    within = {name for cell in cells for name in inner.under(f"{cell}.operations")}
    decisions = [decision for decision in supernet.space.decisions if decision.kind == "operation"]
    table = np.zeros((len(decisions), max(len(decision.candidates) for decision in decisions), 3))
    breaking = np.zeros(table.shape[:2], dtype=bool)
    for row, decision in enumerate(decisions):
        breaking[row, : len(decision.candidates)] = [name == "none" for name in decision.candidates]
    for cell, part in cells.items():
        for edge in range(len(EDGES)):
            decision = decisions[part.first + edge]
            for candidate, name in enumerate(decision.candidates):
                if name == "none":
                    continue
                kernels = inner.kernels(inner.under(f"{cell}.operations.{edge}.{candidate}"))
                if name.endswith("pool_3x3"):
                    table[part.first + edge, candidate] += _pooling(part.layer.channels)
                elif name != "skip_connect" or (kernels and form == "rlnas"):
                    table[part.first + edge, candidate] += inner.of(kernels)
                elif form == "rlnas":
                    table[part.first + edge, candidate] += _identity(part.layer.channels)
    fixed = inner.of(inner.kernels(name for name in inner.now if name not in within))
    if form == "rlnas":
        fixed = fixed + inner.of(inner.vectors(inner.under("stem")))
    ends = NODES if form == "rlnas" else NODES[-1:]
    ways = [way for node in ends for way in _ways(node)]
    paths = tuple(tuple(first + edge for edge in way) for first in (0, len(EDGES)) for way in ways)
    return fixed, table, breaking, paths, False


def _ways(node: int) -> list[tuple[int, ...]]:
    """The ways from a cell's two inputs to ``node``, each as its edges by number."""
    if node not in NODES:
        return [()]
    return [
        (*way, EDGES.index((node, predecessor))) for predecessor in range(node) for way in _ways(predecessor)
    ]


PARTS: Mapping[str, Callable[[Supernet, Inner, str], Parts]] = {
    "nb201": of_edges,
    "mobilenet": of_layers,
    "nbmacro": of_layers,
    "darts": of_darts,
}
"""By family of networks."""
