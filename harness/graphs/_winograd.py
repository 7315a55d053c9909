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

from harness.graphs._operations import beside_averages

LEAST_CHANNELS, LEAST_INPUTS = 8, 32
"""Channels in and out of a convolution, and channels in of all that are added, from which on transforms are
repaid."""
BLOCK_SAMPLES, BLOCK_TILES = 8, 256
"""At most so many samples, and tiles of them, are transformed, multiplied and transformed back together: they
are in the cache then. A sample's numbers do not hang on how many others are computed with it, since products
are always of as many."""
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
    outputs, inputs = weight.shape[:2]
    with torch.no_grad():
        columns = transform @ weight.double().permute(2, 3, 1, 0).reshape(3, -1)
        found = transform @ columns.view(TILE + 2, 3, -1)
        return found.view(POSITIONS, inputs, outputs).to(weight.dtype)


def filtered(
    inputs: Sequence[Tensor],
    rectified: Sequence[bool],
    kernels: Sequence[Tensor],
    bias: Tensor | None,
    values: Sequence[Tensor],
    centres: Sequence[float],
    averages: Sequence[float],
) -> Tensor:
    """The sum of convolutions, of values times factors, and of their 3x3 averages times factors.

    Maps of ``inputs`` (samples, C, H, W), or their ReLU where ``rectified``, are convolved with ``kernels``,
    which are :func:`filters`; ``centres`` and ``averages`` have a factor for each of ``values``. What lies
    beyond the edge is 0 to convolutions and left out of averages.
    """
    from harness.graphs import _winograd_loops

    first = inputs[0]
    samples, _, height, width = first.shape
    channels, each = kernels[0].shape[2], -(-height // TILE) * -(-width // TILE)
    total = torch.empty(
        (samples, channels, height, width), dtype=first.dtype, memory_format=torch.channels_last
    )
    if bias is not None:
        total.copy_(bias[:, None, None])
    maps, read, others = _last(total), [_last(one) for one in inputs], [_last(value) for value in values]
    ratio, beside = beside_averages(centres, averages)
    factors = np.array([beside, averages], dtype=maps.dtype)
    root, ratio = _root(first), maps.dtype.type(ratio)
    size = max(1, min(BLOCK_SAMPLES, BLOCK_TILES // each))
    product = first.new_empty((POSITIONS, size * each, channels))
    products = product.flatten(1).numpy()
    scratch = {one.shape[1]: first.new_zeros((POSITIONS, size * each, one.shape[1])) for one in inputs}
    flat = {wide: tiles.flatten(1).numpy() for wide, tiles in scratch.items()}
    for start in range(0, samples, size):
        block = slice(start, start + size)
        for number, (one, kernel) in enumerate(zip(read, kernels, strict=True)):
            tiles = scratch[one.shape[3]]
            _winograd_loops.tile(one[block], flat[one.shape[3]], rectified[number], root)
            if number:
                torch.baddbmm(product, tiles, kernel, out=product)
            else:
                torch.bmm(tiles, kernel, out=product)
        if values:
            own = tuple([other[block] for other in others])
            _winograd_loops.blend(own, factors[0], factors[1], ratio, maps[block], bias is None)
        _winograd_loops.untile(products, maps[block], bias is None and not values, root)
    return total


def _last(maps: Tensor) -> np.ndarray:
    """An array (samples, H, W, C), in the maps' own memory where that is in channels-last order."""
    return maps.permute(0, 2, 3, 1).contiguous().numpy()


def _root(maps: Tensor) -> np.floating:
    """The square root of 2 in the maps' number format."""
    return np.float64(sqrt(2)) if maps.dtype is torch.float64 else np.float32(sqrt(2))
