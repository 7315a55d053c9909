"""How much each channel of a convolution or linear layer matters to the loss: Fisher's saliencies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

from harness.networks import named_parameters_of, parts_of
from harness.proxies._modules import own_weight
from harness.proxies._outcome import Refused


class LayerChannels:
    """Takes 1/2 mean_n (sum_hw a dL/da)^2 from a forward and a backward pass, a the output of a layer.

    Parameters
    ----------
    module
        The network, whose convolutions and linear layers are watched.
    samples
        Number of samples, which every output has in front.
    copies
        Whether layers hand on copies of their outputs, which stay as they are where what follows works in
        place. Without, such a network has no saliencies.
    """

    def __init__(self, module: nn.Module, samples: int, copies: bool = False) -> None:
        names = {id(parameter): name for name, parameter in named_parameters_of(module)}
        layers = [part for part in parts_of(module) if isinstance(part, _ConvNd | nn.Linear)]
        self._layers = {
            layer: names[id(own_weight(layer))] for layer in layers if id(own_weight(layer)) in names
        }
        self._samples = samples
        self._copies = copies
        self._saliencies: dict[str, Tensor] | None = None
        self._intact = True

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the layers' outputs are remembered."""
        handles = [
            layer.register_forward_hook(partial(self._seen, name)) for layer, name in self._layers.items()
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def collected(self) -> Iterator[dict[str, Tensor]]:
        """Inside, a backward pass of the loss fills the dictionary: a weight's name to (channels,)."""
        saliencies: dict[str, Tensor] = {}
        self._saliencies = saliencies
        try:
            yield saliencies
        finally:
            self._saliencies = None

    @property
    def intact(self) -> bool:
        """Whether every output could be read, and none was overwritten before the backward pass read it."""
        return self._intact

    def _seen(self, name: str, layer: nn.Module, inputs: tuple[Any, ...], output: object) -> Tensor | None:
        if not isinstance(output, Tensor):
            return None
        with torch._C.DisableTorchFunction():  # not a call of the network's
            watched = output.requires_grad and self._remember(name, layer, output)
        return output.clone() if watched and self._copies else None

    def _remember(self, name: str, layer: nn.Module, output: Tensor) -> bool:
        kept = output.detach()
        axis = output.dim() - 1 if isinstance(layer, nn.Linear) else 1
        output.register_hook(partial(self._weigh, name, axis, kept, kept._version))
        return True

    def _weigh(self, name: str, axis: int, kept: Tensor, version: int, arriving: Tensor) -> None:
        if self._saliencies is None:
            return
        if kept._version != version:
            self._intact = False
            return
        try:
            self._saliencies[name] = self._saliencies.get(name, 0) + self._saliency(axis, kept, arriving)
        except Exception:
            if self._copies:
                raise
            self._intact = False  # the pass goes on for its other readers

    def _saliency(self, axis: int, kept: Tensor, arriving: Tensor) -> Tensor:
        if len(kept) != self._samples:
            raise Refused(
                f"a layer hands out a tensor of shape {tuple(kept.shape)}, whose first dimension is not the "
                f"batch of {self._samples}; hand over a network that keeps its samples in front"
            )
        others = [other for other in range(1, kept.dim()) if other != axis]
        products = kept * arriving
        sums = products.sum(others) if others else products
        return sums.square().mean(0) / 2
