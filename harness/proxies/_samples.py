"""Gradients of every sample by itself, in evaluation mode, a layer at a time.

Where no sample takes part in another's output, one backward pass of the sum of all outputs brings every
sample's own gradient to each layer's result. A product with the layer's input makes it the sample's gradient
of the layer's weights. Other networks need a backward pass per sample.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.graphs import Graph, Node, needed, replaced
from harness.proxies._modules import parameters_of, run
from harness.proxies._traced import traced

JACOBIAN_BYTES = 2**29
"""Gradients of all samples held at a time; for the rest, the backward passes are run again."""
PATCH_BYTES = 2**27
"""Patches of a convolution's input held at a time, those of one sample at least."""

Objective = Callable[[Tensor], Tensor]
"""Logits (samples, classes) to a number per sample, (samples,), each made of its own row of logits."""
Visit = Callable[[Tensor], None]
"""Takes a block (samples, entries): in row i the gradient of sample i's number, for some of the entries."""


def visit_gradients(
    module: nn.Module, images: Tensor, objective: Objective, picked: Callable[[str], bool], visit: Visit
) -> None:
    """Hand ``visit`` every block of the gradients of the parameters ``picked`` by name, evaluation mode.

    Blocks come in any order and number, each entry of a parameter in one of them; a parameter that takes no
    part may be left out.
    """
    names = [name for name, leaf in parameters_of(module).items() if leaf.requires_grad and picked(name)]
    try:
        graph = traced(module, graphs.Nodes(images))
        order = needed([Graph(graph.output, Counter(), graph.connected)])
        layers = _Layers(order, {id(module.get_parameter(name)) for name in names}, visit)
    except graphs.Untraceable:
        parameters = parameters_of(module)
        outputs = objective(run(module, parameters, images, training=False))
        visit_rows(outputs, [parameters[name] for name in names], visit)
    else:
        layers.run(images, objective)


def visit_rows(outputs: Tensor, weights: Sequence[Tensor], visit: Visit) -> None:
    """Hand ``visit`` the gradients of ``outputs`` (samples,): a backward pass per sample, for any network."""
    most = JACOBIAN_BYTES // (outputs.element_size() * len(outputs))
    for group in _of_at_most(most, weights):
        visit(jacobian(outputs, group))


def jacobian(outputs: Tensor, weights: list[Tensor]) -> Tensor:
    """Row i: the gradient of ``outputs[i]`` with respect to all ``weights``, one after the other."""
    sizes = [weight.numel() for weight in weights]
    rows = outputs.new_zeros(len(outputs), sum(sizes))
    for row, output in zip(rows, outputs, strict=True):
        if not output.requires_grad:
            continue
        gradients = torch.autograd.grad(output, weights, retain_graph=True, allow_unused=True)
        for part, gradient in zip(row.split(sizes), gradients, strict=True):
            if gradient is not None:
                part.copy_(gradient.flatten())
    return rows


class _Layers:
    """A traced network in evaluation mode whose layers hand out their parameters' gradients.

    Raises
    ------
    Untraceable
        Where samples meet in a normalisation, or a parameter is read by another operation than a layer.
    """

    def __init__(self, order: Sequence[Node], wanted: set[int], visit: Visit) -> None:
        self._order = order
        self._wanted = wanted
        self._visit = visit
        self._uses = Counter(
            id(tensor) for node in order for tensor in _tensors(node) if id(tensor) in wanted
        )
        self._sums: dict[int, Tensor] = {}
        for node in order:
            if node.function is F.batch_norm and node.operands[5]:
                raise graphs.Untraceable("a normalisation uses the batch's statistics")
            if node.function not in _PARTS and any(id(tensor) in wanted for tensor in _tensors(node)):
                raise graphs.Untraceable("a parameter is read by something else than a layer")

    def run(self, images: Tensor, objective: Objective) -> None:
        """One forward and one backward pass on copies of the parameters."""
        leaf = images.detach().clone().requires_grad_()
        values, sources = {self._order[0]: leaf}, [leaf]
        readers = Counter(operand for node in self._order for operand in node.inputs)
        for node in self._order[1:]:
            operands = tuple(
                operand.detach() if isinstance(operand, Tensor) else operand for operand in node.operands
            )
            operands = replaced(operands, values)
            values[node] = result = node.function(*operands)
            if not result.requires_grad:
                sources.append(result.requires_grad_())
            if any(id(tensor) in self._wanted for tensor in _tensors(node)):
                result.register_hook(partial(self._add, node, operands))
            readers.subtract(node.inputs)
            for finished in {operand for operand in node.inputs if not readers[operand]}:
                del values[finished]
        torch.autograd.grad(objective(result).sum(), sources, allow_unused=True)
        for block in self._sums.values():  # of a parameter that is also read where no gradient arrives
            self._visit(block)

    def _add(self, node: Node, operands: tuple[Any, ...], arriving: Tensor) -> None:
        """Make the parameters' gradients of the one that arrives at a layer's result."""
        for position, make in _PARTS[node.function].items():
            key = id(node.operands[position])
            if key in self._wanted:
                block = make(operands, arriving).flatten(1)
                block = self._sums.pop(key) + block if key in self._sums else block
                self._uses[key] -= 1
                if self._uses[key]:
                    self._sums[key] = block
                else:
                    self._visit(block)


