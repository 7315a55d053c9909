"""The kernel of binary ReLU codes: a readable reference, and the two faster paths beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from harness import graphs
from harness.errors import unknown_name
from harness.graphs import Counted, agreements, code_product, unit_rows
from harness.proxies._modules import parameters_of, run
from harness.proxies._outcome import Undefined

PATHS: dict[str, Callable[[graphs.Graph, graphs.Table], graphs.Graph] | None] = {
    "reference": None,
    "exact": graphs.lower,
    "fast": graphs.fold,
}
"""How ReLU codes are counted, and how a traced graph is rewritten for it:

``reference``: each network is run as it is, with hooks on its ReLU modules.
``exact``: what networks share is run once, on a few samples at a time; every count is the reference's.
``fast``: convolutions are folded as well in evaluation mode; sums are rounded in another order, so that
a unit whose input is nearly 0 may be counted on the other side. In training mode it is ``exact``.
"""


def reference_kernel(codes: Sequence[Tensor]) -> np.ndarray:
    """K = sum over ReLU calls of c c^T + (1 - c)(1 - c)^T, for codes c of shape (samples, units)."""
    parts = [code.double() for code in codes]
    return sum(c @ c.T + (1 - c) @ (1 - c).T for c in parts).numpy()


class Kernels:
    """ReLU kernels of several networks on one batch, counted together when the first one is read.

    Parameters
    ----------
    modules
        Networks with parameters of one device and number format.
    images
        The batch in that format.
    path
        A name of :data:`PATHS`.

    Raises
    ------
    UnknownNameError
        For another ``path``.
    """

    def __init__(self, modules: Sequence[nn.Module], images: Tensor, path: str) -> None:
        if path not in PATHS:
            raise unknown_name("path", path, PATHS)
        self._modules = modules
        self._images = images
        self._path = path
        self._counted: dict[bool, list[Counted | None]] = {}

    def of(self, index: int, training: bool) -> Counted:
        """The kernel and the logits of network number ``index``.

        A network that cannot be traced is counted by itself, on the reference path.
        """
        if training not in self._counted:
            self._counted[training] = self._count(training)
        counted = self._counted[training][index]
        return hooked_kernel(self._modules[index], self._images, training) if counted is None else counted

    def _count(self, training: bool) -> list[Counted | None]:
        rewrite = graphs.lower if training and self._path == "fast" else PATHS[self._path]
        if rewrite is None:
            return [None] * len(self._modules)
        table = graphs.Table()
        rewritten: dict[int, graphs.Graph] = {}
        with graphs.one_thread():
            for index, module in enumerate(self._modules):
                try:
                    rewritten[index] = rewrite(graphs.trace(module, table, training), table)
                except graphs.Untraceable:
                    continue
        found = dict(zip(rewritten, graphs.relu_kernels(list(rewritten.values()), self._images), strict=True))
        return [found.get(index) for index in range(len(self._modules))]


def hooked_kernel(module: nn.Module, images: Tensor, training: bool) -> Counted:
    """Run ``module`` on ``images`` without gradients and count at its ReLU modules' inputs, call by call.

    Only ``nn.ReLU`` and ``nn.ReLU6`` modules are seen, not ``torch.nn.functional.relu``.
    """
    samples, units = len(images), 0
    products = torch.zeros((samples, samples), dtype=torch.int64, device=images.device)

    def count(activations: Tensor) -> None:
        nonlocal units, products
        codes = unit_rows(activations) > 0
        products = products + code_product(codes)
        units += codes.shape[1]

    logits = run_watching_relus(module, images, training, count)
    return Counted(agreements(products, units), units, logits)


def run_watching_relus(
    module: nn.Module, images: Tensor, training: bool, watch: Callable[[Tensor], None]
) -> Tensor:
    """Logits without gradients; ``watch`` is handed the input of every call of a ReLU module.

    Raises
    ------
    ValueError
        Where the first dimension of such an input is not the samples.
    """

    def hand_over(relu: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        if arguments[0].shape[0] != len(images):
            raise ValueError(
                f"a ReLU received an input of shape {tuple(arguments[0].shape)}, "
                f"whose first dimension is not the batch of {len(images)}"
            )
        watch(arguments[0])

    relus = [part for part in module.modules() if isinstance(part, graphs.RELUS)]
    handles = [relu.register_forward_pre_hook(hand_over) for relu in relus]
    try:
        with torch.no_grad():
            return run(module, parameters_of(module), images, training)
    finally:
        for handle in handles:
            handle.remove()


def log_determinant(kernel: np.ndarray) -> float:
    """Log |det K| of a positive semi-definite kernel.

    Raises
    ------
    Undefined
        Status ``inf`` where K is singular to double precision: two samples with the same codes, or
        fewer independent units than samples. LU would return a number made of rounding there.
    """
    rank = int(np.linalg.matrix_rank(kernel, hermitian=True))
    if rank < len(kernel):
        raise Undefined("inf", f"the kernel of {len(kernel)} samples has rank {rank}, so log det K is -inf")
    return float(np.linalg.slogdet(kernel)[1])
