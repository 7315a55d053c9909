"""A network's last feature map on drawn parameters, and the moments of what its batch norms normalise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.networks import named_parameters_of
from harness.proxies._features import POOLINGS, is_map, last_map, removed_again
from harness.proxies._traced import evaluate, faster, traced

Watch = Callable[[Tensor, Tensor], None]
"""Is handed the means and variances of a batch norm's input, (channels,) each."""


class Maps:
    """The map of :func:`harness.proxies._features.last_map`, by hooks on the module."""

    connected: bool | None = None
    """Whether operations lead from the images to the logits, where that is known."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module

    @classmethod
    def of(cls, module: nn.Module, images: Tensor) -> Maps:
        """Of the graph where the module can be traced; ``images`` of the size that it will be run on."""
        try:
            return _TracedMaps(module, images)
        except graphs.Untraceable:
            return cls(module)

    def run(
        self, parameters: Mapping[str, Tensor], images: Tensor, watch: Watch | None = None
    ) -> tuple[Tensor | None, Tensor]:
        """The map, None where there is none, and the logits, without gradients.

        Batch norm in training mode; ``watch`` is called for every call of a ``nn.BatchNorm2d``.
        """
        with torch.no_grad(), removed_again() as handles:
            if watch is not None:
                for part in self.module.modules():
                    if isinstance(part, nn.BatchNorm2d):
                        handles.append(part.register_forward_pre_hook(lambda _, x: watch(*_moments(*x))))
            return last_map(self.module, parameters, images)


class _TracedMaps(Maps):
    """The same without running the module: equal operations once, a batch norm's moments once for all."""

    def __init__(self, module: nn.Module, images: Tensor) -> None:
        super().__init__(module)
        nodes = graphs.Nodes(images)
        seen = _Seen(nodes.images)
        graph = traced(module, nodes, training=True, watch=seen)
        self.connected = graph.connected
        self._last, self._norms = seen.last, seen.norms
        watched = [*self._norms, *([self._last] if self._last else [])]
        self._graph = replace(graph, relus=Counter(watched))

    def run(
        self, parameters: Mapping[str, Tensor], images: Tensor, watch: Watch | None = None
    ) -> tuple[Tensor | None, Tensor]:
        values = self._evaluate(parameters, images, watch)
        return values[self._last] if self._last else None, values[self._graph.output]

    @torch.no_grad()
    def _evaluate(
        self, parameters: Mapping[str, Tensor], images: Tensor, watch: Watch | None
    ) -> dict[graphs.Node, Tensor]:
        drawn = {id(own): parameters[name].detach() for name, own in named_parameters_of(self.module)}
        moments: dict[graphs.Node, tuple[Tensor, Tensor]] = {}

        def see(node: graphs.Node, value: Tensor) -> Tensor:
            if node in self._norms:
                moments[node] = _moments(value)
                if watch is not None:
                    for _ in range(self._norms[node]):
                        watch(*moments[node])
            return value

        def apply(node: graphs.Node, values: Mapping[graphs.Node, Tensor]) -> Tensor:
            function, operands = faster(node)
            operands = tuple(drawn.get(id(operand), operand) for operand in operands)
            if function is F.batch_norm and operands[0] in moments:
                operands = (operands[0], *moments[operands[0]], *operands[3:5], False, *operands[6:])
            return see(node, function(*graphs.replaced(operands, values)))

        (start,) = (node for node in graphs.needed([self._graph]) if node.function is graphs.given)
        return evaluate(self._graph, see(start, images.detach()), apply, self._last)


class _Seen(graphs.Watch):
    """What :func:`last_map` looks at, and what batch norms are called on.

    Attributes
    ----------
    norms
        The inputs of the calls of ``nn.BatchNorm2d``.
    """

    def __init__(self, images: graphs.Node) -> None:
        self.norms: Counter[graphs.Node] = Counter()
        self._images = images
        self._map: tuple[object, graphs.NodeOf] | None = None

    @property
    def last(self) -> graphs.Node | None:
        """The last map that a part handed out or a pooling took, as it was in the end, if overwritten."""
        return self._map[1](self._map[0]) if self._map else None

    def before(self, part: nn.Module, arguments: tuple[Any, ...], node_of: graphs.NodeOf) -> None:
        if isinstance(part, POOLINGS):
            self.after(part, arguments[0] if arguments else None, node_of)
        if isinstance(part, nn.BatchNorm2d) and (node := node_of(arguments[0])):
            self.norms[node] += 1

    def after(self, part: nn.Module, output: object, node_of: graphs.NodeOf) -> None:
        if node_of(output) not in (None, self._images) and is_map(output):
            self._map = output, node_of


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of every channel over samples and pixels; torch.var_mean is ten times as slow."""
    return torch.ops.aten.batch_norm_update_stats(features, None, None, 0.0)
