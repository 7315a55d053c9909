"""Feature maps of a network, seen by forward hooks that are removed again: the last one, and its blocks'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeGuard

from torch import Tensor, nn
from torch.nn.modules import pooling
from torch.nn.modules.conv import _ConvNd
from torch.utils.hooks import RemovableHandle

from harness.proxies._modules import run

_LAYERS = (_ConvNd, nn.Linear)
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
POOLINGS = (
    pooling._AdaptiveAvgPoolNd,
    pooling._AdaptiveMaxPoolNd,
    pooling._AvgPoolNd,
    pooling._MaxPoolNd,
)


@contextmanager
def removed_again() -> Iterator[list[RemovableHandle]]:
    """A list to put the handles of hooks in, which are removed at the end."""
    handles: list[RemovableHandle] = []
    try:
        yield handles
    finally:
        for handle in handles:
            handle.remove()


def is_map(tensor: object) -> TypeGuard[Tensor]:
    """Whether it is a feature map: (samples, channels, height, width) with more than one pixel."""
    return isinstance(tensor, Tensor) and tensor.ndim == 4 and tensor.shape[2] * tensor.shape[3] > 1


def last_map(
    module: nn.Module, parameters: Mapping[str, Tensor], images: Tensor
) -> tuple[Tensor | None, Tensor]:
    """The last feature map before the global pooling, and the logits; batch norm in training mode.

    It is the last one that a module hands out or a pooling layer takes, the images excepted; None where
    there is none.
    """
    with removed_again() as handles:
        last = _LastMap(module, handles)
        logits = run(module, parameters, images, training=True)
    return last.features, logits


def block_features(
    module: nn.Module, parameters: Mapping[str, Tensor], images: Tensor
) -> tuple[list[Tensor], Tensor]:
    """What each block of the network hands on to the next one, and the logits; batch norm in training mode.

    The children of the module that hold convolutions or linear layers are its stages, those of its only
    stage where there is one stage. The stage that is called last is the classifier. The others are made of
    parts: a convolution or linear layer by itself, a ``nn.Sequential`` with one part in it, any other module
    with children (a cell, a residual block); longer ``nn.Sequential`` and lists are opened. A block goes
    from one part's input to the next one's, so that a pooling, a normalisation or a sum between two parts
    belongs to the block before; the first begins at the images. The last ends at the classifier's input,
    or, where that is no map, at the last map before it.

    For the networks of this package the blocks are the stem and every cell, reduction or layer that is not
    an ``nn.Identity``.

    Returns
    -------
    tuple
        Tensors of the graph that leads from the images to the logits, (samples, channels, height, width) or
        (samples, channels), in the order in which the parts are called.

    Raises
    ------
    ValueError
        Where a block's features are overwritten in place after they were handed on.
    """
    stages = _stages(module)
    parts = {part for stage in stages for part in _parts(stage)}
    with removed_again() as handles:
        last = _LastMap(module, handles)
        watch = _BlockWatch(set(stages), parts, last)
        for part in parts.union(stages):
            handles.append(part.register_forward_pre_hook(watch.enter))
        logits = run(module, parameters, images, training=True)
    return watch.handed_on(), logits


class _LastMap:
    """The last feature map that was seen since ``features`` was None."""

    def __init__(self, module: nn.Module, handles: list[RemovableHandle]) -> None:
        self.features: Tensor | None = None
        self._images: object = None
        handles.append(module.register_forward_pre_hook(self._begin))
        for part in module.modules():
            handles.append(part.register_forward_hook(self._after))
            if isinstance(part, POOLINGS):
                handles.append(part.register_forward_pre_hook(self._before))

    def _begin(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        (self._images,) = arguments

    def _before(self, module: nn.Module, arguments: tuple[Any, ...]) -> None:
        self._see(arguments[0] if arguments else None)

    def _after(self, module: nn.Module, arguments: tuple[Any, ...], output: object) -> None:
        self._see(output)

    def _see(self, tensor: object) -> None:
        if is_map(tensor) and tensor is not self._images:
            self.features = tensor


class _BlockWatch:
    """The inputs of parts and of the last stage, each with the version that it had."""

    def __init__(self, stages: set[nn.Module], parts: set[nn.Module], last: _LastMap) -> None:
        self._stages = stages
        self._parts = parts
        self._last = last
        self._inputs: list[tuple[Tensor, int]] = []
        self._ending: tuple[int, Tensor, int] | None = None

    def enter(self, module: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        """Note the input; hand on a copy, so that a ReLU that works in place does not overwrite it."""
        if not arguments or not isinstance(arguments[0], Tensor):
            return arguments
        features: Tensor = arguments[0]
        if module in self._stages:
            seen = features if is_map(features) or self._last.features is None else self._last.features
            self._ending = len(self._inputs), seen, seen._version
        if module in self._parts:
            self._inputs.append((features, features._version))
            self._last.features = None
        return (features.clone(), *arguments[1:])

    def handed_on(self) -> list[Tensor]:
        """Features between the blocks, and in front of the classifier; none without a part before it."""
        if self._ending is None or not self._ending[0]:
            return []
        boundaries = [*self._inputs[1 : self._ending[0]], self._ending[1:]]
        if any(features._version != version for features, version in boundaries):
            raise ValueError("features that a block handed on are overwritten in place by the network")
        return [features for features, _ in boundaries]


def _stages(module: nn.Module) -> list[nn.Module]:
    """The children that hold layers with weights; where it is only one, that one's."""
    stages = [child for child in module.children() if _has_layers(child)]
    return _stages(stages[0]) if len(stages) == 1 and any(stages[0].children()) else stages


def _parts(module: nn.Module) -> list[nn.Module]:
    """Where blocks begin within a stage."""
    if isinstance(module, _CONTAINERS):
        inner = [part for child in module.children() for part in _parts(child)]
        return [module] if len(inner) == 1 and isinstance(module, nn.Sequential) else inner
    return [module] if isinstance(module, _LAYERS) or any(True for _ in module.children()) else []


def _has_layers(module: nn.Module) -> bool:
    return any(isinstance(part, _LAYERS) for part in module.modules())
