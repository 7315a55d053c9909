"""The second derivative of the loss along its gradient and the weights, from one forward and backward pass.

Every tensor of the network gets derivatives x_e and x_d by two numbers e and d. Its second derivative is not
needed: the gradient that the backward pass has brought to an operation's result says what comes of it, so
that of the loss L with logits z::

    L_ed = sum over operations f of dL/df . D2 f[x_e, x_d]  +  D2 L[z_e, z_d]

D2 is an operation's second derivative. It is 0 of most; a layer W x with a step g has g x_e. Nothing is kept
but what the passes keep: x_e and x_d are forgotten once the last operation has read them.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.autograd.graph import GradientEdge
from torch.nn import functional as F

from harness import graphs
from harness.graphs import Node
from harness.proxies._bends import BENT, SMOOTH
from harness.proxies._calls import Calls
from harness.proxies._normalised import BatchNorm, Derivative
from harness.proxies._totals import total
from harness.proxies._traced import faster

_LINEAR = (
    F.avg_pool2d, F.adaptive_avg_pool2d, torch.mean, torch.flatten, torch.add, torch.mul, torch.cat,
    torch.narrow,
)  # fmt: skip
"""Functions that are run on derivatives as on the value itself."""


def arrivals(calls: Calls) -> dict[Node, list[GradientEdge | Tensor]]:
    """By operation of what :func:`curvature` takes the loss's gradients: of its result, where it is curved.

    Of a batch norm that alone reads its input and alone has its weight, of these two: that takes less memory,
    as a layer's result is such an input. Nothing of a pass of which something is not known.
    """
    found: dict[Node, list[GradientEdge | Tensor]] = {}
    if not calls.known:
        return found
    for node in calls.nodes:
        if node.function is F.batch_norm and _is_alone(node, calls):
            found[node] = [calls.edges[node.inputs[0]], node.operands[3]]
        elif node.function in (F.conv2d, F.linear, F.batch_norm, graphs.gated, *SMOOTH):
            found[node] = [calls.edges[node]]
    return found


def _is_alone(norm: Node, calls: Calls) -> bool:
    (read,), weight = norm.inputs, norm.operands[3]
    own = weight is not None and weight.requires_grad and calls.scales[id(weight)] == 1
    return own and read in calls.edges and calls.readers[read] == 1


def curvature(
    calls: Calls,
    arrived: Mapping[Node, list[Tensor | None]],
    logits: Tensor,
    targets: Tensor,
    steps: Mapping[int, Tensor],
) -> float:
    """W^T H g: d2/(de dd) of L(W + e W + d g) at e = d = 0, batch norm in training mode.

    Computed as d2/(de dd) of L((1 + e)(W + d g)), which is |g|^2 more. Batch norm takes the factor 1 + e out
    again but for its eps: where it alone reads a layer's result, the layer is left as it is, and the batch
    norm's result y is 1 + e r times as large instead, r = eps / (variance + eps).

    Parameters
    ----------
    calls
        Of a forward pass in training mode.
    arrived
        The loss's gradients of what :func:`arrivals` names; None where it does not depend on it.
    logits, targets
        Of that pass; L is their mean cross-entropy.
    steps
        By ``id`` of a layer's weight W in that pass g, the gradient of L.

    Raises
    ------
    Untraceable
        Where the pass did something whose derivatives are not known here.
    """
    with torch.no_grad():
        sweep = _Sweep(calls, arrived, steps)
        sweep.terms.append(_cross_entropy(logits.detach(), *sweep.run(), targets))
        if sweep.channels:
            sweep.terms.append(torch.cat(sweep.channels).sum(dtype=torch.float64))
        return total(sweep.terms) - total(step.double().square().sum() for step in steps.values())


class _Sweep:
    """Derivatives operation by operation, and the terms of the second derivative of the loss so far.

    Those of batch norms stand by channel.
    """

    def __init__(
        self, calls: Calls, arrived: Mapping[Node, list[Tensor | None]], steps: Mapping[int, Tensor]
    ) -> None:
        self.calls = calls
        self.arrived = arrived
        self.steps = steps
        self.terms: list[Tensor] = []
        self.channels: list[Tensor] = []
        self.derivatives: dict[Node, tuple[Derivative, Derivative]] = {}
        self.grown = {
            norm
            for norm in calls.nodes
            if norm.function is F.batch_norm
            and calls.readers[norm.inputs[0]] == 1
            and self._step(norm.inputs[0]) is not None
        }
        self.left = {norm.inputs[0] for norm in self.grown}

    def run(self) -> tuple[Derivative, Derivative]:
        """The logits' derivatives."""
        output = self.calls.output
        last = {operand: node for node in self.calls.nodes for operand in node.inputs}
        for node in self.calls.nodes:
            self.derivatives[node] = self._of(node)
            for operand in set(node.inputs):
                if last[operand] is node and operand is not output:
                    del self.derivatives[operand]
        return self.derivatives[output]

    def _step(self, node: Node) -> Tensor | None:
        layer = node.function in (F.conv2d, F.linear)
        return self.steps.get(id(node.operands[1])) if layer else None

    def _of(self, node: Node) -> tuple[Derivative, Derivative]:
        function = node.function
        if function is graphs.given:
            return None, None
        if function in (F.conv2d, F.linear):
            return self._layer(node)
        if function is F.batch_norm:
            return self._batch_norm(node)
        if function is graphs.gated:
            return self._gated(node)
        if function in SMOOTH:
            return self._smooth(node)
        if function in BENT:
            (value,) = self.calls.kept(node)
            bent = BENT[function]
            x_e, x_d = (
                None if each is None else bent(each, value, *node.operands[1:])
                for each in self.derivatives[node.inputs[0]]
            )
            return x_e, x_d
        if function not in _LINEAR:
            raise graphs.Untraceable(f"the derivatives of {function.__name__} are not known here")
        return self._linear(node, 0), self._linear(node, 1)

    def _linear(self, node: Node, which: int) -> Derivative:
        parts = {operand: self.derivatives[operand][which] for operand in node.inputs}
        there = [part for part in parts.values() if part is not None]
        if not there:
            return None
        if node.function is torch.add and len(there) == 1 and len(parts) == 2:
            return there[0]
        filled = {
            operand: there[0].new_zeros(self.calls.shapes[operand]) if part is None else part
            for operand, part in parts.items()
        }
        run, operands = faster(node)
        return run(*graphs.replaced(operands, filled))

    def _layer(self, node: Node) -> tuple[Derivative, Derivative]:
        """(1 + e)(W + d g) x + b; W x + b where there is no step g, and (W + d g) x if it is ``left``."""
        (x,), (_, weight, _, *others) = self.calls.kept(node), node.operands
        (arrived,), step = self.arrived[node], self._step(node)

        def run(part: Tensor, own: Tensor) -> Tensor:
            return node.function(part, own.detach(), None, *others)

        x_e, x_d = self.derivatives[node.inputs[0]]
        y_e, y_d = (None if part is None else run(part, weight) for part in (x_e, x_d))
        if step is None:
            return y_e, y_d
        stepped = run(x.detach(), step)
        y_d = stepped if y_d is None else y_d.add_(stepped)
        bent = None if x_e is None else run(x_e, step)
        if node not in self.left:
            grown = run(x.detach(), weight)
            y_e = grown if y_e is None else y_e.add_(grown)
            bent = y_d if bent is None else bent.add_(y_d)
        if arrived is not None and bent is not None:
            self.terms.append(_dot(arrived, bent))
        return y_e, y_d

    def _batch_norm(self, node: Node) -> tuple[Derivative, Derivative]:
        if not node.operands[5]:
            raise graphs.Untraceable("a batch norm in evaluation mode")
        u, v = self.derivatives[node.inputs[0]]
        if u is None and v is None:
            return None, None
        (x,), eps = self.calls.kept(node), node.operands[7]
        norm = BatchNorm(x.detach(), *self.calls.statistics(node), eps, node.operands[3], node in self.grown)
        y_e, y_d, bent = norm.second(u, v, *self.arrived[node])
        if bent is not None:
            self.channels.append(bent)
        return y_e, y_d

    def _gated(self, node: Node) -> tuple[Derivative, Derivative]:
        """Maps x times gates s: D2 = x_e s_d + x_d s_e."""
        x, s = (each.detach() for each in self.calls.kept(node))
        (x_e, x_d), (s_e, s_d) = (self.derivatives[operand] for operand in node.operands)
        self._add(node, (x_e, s_d), (x_d, s_e))
        return _sum((x_e, s), (x, s_e)), _sum((x_d, s), (x, s_d))

    def _smooth(self, node: Node) -> tuple[Derivative, Derivative]:
        """f(x): D2 = f'' x_e x_d."""
        x_e, x_d = self.derivatives[node.inputs[0]]
        if x_e is None and x_d is None:
            return None, None
        (x,) = self.calls.kept(node)
        first, second = SMOOTH[node.function](x.detach())
        self._add(node, (None if x_e is None else second * x_e, x_d))
        return _sum((x_e, first)), _sum((x_d, first))

    def _add(self, node: Node, *products: tuple[Derivative, Derivative]) -> None:
        (arrived,), bent = self.arrived[node], _sum(*products)
        if arrived is not None and bent is not None:
            self.terms.append((arrived * bent).sum(dtype=torch.float64))


def _sum(*products: tuple[Derivative, Derivative]) -> Derivative:
    """Of the products without a factor that is 0."""
    found = [one * other for one, other in products if one is not None and other is not None]
    return sum(found[1:], found[0]) if found else None


def _dot(one: Tensor, other: Tensor) -> Tensor:
    """Sum of ``one * other``, in one pass over the memory where they lie alike."""
    if one.stride() == other.stride() and one.is_contiguous(memory_format=torch.channels_last):
        one, other = one.permute(0, 2, 3, 1), other.permute(0, 2, 3, 1)
    return torch.dot(one.reshape(-1), other.reshape(-1)).double()


def _cross_entropy(logits: Tensor, z_e: Derivative, z_d: Derivative, targets: Tensor) -> Tensor:
    """With p = softmax(z) the mean over samples of sum p z_e z_d - (sum p z_e)(sum p z_d)."""
    p = logits.double().softmax(1)
    if z_e is None or z_d is None:
        return p.new_zeros(())
    p_e, z_d = p * z_e.double(), z_d.double()
    return ((p_e * z_d).sum(1) - p_e.sum(1) * (p * z_d).sum(1)).mean()
