"""Weight vectors of NAS-Bench-201's children, at two moments of one supernet: what angles are made of.

Hu et al., "Angle-based Search Space Shrinking for Neural Architecture Search", ECCV 2020, in the form that
its authors released for NAS-Bench-201 (``NAS-Bench-201/exps/angle/weight_angle.py`` of AngleNAS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from harness.networks._edges import EdgeChoices
from harness.networks._supernet import Supernet

PATHS = ((3,), (1, 5), (0, 2, 5), (0, 4))
"""The cell's ways from node 0 to node 3, as decisions: 0-3, 0-2-3, 0-1-2-3 and 0-1-3."""

POOLED = 1 / 9
"""Every entry of an average pooling, which counts as a kernel of 3 x 3 for every channel."""


@dataclass(frozen=True)
class VectorProducts:
    """Inner products ``<V_0, V>``, ``<V_0, V_0>`` and ``<V, V>`` of children's parts.

    ``V`` is put together from what stands outside of the cells, and in every cell, for each of the four
    :data:`PATHS` without ``none``, the parts of all its edges: a convolution's weights, nine entries of 1/9
    for each channel of a pooling, nothing of a skip connection. Edges of two paths count twice.

    Attributes
    ----------
    fixed
        Of the parts outside, (3,).
    operations
        Of every edge's operation, summed over the cells, (6, 5, 3).
    none
        The candidate that leaves a path out.
    """

    fixed: np.ndarray
    operations: np.ndarray
    none: int

    def of(self, picks: np.ndarray) -> np.ndarray:
        """Those of whole children, (N, 3), by each one's picks, (N, 6)."""
        edges = self.operations[np.arange(picks.shape[1]), picks]
        whole = np.tile(self.fixed, (len(picks), 1))
        for path in map(list, PATHS):
            alive = (picks[:, path] != self.none).all(1)
            whole[alive] += edges[alive][:, path].sum(1)
        return whole


def vector_products(supernet: Supernet, base: Mapping[str, Tensor]) -> VectorProducts:
    """Of NAS-Bench-201's ``supernet``: ``V_0`` of the weights ``base``, by name, ``V`` of those it has.

    In double precision. Parts outside of the cells are stem, reductions, last normalisation and classifier,
    weights and biases of normalisations included; normalisations in the cells have none.
    """
    cells = {name: part for name, part in supernet.named_modules() if isinstance(part, EdgeChoices)}
    fixed = np.zeros(3)
    for name, weight in supernet.named_parameters():
        if not name.startswith(tuple(f"{cell}." for cell in cells)):
            fixed += _products(base[name], weight)
    first = next(iter(cells.values()))
    table = np.zeros((len(first.edges), len(first.operations), 3))
    for cell, part in cells.items():
        for row, edge in enumerate(part.edges):
            for operation in part.with_modules:
                name = part.operations[operation]
                module = part.edges.get_submodule(f"{edge}.{name}")
                if isinstance(module, nn.AvgPool2d):
                    width = len(supernet.get_parameter(f"{cell}.edges.{edge}.nor_conv_3x3.1.weight"))
                    table[row, operation] += 9 * width * POOLED**2
                for own, weight in module.named_parameters():
                    table[row, operation] += _products(base[f"{cell}.edges.{edge}.{name}.{own}"], weight)
    return VectorProducts(fixed, table, first.operations.index("none"))


def _products(one: Tensor, other: Tensor) -> np.ndarray:
    a, b = (each.detach().flatten().double() for each in (one, other))
    return np.array([float(torch.dot(*pair)) for pair in ((a, b), (a, a), (b, b))])