def _tensors(node: Node) -> Iterator[Tensor]:
    return (operand for operand in node.operands if isinstance(operand, Tensor))


def _convolution(operands: tuple[Any, ...], arriving: Tensor) -> Tensor:
    """Gradients of a convolution's weight, (samples, ...), in another order than the weight's entries."""
    images, weight, _, stride, padding, dilation, groups = operands
    images, arriving = images.detach(), arriving.permute(0, 2, 3, 1).flatten(1, 2)
    bytes_of_one = arriving[0].numel() // len(weight) * weight[0].numel() * groups * arriving.element_size()
    at_a_time = max(1, PATCH_BYTES // bytes_of_one)
    blocks = []
    for some, own in zip(images.split(at_a_time), arriving.split(at_a_time), strict=True):
        columns = _patches(some, weight.shape[2:], stride, padding, dilation)
        if groups == 1:
            blocks.append(own.transpose(1, 2) @ columns)
        else:
            own, columns = own.unflatten(2, (groups, -1)), columns.unflatten(2, (-1, groups, weight.shape[1]))
            blocks.append(torch.einsum("nlgo,nlkgi->ngoki", own, columns))
    return torch.cat(blocks)


def _patches(
    images: Tensor,
    size: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> Tensor:
    """What a convolution of this ``size`` sees at each place: (samples, places, height x width x channels).

    Of images in channels-last memory five times as fast as ``F.unfold``.
    """
    rows, columns = padding
    windows = F.pad(images, (columns, columns, rows, rows)).permute(0, 2, 3, 1)
    for axis in (0, 1):
        span = (size[axis] - 1) * dilation[axis] + 1
        windows = windows.unfold(axis + 1, span, stride[axis])[..., :: dilation[axis]]
    return windows.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(1, 2)


def _product(operands: tuple[Any, ...], arriving: Tensor) -> Tensor:
    """Gradients of a linear layer's weight."""
    inputs = operands[0].detach().flatten(1, -2) if operands[0].dim() > 2 else operands[0].detach()[:, None]
    return arriving.reshape(len(inputs), -1, arriving.shape[-1]).transpose(1, 2) @ inputs


def _scale(operands: tuple[Any, ...], arriving: Tensor) -> Tensor:
    """Gradients of the factors of a normalisation with running statistics."""
    inputs, mean, variance, *_, eps = operands
    shape = (1, -1, *[1] * (inputs.dim() - 2))
    centred = inputs.detach() - mean.reshape(shape)
    return _channels(centred.mul_(arriving)) * torch.rsqrt(variance + eps)


def _channels(arriving: Tensor) -> Tensor:
    """Gradients of a number that is added to a channel: (samples, channels)."""
    return arriving.flatten(2).sum(2) if arriving.dim() > 2 else arriving


def _features(arriving: Tensor) -> Tensor:
    """The same of a linear layer, whose channels are last."""
    return arriving.flatten(1, -2).sum(1) if arriving.dim() > 2 else arriving


_PARTS: dict[Callable[..., Tensor], dict[int, Callable[[tuple[Any, ...], Tensor], Tensor]]] = {
    F.conv2d: {1: _convolution, 2: lambda operands, arriving: _channels(arriving)},
    F.linear: {1: _product, 2: lambda operands, arriving: _features(arriving)},
    F.batch_norm: {3: _scale, 4: lambda operands, arriving: _channels(arriving)},
}
"""The layers, and for the position of each of their parameters the gradients (samples, ...) for it."""


def _of_at_most(entries: int, tensors: Sequence[Tensor]) -> list[list[Tensor]]:
    """``tensors`` in groups of at most so many entries, where a tensor has not more by itself."""
    groups: list[list[Tensor]] = [[]]
    for tensor in tensors:
        if groups[-1] and sum(map(torch.numel, groups[-1])) + tensor.numel() > entries:
            groups.append([])
        groups[-1].append(tensor)
    return groups
