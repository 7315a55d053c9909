"""The second derivative of the loss along two directions of the weights, by one forward pass of derivatives.

Every tensor of the network travels with its derivatives by two numbers e and d: (x, x_e, x_d, x_ed), all at
e = d = 0. Nothing is kept for a backward pass: a tensor is forgotten once the last operation has read it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.proxies._traced import evaluate, faster, traced

_LINEAR = (
    F.avg_pool2d, F.adaptive_avg_pool2d, torch.mean, torch.flatten, torch.add, torch.mul, torch.cat,
    torch.narrow, torch.zeros_like,
)  # fmt: skip
"""Functions that are run on every derivative as on the value itself."""


@dataclass(frozen=True)
class Jet:
    """A tensor and its derivatives by e, by d and by both; times 1 + e where it is ``grown``."""

    parts: tuple[Tensor, ...]
    grown: bool = False

    def written_out(self) -> Jet:
        """The same without the factor: ((1 + e) x)_e = x + x_e."""
        if not self.grown:
            return self
        x, x_e, x_d, x_ed = self.parts
        return Jet((x, x_e + x, x_d, x_ed + x_d))


def curvature_of_traced(
    module: nn.Module, images: Tensor, targets: Tensor, gradients: Mapping[str, tuple[Tensor, Tensor]]
) -> float:
    """W^T H g: d2/(de dd) of L(W + e W + d g) at e = d = 0, batch norm in training mode.

    Computed as d2/(de dd) of L((1 + e)(W + d g)), which is |g|^2 more: batch norm takes the factor 1 + e out
    again but for its eps, so that a layer before one need not be multiplied by it.

    Parameters
    ----------
    module
        The network, left as it is.
    images, targets
        One batch; L is its mean cross-entropy.
    gradients
        Name of a weight to (W, g), g of the same shape: the gradient of L, as
        :meth:`harness.proxies._passes.Passes.loss_gradients` has it.

    Raises
    ------
    Untraceable
        Where the network does something that is not among the operations of :func:`harness.graphs.trace`.
    """
    graph = replace(traced(module, graphs.Nodes(images), training=True), relus=Counter())
    steps = {
        id(parameter): gradients[name][1]
        for name, parameter in module.named_parameters()
        if name in gradients
    }
    with torch.no_grad():
        still = images.detach()
        start = Jet((still, *(torch.zeros_like(still) for _ in range(3))))
        values = evaluate(graph, start, lambda node, jets: _apply(node, jets, steps))
        growth = sum(float(gradient.double().square().sum()) for _, gradient in gradients.values())
        return float(_cross_entropy(values[graph.output], targets)) - growth


def _apply(node: graphs.Node, jets: Mapping[graphs.Node, Jet], steps: Mapping[int, Tensor]) -> Jet:
    function, operands = node.function, node.operands
    if function in (F.conv2d, F.linear):
        _, weight, bias, *others = operands
        step = steps.get(id(weight))
        return _layer(jets[operands[0]].written_out(), function, weight, bias, step, others)
    if function is F.batch_norm:
        return _batch_norm(jets[operands[0]], operands[3], operands[4], operands[7])
    inputs = {operand: jets[operand].written_out() for operand in node.inputs}
    if function in _CURVED:
        return Jet(_CURVED[function](*inputs[operands[0]].parts, *operands[1:]))
    if function in _SMOOTH:
        return Jet(_chained(*_SMOOTH[function](inputs[operands[0]].parts[0]), *inputs[operands[0]].parts[1:]))
    if function is graphs.gated:
        return Jet(_multiplied(inputs[operands[0]].parts, inputs[operands[1]].parts))
    if function not in _LINEAR:
        raise graphs.Untraceable(f"the derivatives of {function.__name__} are not known here")
    run, operands = faster(node)
    parts = ({node: jet.parts[part] for node, jet in inputs.items()} for part in range(4))
    return Jet(tuple(run(*graphs.replaced(operands, part)) for part in parts))


def _layer(
    jet: Jet,
    function: Callable[..., Tensor],
    weight: Tensor,
    bias: Tensor | None,
    step: Tensor | None,
    others: list[Any],
) -> Jet:
    """(1 + e)(W + d g) x + b of a convolution or linear layer; W x + b where there is no step g."""
    parts = [function(part, weight, None, *others) for part in jet.parts]
    if step is not None:
        for moved, still in ((2, 0), (3, 1)):
            parts[moved] += function(jet.parts[still], step, None, *others)
    result = Jet(tuple(parts), grown=step is not None)
    if bias is None:
        return result
    result = result.written_out()
    result.parts[0].add_(_by_channel(bias, result.parts[0]) if function is F.conv2d else bias)
    return result


def _batch_norm(jet: Jet, weight: Tensor | None, bias: Tensor | None, eps: float) -> Jet:
    """Batch norm y of x, whose derivatives by e and d are u and v, by both w.

    With mean m and variance s^2 = var + eps (or var + eps / (1 + e)^2, if x is ``grown``), <> the mean over
    samples and pixels, bars for (. - m) / s and r = eps / s^2::

        y    = x-bar
        y_e  = u-bar - a y,  a = <u-bar y>  (- r)
        y_d  = v-bar - b y,  b = <v-bar y>
        y_ed = (w-bar - <w-bar y> y) - b y_e - a y_d + (a b - <u-bar v-bar>) y
    """
    x, u, v, w = jet.parts
    y, mean, inverse = torch.native_batch_norm(x, None, None, None, None, True, 0.0, eps)
    samples, ones = x.numel() // x.shape[1], x.new_ones(x.shape[1])

    def projected(z: Tensor) -> tuple[Tensor, Tensor]:
        """z-bar - <z-bar y> y and <z-bar y>: also what the backward pass does to a gradient."""
        backward = torch.ops.aten.native_batch_norm_backward
        # Without a weight, products would not be computed on a GPU.
        rest, products, _ = backward(z, x, ones, None, None, mean, inverse, True, eps, [True, True, True])
        return rest, products * inverse / samples

    y_e, a = projected(u)
    y_d, b = projected(v)
    y_ed, _ = projected(w)
    r = eps * inverse.square()
    pixels = [axis for axis in range(x.dim()) if axis != 1]
    both = (y_e * y_d).mean(pixels) + a * b * (1 + r)  # <u-bar v-bar>, as <y y> = 1 - r
    if jet.grown:
        y_e.addcmul_(y, _by_channel(r, x))
        a = a - r
    for other, factor in ((y_e, -b), (y_d, -a), (y, a * b - both)):
        y_ed.addcmul_(other, _by_channel(factor, x))
    parts: tuple[Tensor, ...] = (y, y_e, y_d, y_ed)
    if weight is not None and bool((weight != 1).any()):
        parts = tuple(part.mul_(_by_channel(weight, x)) for part in parts)
    if bias is not None and bool((bias != 0).any()):
        y.add_(_by_channel(bias, x))
    return Jet(parts)


def _by_channel(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *(1,) * (like.dim() - 2))


def _relu(x: Tensor, *derivatives: Tensor) -> tuple[Tensor, ...]:
    passed = (torch.ops.aten.threshold_backward(derivative, x, 0) for derivative in derivatives)
    return (F.relu(x), *passed)


def _relu6(x: Tensor, *derivatives: Tensor) -> tuple[Tensor, ...]:
    passed = (torch.ops.aten.hardtanh_backward(derivative, x, 0, 6) for derivative in derivatives)
    return (F.relu6(x), *passed)


def _max_pool2d(x: Tensor, x_e: Tensor, x_d: Tensor, x_ed: Tensor, *settings: Any) -> tuple[Tensor, ...]:
    largest, places = F.max_pool2d(x, *settings, return_indices=True)
    chosen = (
        derivative.flatten(2).gather(2, places.flatten(2)).view_as(largest) for derivative in (x_e, x_d, x_ed)
    )
    return (largest, *chosen)


_CURVED: dict[Callable[..., Tensor], Callable[..., tuple[Tensor, ...]]] = {
    F.relu: _relu,
    F.relu6: _relu6,
    F.max_pool2d: _max_pool2d,
}
"""Functions whose derivatives need the value; of each the second one is 0."""


Derivatives = tuple[Tensor, Tensor, Tensor]
"""A function's value, and its first and second derivative there."""


