"""A network's last feature map on drawn parameters, and the moments of what its batch norms normalise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from harness import graphs
from harness.proxies._features import POOLINGS, is_map, last_map, removed_again
from harness.proxies._traced import evaluate, faster

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
            for part in self.module.modules() if watch else ():
                if isinstance(part, nn.BatchNorm2d):
                    handles.append(part.register_forward_pre_hook(lambda _, x: watch(*_moments(*x))))
            return last_map(self.module, parameters, images)


class _TracedMaps(Maps):
    """The same without running the module: equal operations once, a batch norm's moments once for all."""

    def __init__(self, module: nn.Module, images: Tensor) -> None:
        super().__init__(module)
        graph, seen, norms = _trace(module)
        self.connected = graph.connected
        self._norms = norms
        maps: set[graphs.Node] = set()

        def note(node: graphs.Node, value: Tensor) -> None:
            if is_map(value):
                maps.add(node)

        # How many pixels a node has shows on two samples.
        everything = replace(graph, relus=Counter([*seen, *norms]))
        self._evaluate(everything, dict(module.named_parameters()), images[:2], note)
        self._last = next((node for node in reversed(seen) if node in maps), graph.output)
        self._graph = replace(graph, relus=Counter([self._last, *norms]))

    def run(
        self, parameters: Mapping[str, Tensor], images: Tensor, watch: Watch | None = None
    ) -> tuple[Tensor | None, Tensor]:
        values = self._evaluate(self._graph, parameters, images, watch=watch)
        logits, last = values[self._graph.output], values[self._last]
        return (last if is_map(last) else None), logits

    @torch.no_grad()
    def _evaluate(
        self,
        graph: graphs.Graph,
        parameters: Mapping[str, Tensor],
        images: Tensor,
        note: Callable[[graphs.Node, Tensor], None] | None = None,
        watch: Watch | None = None,
    ) -> dict[graphs.Node, Tensor]:
        drawn = {id(own): parameters[name].detach() for name, own in self.module.named_parameters()}
        moments: dict[graphs.Node, tuple[Tensor, Tensor]] = {}

        def see(node: graphs.Node, value: Tensor) -> Tensor:
            if node in self._norms:
                moments[node] = _moments(value)
                for _ in range(self._norms[node] if watch else 0):
                    watch(*moments[node])
            if note:
                note(node, value)
            return value

        def apply(node: graphs.Node, values: Mapping[graphs.Node, Tensor]) -> Tensor:
            function, operands = faster(node)
            operands = tuple(drawn.get(id(operand), operand) for operand in operands)
            if function is F.batch_norm and operands[0] in moments:
                operands = (operands[0], *moments[operands[0]], *operands[3:5], False, *operands[6:])
            return see(node, function(*graphs.replaced(operands, values)))

        kept = None if note else self._last
        (start,) = (node for node in graphs.needed([graph]) if node.function is None)
        return evaluate(graph, see(start, images.detach()), apply, kept)


def _trace(module: nn.Module) -> tuple[graphs.Graph, list[graphs.Node], Counter[graphs.Node]]:
    """The graph in training mode, what :func:`last_map` looks at, and what batch norms are called on.

    The first are nodes of four dimensions that modules hand out or pooling layers take, the images excepted,
    in the order of the calls; the second the inputs of the calls of ``nn.BatchNorm2d``.
    """
    table, seen, norms = graphs.Table(), [], Counter()
    parts = set(module.modules())

    def see(value: object) -> None:
        node = getattr(value, "node", None)
        if isinstance(node, graphs.Node) and node.dim == 4 and node is not table.images:
            seen.append(node)

    def before(part: nn.Module, arguments: tuple) -> None:
        if part in parts and isinstance(part, POOLINGS):
            see(arguments[0] if arguments else None)
        if part in parts and isinstance(part, nn.BatchNorm2d):
            norms[arguments[0].node] += 1

    def after(part: nn.Module, arguments: tuple, output: object) -> None:
        if part in parts:
            see(output)

    with _everywhere(before, after):
        return graphs.trace(module, table, training=True), seen, norms


@contextmanager
def _everywhere(before: Callable, after: Callable) -> Iterator[None]:
    """Hooks on all modules there are: ones of their own would keep them from being traced."""
    handles = [register_module_forward_pre_hook(before), register_module_forward_hook(after)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of every channel over samples and pixels; torch.var_mean is ten times as slow."""
    return torch.ops.aten.batch_norm_update_stats(features, None, None, 0.0)
