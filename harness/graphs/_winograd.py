"""3x3 convolutions with a quarter of the multiplications, by Winograd's minimal filtering F(4x4, 3x3).

A tile of 4x4 results Y hangs on 6x6 inputs D. With a kernel K (3x3)::

    Y = A^T [ (G K G^T) * (B^T D B) ] A            (* entry by entry, summed over input channels)

so that a convolution is 36 products of matrices (tiles, inputs) x (inputs, outputs). The transforms
interpolate polynomials at 0, +-1/sqrt(2), +-sqrt(2) and infinity. At the usual points, 0, +-1, +-2 and
infinity, float32 rounds four times as coarsely: by up to 1.7e-5 of a map's deviation in place of 4e-6, where
a plain convolution rounds by 2e-6.

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016; on points, Barabasz et al.,
"Error Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from torch import Tensor

LEAST_CHANNELS = 8
"""Channels in and out from which on the transforms are repaid."""
BLOCK_SAMPLES = 8
"""Samples that are multiplied and transformed back together. Products are always of so many, so that a
sample's numbers do not hang on how many others are computed with it."""
TILE = 4
"""Results along a side of a tile."""
POSITIONS = (TILE + 2) ** 2


def filters(weight: Tensor) -> Tensor:
    """G K G^T for kernels (outputs, inputs, 3, 3), as 36 matrices (36, inputs, outputs)."""
    rows = [[1.0, 0.0, 0.0]]
    for own, other in ((sqrt(0.5), 2.0), (sqrt(2.0), 0.5)):
        squared = own**2
        rows += [[1.0, point, squared] for point in (own, -own)]
        rows[-2:] = [[each / (2 * squared * (squared - other)) for each in row] for row in rows[-2:]]
    transform = torch.tensor([*rows, [0.0, 0.0, 1.0]], dtype=torch.float64)
    with torch.no_grad():
        found = torch.einsum("ia,ocab,jb->ijco", transform, weight.double(), transform)
        return found.flatten(0, 1).to(weight.dtype).contiguous()


def tiles(x: Tensor, rectified: bool) -> Tensor:
    """B^T D B for the tiles D of maps (samples, C, H, W), or of their ReLU, as 36 matrices (36, tiles, C).

    Tiles that reach over the edge read zeros; samples are filled up with zeros to whole blocks.
    """
    from harness.graphs import _winograd_loops

    samples, channels, height, width = x.shape
    each = _tiles_of(height, width)
    found = x.new_empty((POSITIONS, -(-samples // BLOCK_SAMPLES) * BLOCK_SAMPLES * each, channels))
    found[:, samples * each :] = 0
    _winograd_loops.tile(_last(x), found.flatten(1).numpy(), rectified, _root(x))
    return found


def filtered(
    like: Tensor,
    inputs: Sequence[Tensor],
    kernels: Sequence[Tensor],
    bias: Tensor | None,
    values: Sequence[Tensor],
    centres: Sequence[float],
    averages: Sequence[float],
) -> Tensor:
    """The sum of convolutions, of values times factors, and of their 3x3 averages times factors.

    ``inputs`` are :func:`tiles` of maps as high and wide as ``like``, ``kernels`` are :func:`filters`;
    ``centres`` and ``averages`` have a factor for each of ``values``. What lies beyond the edge is left out
    of averages.
    """
    from harness.graphs import _winograd_loops

    samples, _, height, width = like.shape
    channels, each = kernels[0].shape[2], _tiles_of(height, width)
    shape = (samples, channels, height, width)
    total = torch.empty(shape, dtype=like.dtype, memory_format=torch.channels_last)
    if bias is not None or not values:
        total.copy_(torch.zeros(()) if bias is None else bias[:, None, None])
    maps, others, root = _last(total), [_last(value) for value in values], _root(like)
    factors = np.array([centres, averages], dtype=maps.dtype)
    product = like.new_empty((POSITIONS, BLOCK_SAMPLES * each, channels))
    for start in range(0, samples, BLOCK_SAMPLES):
        rows, block = slice(start * each, (start + BLOCK_SAMPLES) * each), slice(start, start + BLOCK_SAMPLES)
        torch.bmm(inputs[0][:, rows], kernels[0], out=product)
        for one, kernel in zip(inputs[1:], kernels[1:], strict=True):
            torch.baddbmm(product, one[:, rows], kernel, out=product)
        if values:
            own = tuple(other[block] for other in others)
            _winograd_loops.blend(own, factors[0], factors[1], maps[block], bias is None)
        _winograd_loops.untile(product.flatten(1).numpy(), maps[block], root)
    return total


def _tiles_of(height: int, width: int) -> int:
    return -(-height // TILE) * -(-width // TILE)


def _last(maps: Tensor) -> np.ndarray:
    """An array (samples, H, W, C), in the maps' own memory where that is in channels-last order."""
    return maps.permute(0, 2, 3, 1).contiguous().numpy()


def _root(maps: Tensor) -> np.floating:
    """The square root of 2 in the maps' number format."""
    return np.float64(sqrt(2)) if maps.dtype is torch.float64 else np.float32(sqrt(2))
