"""The passes that proxies share: each is run at most once per network and batch, and only when read.

A pass depends on the network, the batch and the seed, never on which passes ran before,
so a proxy's value is the same whatever else is measured beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs
from harness.inputs import Batch
from harness.networks import parts_of
from harness.proxies._channels import LayerChannels
from harness.proxies._clock import Clock
from harness.proxies._connected import depends_on_images
from harness.proxies._forward import Forward, forward
from harness.proxies._gradients import NO_GRADIENTS, gradients_of
from harness.proxies._kernel import CodeCount, watched_kernel
from harness.proxies._loss import LossGradients, curvature_of, differentiated
from harness.proxies._modules import layer_weights
from harness.proxies._outcome import Refused, Undefined, finite
from harness.proxies._patterns import distinct_patterns
from harness.proxies._samples import visit_gradients, visit_rows
from harness.proxies._state import kept_state
from harness.proxies._surroundings import own_random_state
from harness.proxies._tangent import is_weight, kernel_of, require_any
from harness.proxies._totals import numbers
from harness.seeding import derive

_CLEARLY_DIFFERENT = 1e-3
"""Of the largest logit; far above what rounding makes of equal samples, also behind batch norm. In numbers of
few bits eight steps, where that is more."""
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

    ``relu_kernel(training)`` counts the ReLU codes, see :class:`harness.proxies._kernel.Kernels`. ``riders``
    are what will be read of the pass that keeps its graph beside gradients: ``codes`` of the ReLUs,
    ``channels`` of the layers, ``calls`` of torch. What is not among them is computed in another pass, with
    the same result. Where the network is not ``stateful`` it keeps nothing in Python. ``parts`` are all of
    its parts, where they are known.
    """

    def __init__(
        self,
        module: nn.Module,
        batches: Sequence[Batch],
        seed: int,
        relu_kernel: Callable[[bool], graphs.Counted],
        riders: Collection[str] = (),
        stateful: bool = True,
        parts: Sequence[nn.Module] | None = None,
    ) -> None:
        self.module = module
        self.batches = tuple(batches)
        self.images = batches[0].images
        self.targets = batches[0].targets
        self.clock = Clock()
        self._relu_kernel = relu_kernel
        self._riders = frozenset(riders)
        self._seed = seed
        self._known = parts
        self._keeping = None if stateful else ()

    @property
    def parts(self) -> Sequence[nn.Module]:
        """All parts of the network, itself first, a shared one once."""
        return parts_of(self.module) if self._known is None else self._known

    def relu_kernel(self, training: bool) -> np.ndarray:
        """Kernel of the binary ReLU codes, (samples, samples) whole numbers in float64.

        From the forward pass that keeps its graph where that is run anyway (``riders``), else from one
        without gradients: the codes are the same. Every call of a ReLU or ReLU6 counts, module or function.
        """
        key = ("relu_kernel", training)
        return self.read(key, lambda: self._count_relus(training), "graph" if training else None)

    def activation_kernel(self) -> np.ndarray:
        """:meth:`relu_kernel` in training mode of the inputs of every activation, smooth ones too.

        Those of :data:`harness.proxies._kernel.SMOOTH` beside ReLUs; from a pass of its own, call by call.
        """
        return self.read("activation_kernel", self._count_activations, "graph")

    def sign_patterns(self, training: bool = True) -> int:
        """Number of different sign patterns of all ReLU inputs over the samples, batch norm in that mode.

        Of the calls that :meth:`relu_kernel` counts; 1 where there is none.
        """
        return self.read(("sign_patterns", training), lambda: self._count_patterns(training))

    def loss_gradients(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Name to (W, dL/dW) of every convolution and linear layer the loss depends on.

        L is the mean cross-entropy of the batch, batch norm in training mode.
        """
        return self._loss().layers

    def curvature(self) -> float:
        """W^T H g over the weights of :meth:`loss_gradients`, g = dL/dW and H = d2L/dW2, of ``calls`` riding.

        Raises Untraceable where they do not, and as :func:`harness.proxies._second.curvature`.
        """
        return curvature_of(self._forward(), self._loss(), self.targets)

    def channel_saliencies(self) -> dict[str, Tensor]:
        """Name of a convolution or linear weight to 1/2 mean_n (sum_hw a dL/da)^2, shape (channels,).

        a is the layer's output, (samples, channels, ...); L as in :meth:`loss_gradients`. Every call of a
        layer adds its own, and layers that share a weight add theirs.
        """
        return self.read("channel_saliencies", self._read_channels, "graph")

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

    def tangent_kernel_eval(self) -> np.ndarray:
        """:meth:`tangent_kernel` with batch norm in evaluation mode, where a sample is by itself."""
        return self.read("tangent_kernel_eval", self._multiply_gradients_eval)

    def visit_loss_gradients(self, visit: Callable[[Tensor], None]) -> None:
        """Hand ``visit`` the gradients of every sample's own cross-entropy, batch norm in evaluation mode.

        In blocks (samples, entries) that hold each entry of every parameter once, in any order; a parameter
        without part in the logits may be missing.
        """

        def losses(logits: Tensor) -> Tensor:
            self.require_connected(logits)
            self.require_classes(logits)
            return F.cross_entropy(logits, self.targets, reduction="none")

        visited = False

        def hand_on(block: Tensor) -> None:
            nonlocal visited
            visited = visited or bool(block.any())
            visit(block)

        visit_gradients(self.module, self.images, losses, lambda name: True, hand_on)
        if not visited:
            raise Refused(NO_GRADIENTS)

    def generator(self, *names: object) -> torch.Generator:
        """Random numbers of a proxy's own, on the CPU: the same for every network, whatever else draws."""
        return torch.Generator().manual_seed(derive(self._seed, "proxies", *names))

    def read(
        self, key: Hashable, compute: Callable[[], Result], randomness: Hashable | None = None
    ) -> Result:
        """The outcome of ``compute``, which is run once for all proxies that read ``key``.

        Gradients are on; what the network draws in its forward pass hangs on the seed and the key alone, or
        on ``randomness`` in the place of the key: two passes of one name draw the same.
        """
        name = key if randomness is None else randomness

        def compute_by_itself() -> Result:
            with (
                own_random_state(derive(self._seed, "proxies", name)),
                kept_state(self.module, parts=self._keeping),
            ):
                result = compute()
                if self.images.device.type == "cuda":  # or its seconds would be those of who reads a number
                    torch.cuda.synchronize(self.images.device)
                return result

        return self.clock.read(key, compute_by_itself)

    def _count_relus(self, training: bool) -> np.ndarray:
        counted = self._counted_on_the_way() if training and "codes" in self._riders else None
        if counted is None:
            counted = self._relu_kernel(training)
            self.require_connected(counted.logits, counted.connected)
        return _known(counted, "ReLU", "; nwot_smooth counts other activations too")

    def _count_activations(self) -> np.ndarray:
        counted = watched_kernel(self.module, self.images, training=True, smooth=True)
        self.require_connected(counted.logits)
        return _known(counted, "activation")

    def _counted_on_the_way(self) -> graphs.Counted | None:
        """What rode on the pass that keeps its graph; None where it met a ReLU that it cannot count."""
        found = self._forward()
        try:
            return None if found.codes is None else found.codes.counted(found.logits)
        except Refused:
            return None

    def _count_patterns(self, training: bool) -> int:
        patterns, logits = distinct_patterns(self.module, self.images, training)
        self.require_connected(logits)
        return patterns

    def _graph(self) -> tuple[Tensor, dict[str, Tensor], Tensor]:
        """Images, parameters and logits of the one training-mode forward pass that keeps its graph."""
        found = self._forward()
        return found.images, found.parameters, found.logits

    def _forward(self) -> Forward:
        return self.read("graph", self._forward_with_graph)

    def _forward_with_graph(self) -> Forward:
        codes = CodeCount(self.images) if "codes" in self._riders else None
        channels = LayerChannels(self.module, len(self.images)) if "channels" in self._riders else None
        # In few bits sums of products are good for two digits: second derivatives are left to autograd there.
        written = "calls" in self._riders and self.images.itemsize >= torch.float32.itemsize
        return self._connected(forward(self.module, self.images, codes, channels, written))

    def _connected(self, found: Forward) -> Forward:
        self.require_connected(found.logits)
        return found

    def _loss(self) -> LossGradients:
        return self.read("loss", lambda: self._differentiate_loss(self._forward()))

    def _differentiate_loss(self, found: Forward) -> LossGradients:
        weights = layer_weights(self.module, found.parameters)
        self.require_classes(found.logits)
        return differentiated(found, weights, self.targets)

    def _read_channels(self) -> dict[str, Tensor]:
        loss = self._loss() if "channels" in self._riders else None
        if loss is None or loss.saliencies is None:
            channels = LayerChannels(self.module, len(self.images), copies=True)
            found = self._connected(forward(self.module, self.images, None, channels))
            loss = self._differentiate_loss(found)
        saliencies = loss.saliencies
        unseen = sorted(loss.layers.keys() - (saliencies or {}).keys())
        if saliencies is None or unseen:
            raise Refused(
                f"the layer of {unseen[0]} is not called, its weight is read by something else, so that "
                "nobody sees its channels; hand over a network that calls its layers, or take another proxy"
            )
        return saliencies

    def require_classes(self, logits: Tensor, number: int = 0) -> None:
        """Raise :class:`Refused` where a target of batch ``number`` is none of the classes."""
        targets = self.batches[number].targets
        low, high = torch.stack(targets.aminmax()).tolist()
        classes = logits.shape[1]
        if low < 0 or high >= classes:
            raise Refused(
                f"targets must lie in 0..{classes - 1} for a network with {classes} classes; received "
                f"{low}..{high}: open the input and build the network with the same number of classes"
            )

    def _differentiate_logits(self) -> Tensor:
        images, _, logits = self._graph()
        (gradient,) = gradients_of(logits.sum(), [images])
        return (torch.zeros_like(images) if gradient is None else gradient).flatten(1)

    def _multiply_gradients(self) -> np.ndarray:
        _, parameters, logits = self._graph()
        weights = [leaf for name, leaf in parameters.items() if is_weight(name) and leaf.requires_grad]
        require_any(weights)
        return kernel_of(self.images, lambda add: visit_rows(logits.sum(1), weights, add))

    def _multiply_gradients_eval(self) -> np.ndarray:
        def sums(logits: Tensor) -> Tensor:
            self.require_connected(logits)
            require_any([p for name, p in self.module.named_parameters() if is_weight(name)])
            return logits.sum(1)

        return kernel_of(
            self.images, lambda add: visit_gradients(self.module, self.images, sums, is_weight, add)
        )

    def require_connected(self, logits: Tensor, connected: bool | None = None) -> None:
        """Raise :class:`Undefined` where the logits are not finite or do not depend on the images.

        Logits that clearly differ between samples do. Nearly equal ones prove nothing: the images may be
        equal, there may be one, float32 may have lost a small difference beside the classifier's
        bias, or rounding may have made one. Then it counts whether operations lead from the images to
        the logits (``connected``, where that is known already), and in a network that cannot be traced
        whether a gradient in double precision does.
        """
        logits = logits.detach()
        largest, apart = numbers([logits.abs().max(), (logits - logits[:1]).abs().max()])
        clearly = max(_CLEARLY_DIFFERENT, 8 * torch.finfo(logits.dtype).eps)
        if apart > clearly * finite(largest, "the largest logit"):
            return
        if not (depends_on_images(self.module, self.images) if connected is None else connected):
            raise Undefined("disconnected", "the logits do not depend on the images")


def _known(counted: graphs.Counted, what: str, then: str = "") -> np.ndarray:
    """The kernel, where there is a unit that was counted."""
    if not counted.units:
        raise Undefined("inf", f"no {what} was called: the kernel is 0, its log determinant -inf{then}")
    return counted.kernel.cpu().numpy().astype(np.float64)