def _chained(
    y: Tensor, first: Tensor, second: Tensor, x_e: Tensor, x_d: Tensor, x_ed: Tensor
) -> tuple[Tensor, ...]:
    """f(x): (f, f' x_e, f' x_d, f' x_ed + f'' x_e x_d)."""
    return y, first * x_e, first * x_d, first * x_ed + second * x_e * x_d


def _multiplied(left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Products of maps and gates: (a b)_ed = a_ed b + a_e b_d + a_d b_e + a b_ed."""
    (a, a_e, a_d, a_ed), (b, b_e, b_d, b_ed) = left, right
    return a * b, a_e * b + a * b_e, a_d * b + a * b_d, a_ed * b + a_e * b_d + a_d * b_e + a * b_ed


def _sigmoid(x: Tensor) -> Derivatives:
    y = x.sigmoid()
    slope = y * (1 - y)
    return y, slope, slope * (1 - 2 * y)


def _silu(x: Tensor) -> Derivatives:
    y, first, second = _sigmoid(x)
    return F.silu(x), y + x * first, 2 * first + x * second


def _hardsigmoid(x: Tensor) -> Derivatives:
    return F.hardsigmoid(x), (x.abs() < 3).to(x.dtype) / 6, torch.zeros_like(x)


def _hardswish(x: Tensor) -> Derivatives:
    bent = (x.abs() < 3).to(x.dtype)
    return F.hardswish(x), bent * (2 * x + 3) / 6 + (x >= 3).to(x.dtype), bent / 3


_SMOOTH: dict[Callable[..., Tensor], Callable[[Tensor], Derivatives]] = {
    torch.sigmoid: _sigmoid,
    Tensor.sigmoid: _sigmoid,
    F.silu: _silu,
    F.hardsigmoid: _hardsigmoid,
    F.hardswish: _hardswish,
}
"""Gates, and activations that are no ReLU."""


def _cross_entropy(logits: Jet, targets: Tensor) -> Tensor:
    """Its derivative by e and d, with p = softmax(z): mean over samples of
    sum (p - 1_target) z_ed + p z_e z_d - (sum p z_e)(sum p z_d).
    """
    z, z_e, z_d, z_ed = (part.double() for part in logits.written_out().parts)
    p = z.softmax(1)
    error = p - F.one_hot(targets, z.shape[1])
    straight = (error * z_ed).sum(1)
    bent = (p * z_e * z_d).sum(1) - (p * z_e).sum(1) * (p * z_d).sum(1)
    return (straight + bent).mean()
