"""How the channels of feature maps correlate over the pixels of one image."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from harness.errors import machine_failure
from harness.proxies._features import is_map, removed_again
from harness.proxies._modules import parameters_of, run
from harness.proxies._outcome import Refused, finite
from harness.proxies._passes import Passes

_SAME_CORRELATIONS = (nn.Identity, _NormBase)
_CONSTANT = 1e-12
"""Deviation over length below which a channel is constant but for rounding."""


def smallest_eigenvalues(module: nn.Module, image: Tensor) -> tuple[list[float], Tensor]:
    """:func:`smallest_eigenvalue` of every layer's map, in the order of the calls, and the logits.

    Layers are modules without children but ``nn.Identity`` and batch or instance normalisation, which leave
    correlations as they are. ``image`` is (1, channels, height, width); batch norm in training mode.
    """
    eigenvalues: list[float] = []

    def measure(layer: nn.Module, arguments: tuple[Any, ...], output: object) -> None:
        if is_map(output):
            eigenvalues.append(smallest_eigenvalue(output[0]))

    with removed_again() as handles, torch.no_grad():
        for layer in module.modules():
            if not any(True for _ in layer.children()) and not isinstance(layer, _SAME_CORRELATIONS):
                handles.append(layer.register_forward_hook(measure))
        logits = run(module, parameters_of(module), image, training=True)
    return eigenvalues, logits


def on_another_image(passes: Passes, image: Tensor) -> tuple[list[float], Tensor]:
    """:func:`smallest_eigenvalues` of the network on an ``image`` that need not be of its batch's size.

    Raises
    ------
    Refused
        Where the network takes its batch's images and not this one.
    """
    try:
        return smallest_eigenvalues(passes.module, image)
    except RuntimeError as error:
        if machine_failure(error) or not _takes(passes.module, passes.images):
            raise
        height, width = image.shape[2:]
        raise Refused(
            f"meco looks at an image of {height} x {width} pixels, which this network does not take "
            f"({error}); hand over one that takes images of any size, or take another proxy"
        ) from error


def _takes(module: nn.Module, images: Tensor) -> bool:
    try:
        smallest_eigenvalues(module, images)
    except RuntimeError:
        return False
    return True


def smallest_eigenvalue(features: Tensor) -> float:
    """Smallest eigenvalue, 0 to 1, of the correlation matrix of (channels, height, width) over the pixels.

    0 where a channel is constant, or where there are no more pixels than channels.
    """
    rows = features.flatten(1).double()
    centred = rows - rows.mean(dim=1, keepdim=True)
    lengths = centred.norm(dim=1, keepdim=True)
    finite(float(lengths.max()), "the largest deviation of a channel")
    if rows.shape[0] >= rows.shape[1] or (lengths <= _CONSTANT * rows.norm(dim=1, keepdim=True)).any():
        return 0.0
    unit = centred / lengths
    return max(0.0, float(torch.linalg.eigvalsh((unit @ unit.T).cpu())[0]))
