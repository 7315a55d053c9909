"""The passes that proxies share: each is run at most once per network and batch, and only when read.

A pass depends on the network, the batch and the seed, never on which passes ran before,
so a proxy's value is the same whatever else is measured beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.errors import ConfigError
from harness.inputs import Batch
from harness.proxies._clock import Clock
from harness.proxies._modules import layer_weights, linearised, own_random_state, parameters_of, run
from harness.proxies._outcome import Undefined, finite
from harness.proxies._patterns import distinct_patterns
from harness.seeding import derive

_CLEARLY_DIFFERENT = 1e-3
"""Of the largest logit; far above what rounding makes of equal samples, also behind batch norm."""
_JACOBIAN_BYTES = 2**29
"""Gradients of all samples held at a time; for the rest, the backward passes are run again."""
_COLUMNS = 2**16
"""Weights whose gradients are held in double precision at a time."""
Result = TypeVar("Result")


class Passes:
    """Forward and backward passes of one network on one batch, computed when first read.

    Attributes
    ----------
    module
        The network, untouched: passes run on its numbers, not on itself.
    batches
        The batches in the network's number format and on its device; targets in 0..classes-1.
    images, targets
        Those of the first batch.

    ``relu_kernel(training)`` counts the ReLU codes, see :class:`harness.proxies._kernel.Kernels`.
    """

    def __init__(
        self,
        module: nn.Module,
        batches: Sequence[Batch],
        seed: int,
        relu_kernel: Callable[[bool], graphs.Counted],
    ) -> None:
        self.module = module
        self.batches = tuple(batches)
        self.images = batches[0].images
        self.targets = batches[0].targets
        self.clock = Clock()
        self._relu_kernel = relu_kernel
        self._seed = seed

    def relu_kernel(self, training: bool) -> np.ndarray:
        """Kernel of the binary ReLU codes, (samples, samples) whole numbers in float64.

        From forward passes without gradients. Only ``nn.ReLU`` and ``nn.ReLU6`` modules are seen, not
        ``torch.nn.functional.relu``.
        """
        return self.read(("relu_kernel", training), lambda: self._count_relus(training))

    def sign_patterns(self) -> int:
        """Number of different sign patterns of all ReLU inputs over the samples, batch norm in training mode.

        Of the modules that :meth:`relu_kernel` sees; 1 where there is none.
        """
        return self.read("sign_patterns", self._count_patterns)

    def loss_gradients(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Name to (W, dL/dW) of every convolution and linear layer the loss depends on.

        L is the mean cross-entropy of the batch, batch norm in training mode.
        """
        return self.read("loss_gradients", self._differentiate_loss)

    def input_gradients(self) -> Tensor:
        """d(sum of all logits)/d(images), shape (samples, 3 H W), batch norm in training mode."""
        return self.read("input_gradients", self._differentiate_logits)

    def tangent_kernel(self) -> np.ndarray:
        """K_ij = g_i . g_j, (samples, samples) float64, batch norm in training mode.

        g_i is the gradient of the sum of sample i's logits with respect to every parameter with ``weight`` in
        its name: weights of convolutions, linear layers and normalisations, no biases. Through the batch's
        statistics the other samples take part in it. Gradients are in the network's number format,
        products and sums in double precision.
        """
        return self.read("tangent_kernel", self._multiply_gradients)

    def synaptic_flow(self) -> float:
        """Sum over convolution and linear weights of |W dR/dW|, see ``synflow``."""
        return self.read("synaptic_flow", self._flow)

    def generator(self, *names: object) -> torch.Generator:
        """Random numbers of a proxy's own, on the CPU: the same for every network, whatever else draws."""
        return torch.Generator().manual_seed(derive(self._seed, "proxies", *names))

    def read(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The outcome of ``compute``, which is run once for all proxies that read ``key``.

        Gradients are on; what the network draws in its forward pass hangs on the seed and the key alone.
        """

        def compute_with_own_randomness() -> Result:
            with own_random_state(self.images, derive(self._seed, "proxies", key)):
                return compute()

        return self.clock.read(key, compute_with_own_randomness)

    def _count_relus(self, training: bool) -> np.ndarray:
        counted = self._relu_kernel(training)
        self._require_connected(counted.logits, counted.connected)
        if not counted.units:
            raise Undefined("inf", "no ReLU module was called: the kernel is 0, its log determinant -inf")
        return counted.kernel.cpu().numpy().astype(np.float64)

    def _count_patterns(self) -> int:
        patterns, logits = distinct_patterns(self.module, self.images, training=True)
        self._require_connected(logits)
        return patterns

    def _graph(self) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Images, parameters and logits of the one training-mode forward pass that keeps its graph."""
        return self.read("graph", self._forward_with_graph)

    def _forward_with_graph(self) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        images = self.images.detach().clone().requires_grad_()
        parameters = parameters_of(self.module)
        logits = run(self.module, parameters, images, training=True)
        self._require_connected(logits)
        return images, parameters, logits

    def _differentiate_loss(self) -> dict[str, tuple[Tensor, Tensor]]:
        _, parameters, logits = self._graph()
        weights = layer_weights(self.module, parameters)
        low, high, classes = int(self.targets.min()), int(self.targets.max()), logits.shape[1]
        if low < 0 or high >= classes:
            raise ConfigError(
                f"Targets must lie in 0..{classes - 1} for a network with {classes} classes; received "
                f"{low}..{high}. Open the input and build the network with the same number of classes."
            )
        gradients = _gradients(F.cross_entropy(logits, self.targets), list(weights.values()))
        return {
            name: (weight.detach(), gradient)
            for (name, weight), gradient in zip(weights.items(), gradients, strict=True)
            if gradient is not None
        }

    def _differentiate_logits(self) -> Tensor:
        images, _, logits = self._graph()
        (gradient,) = _gradients(logits.sum(), [images])
        return (torch.zeros_like(images) if gradient is None else gradient).flatten(1)

    def _multiply_gradients(self) -> np.ndarray:
        _, parameters, logits = self._graph()
        weights = [leaf for name, leaf in parameters.items() if "weight" in name and leaf.requires_grad]
        if not weights:
            raise ValueError("the network has no parameter with 'weight' in its name")
        kernel = torch.zeros((len(logits),) * 2, dtype=torch.float64, device=logits.device)
        most = _JACOBIAN_BYTES // (logits.element_size() * len(logits))
        for group in _of_at_most(most, weights):
            jacobian = _jacobian(logits.sum(1), group)
            for columns in jacobian.split(_COLUMNS, dim=1):
                columns = columns.double()
                kernel += columns @ columns.T
        finite(float(kernel.abs().max()), "the largest entry of the tangent kernel")
        return kernel.cpu().numpy()

    def _flow(self) -> float:
        parameters = {
            name: leaf.detach().abs().double().requires_grad_()
            for name, leaf in parameters_of(self.module).items()
            if leaf.requires_grad
        }
        weights = list(layer_weights(self.module, parameters).values())
        ones = torch.ones_like(self.images[:1], dtype=torch.float64, requires_grad=True)
        with linearised(self.module):
            output = run(self.module, parameters, ones, training=False).sum()
        arriving, *gradients = _gradients(output, [ones, *weights])
        if arriving is None or not arriving.any():
            raise Undefined("disconnected", "no path of non-zero weights leads from the input to the logits")
        pairs = zip(weights, gradients, strict=True)
        return math.fsum((w * gradient).abs().sum().item() for w, gradient in pairs if gradient is not None)

    def _require_connected(self, logits: Tensor, connected: bool | None = None) -> None:
        """Raise :class:`Undefined` where the logits are not finite or do not depend on the images.

        Logits that clearly differ between samples do. Nearly equal ones prove nothing: the images may be
        equal, there may be one, float32 may have lost a small difference beside the classifier's
        bias, or rounding may have made one. Then it counts whether operations lead from the images to
        the logits (``connected``, where that is known already), and in a network that cannot be traced
        whether a gradient in double precision does.
        """
        largest = finite(float(logits.detach().abs().max()), "the largest logit")
        if float((logits - logits[:1]).detach().abs().max()) > _CLEARLY_DIFFERENT * largest:
            return
        if not (self._is_connected() if connected is None else connected):
            raise Undefined("disconnected", "the logits do not depend on the images")

    def _is_connected(self) -> bool:
        try:
            return graphs.trace(self.module, graphs.Table()).connected
        except graphs.Untraceable:
            # Two samples nearly always show the gradient; all of them are needed where ReLUs are dead.
            return any(self._gradient_arrives(samples) for samples in (2, len(self.images)))

    def _gradient_arrives(self, samples: int) -> bool:
        parameters = {name: leaf.detach().double() for name, leaf in parameters_of(self.module).items()}
        with torch.enable_grad():
            images = self.images[:samples].double().requires_grad_()
            logits = run(self.module, parameters, images, training=False)
            # Unequal factors, because the classes' gradients may cancel in a plain sum.
            factors = torch.linspace(1, 2, logits.shape[1], dtype=logits.dtype, device=logits.device)
            (gradient,) = _gradients((logits * factors).sum(), [images])
        return gradient is not None and bool(gradient.any())


def _gradients(output: Tensor, inputs: list[Tensor]) -> tuple[Any, ...]:
    """Gradients of a scalar, None where it does not depend on an input; the graph stays for other readers."""
    if not output.requires_grad:
        return (None,) * len(inputs)
    return torch.autograd.grad(output, inputs, retain_graph=True, allow_unused=True)


def _jacobian(outputs: Tensor, weights: list[Tensor]) -> Tensor:
    """Row i: the gradient of ``outputs[i]`` with respect to all ``weights``, one after the other."""
    rows = outputs.new_zeros(len(outputs), sum(map(torch.numel, weights)))
    for row, output in zip(rows, outputs, strict=True):
        for part, gradient in zip(
            row.split([*map(torch.numel, weights)]), _gradients(output, weights), strict=True
        ):
            if gradient is not None:
                part.copy_(gradient.flatten())
    return rows


def _of_at_most(entries: int, tensors: list[Tensor]) -> list[list[Tensor]]:
    """``tensors`` in groups of at most so many entries, where a tensor has not more by itself."""
    groups: list[list[Tensor]] = [[]]
    for tensor in tensors:
        if groups[-1] and sum(map(torch.numel, groups[-1])) + tensor.numel() > entries:
            groups.append([])
        groups[-1].append(tensor)
    return groups
