"""The kernel of binary ReLU codes: a readable reference, and the two faster paths beside it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from harness import graphs
from harness.collector import paused_collector
from harness.errors import machine_failure, unknown_name
from harness.graphs import Counted, agreements, code_product, unit_rows
from harness.proxies._eigenvalues import log_abs_determinant, rank
from harness.proxies._modules import parameters_of, run
from harness.proxies._outcome import Refused, Undefined
from harness.proxies._programs import Change, Programs, Run, Write
from harness.proxies._traced import traced
from harness.released import COUNTINGS, block_input

Rewrite = Callable[[graphs.Graph, graphs.Nodes], graphs.Graph]

PATHS: dict[str, Rewrite | None] = {
    "reference": None,
    "exact": graphs.lower,
    "fast": graphs.fold,
}
"""How ReLU codes are counted, and how a traced graph is rewritten for it:

``reference``: each network is run as it is, and its calls of a ReLU are watched.
``exact``: what networks share is run once, on a few samples at a time; every count is the reference's.
``fast``: convolutions are folded as well in evaluation mode; sums are rounded in another order, so that
a unit whose input is nearly 0 may be counted on the other side. In training mode it is ``exact``. Of float32
networks it may be computed in fewer bits, see :data:`harness.graphs.PRECISIONS`.
"""


def reference_kernel(codes: Sequence[Tensor]) -> np.ndarray:
    """K = sum over ReLU calls of c c^T + (1 - c)(1 - c)^T, for codes c of shape (samples, units)."""
    parts = [code.double() for code in codes]
    return reduce(torch.add, (c @ c.T + (1 - c) @ (1 - c).T for c in parts)).numpy()


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
    counting
        A name of :data:`harness.released.COUNTINGS`.
    precision
        A name of :data:`harness.graphs.PRECISIONS`.
    programs
        Where the networks stay as they are from batch to batch, their programs so far.

    Raises
    ------
    UnknownNameError
        For another ``path``, ``counting`` or ``precision``.
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        images: Tensor,
        path: str,
        counting: str = "once",
        precision: str = "default",
        programs: Programs | None = None,
    ) -> None:
        if path not in PATHS:
            raise unknown_name("path", path, PATHS)
        if counting not in COUNTINGS:
            raise unknown_name("counting", counting, COUNTINGS)
        if precision not in graphs.PRECISIONS:
            raise unknown_name("precision", precision, graphs.PRECISIONS)
        self._precision = precision
        self._format = graphs.number_format(precision, images)
        self._blocks = counting == "as_released"
        self._modules = modules
        self._images = images
        self._path = path
        self._programs = programs
        self._counted: dict[bool, list[Counted | None]] = {}

    def of(self, index: int, training: bool) -> Counted:
        """The kernel and the logits of network number ``index``.

        A network that cannot be traced is counted by itself, on the reference path.
        """
        if training not in self._counted:
            self._counted[training] = self._count(training)
        counted = self._counted[training][index]
        if counted is None:
            return watched_kernel(self._modules[index], self._images, training, self._blocks)
        return counted

    def _count(self, training: bool) -> list[Counted | None]:
        rewrite = self._rewriting(training)
        if rewrite is None:
            return [None] * len(self._modules)
        write = partial(self._written, training=training, rewrite=rewrite)
        if self._programs is not None and not training:
            found = self._programmed(self._programs, write)
            if found is not None:
                return found
        return self._together(self._modules, write)

    def _together(self, modules: Sequence[nn.Module], write: Write) -> list[Counted | None]:
        """What each module gives, what they share run once."""
        nodes = graphs.Nodes(self._images)
        rewritten: dict[int, graphs.Graph] = {}
        with graphs.one_thread(), paused_collector():
            for index, module in enumerate(modules):
                with suppress(graphs.Untraceable):
                    rewritten[index] = write(module, nodes)
        found = dict(zip(rewritten, self._run(list(rewritten.values())), strict=True))
        return [found.get(index) for index in range(len(modules))]

    def _programmed(self, programs: Programs, write: Write) -> list[Counted | None] | None:
        """What the modules' programs give, where they have any.

        Where a mask multiplies by 0 what would not be run, that hides all but what is no number: a network
        whose logits are not finite is counted without a program.
        """
        images = self._computed()
        kind = (self._path, self._precision, self._blocks)
        with graphs.one_thread(), paused_collector():
            runs = programs.of(self._modules, self._images, images, write, kind)
        if runs is None:
            return None
        with graphs.multiplying(self._precision, images.device):
            found = [None if each is None else _tried(each, images) for each in runs]
        counted = iter(_read_together([each for each in found if each is not None]))
        found = [each if each is None else next(counted) for each in found]
        for index, each in enumerate(found):
            if each is not None and not each.logits.isfinite().all():
                (found[index],) = self._together([self._modules[index]], write)
        return found

    def _written(
        self,
        module: nn.Module,
        nodes: graphs.Nodes,
        watch: graphs.Watch | None = None,
        change: Change | None = None,
        *,
        training: bool,
        rewrite: Rewrite,
    ) -> graphs.Graph:
        """The graph to run for ``module``."""
        graph = traced(module, nodes, training, watch)
        graph = _with_blocks(graph, nodes) if self._blocks else graph
        return graphs.rounded(rewrite(change(graph) if change else graph, nodes), nodes, self._format)

    def _computed(self) -> Tensor:
        """The images in the format that networks are computed in; a GPU's fast units read channels last."""
        fewer_bits = self._precision not in ("default", "float32")
        if fewer_bits and self._images.ndim == 4 and self._images.device.type == "cuda":
            return self._images.to(self._format, memory_format=torch.channels_last)
        return self._images.to(self._format)

    def _rewriting(self, training: bool) -> Rewrite | None:
        if self._path == "fast" and training:
            return graphs.lower
        if self._format is not self._images.dtype:
            return partial(graphs.fold, minimal=False, one_pass=self._images.device.type == "cpu")
        return PATHS[self._path]

    def _run(self, rewritten: list[graphs.Graph]) -> list[Counted | None]:
        """What each graph gives; None for one that cannot be run, which tells nothing of the others."""
        try:
            with graphs.multiplying(self._precision, self._images.device):
                return list(_read_together(graphs.relu_kernels(rewritten, self._computed())))
        except Exception as error:
            if machine_failure(error):
                raise
            if len(rewritten) == 1:
                return [None]
            return [each for graph in rewritten for each in self._run([graph])]


def _tried(run: Run, images: Tensor) -> Counted | None:
    """What a program gives; None where it cannot be run."""
    try:
        return run(images)
    except Exception as error:
        if machine_failure(error):
            raise
        return None


def _read_together(found: list[Counted]) -> list[Counted]:
    """Kernels, units and logits on the CPU, in one read each for all networks: a GPU stands still on each."""
    if any(isinstance(each.units, Tensor) for each in found):
        units = torch.stack([torch.as_tensor(each.units) for each in found]).tolist()
        found = [replace(each, units=number) for each, number in zip(found, units, strict=True)]
    if not found or found[0].kernel.device.type == "cpu":
        return found
    kernels = torch.stack([each.kernel for each in found]).cpu()
    logits = torch.cat([each.logits.flatten() for each in found]).cpu()
    parts = logits.split([each.logits.numel() for each in found])
    return [
        replace(each, kernel=kernel, logits=part.view(each.logits.shape))
        for each, kernel, part in zip(found, kernels, parts, strict=True)
    ]


def _with_blocks(graph: graphs.Graph, nodes: graphs.Nodes) -> graphs.Graph:
    """``graph`` with a ReLU on every block's input, beside the one that the block may begin with."""
    relus = graph.relus.copy()
    for node, calls in graph.blocks.items():
        relus[nodes.node(F.relu, (node,), node.dim)] += calls
    return replace(graph, relus=relus)


class CodeCount:
    """Counts ReLU codes as the inputs of ReLUs come by, the codes of one tensor once."""

    def __init__(self, images: Tensor) -> None:
        self._samples = len(images)
        self._products = torch.zeros((self._samples,) * 2, dtype=torch.int64, device=images.device)
        self._units = 0
        self._seen: dict[int, tuple[weakref.ref[Tensor], int, Tensor]] = {}
        self._misfit: torch.Size | None = None

    def add(self, inputs: Tensor) -> None:
        """Count one call of a ReLU."""
        if inputs.shape[:1] != (self._samples,):
            self._misfit = inputs.shape
            return
        seen = self._seen.get(id(inputs))
        if seen is None or seen[0]() is not inputs or seen[1] != inputs._version:
            product = code_product(unit_rows(inputs.detach()))
            seen = self._seen[id(inputs)] = weakref.ref(inputs), inputs._version, product
        self._products += seen[2]
        self._units += inputs[0].numel()

    def counted(self, logits: Tensor) -> Counted:
        """The kernel of all calls so far.

        Raises
        ------
        Refused
            Where the first dimension of an input was not the samples.
        """
        if self._misfit is not None:
            raise _misfit(self._misfit, self._samples)
        return Counted(agreements(self._products, self._units), self._units, logits)


def watched_kernel(
    module: nn.Module, images: Tensor, training: bool, blocks: bool = False, smooth: bool = False
) -> Counted:
    """Run ``module`` on ``images`` without gradients and count at its ReLUs' inputs, call by call.

    With ``blocks`` at those of :func:`harness.released.block_input` too, with ``smooth`` at those of
    :data:`SMOOTH`.
    """
    count = CodeCount(images)
    with torch.no_grad(), ReluWatch(count.add, blocks, smooth):
        logits = run(module, parameters_of(module), images, training)
    return count.counted(logits)


def run_watching_relus(
    module: nn.Module, images: Tensor, training: bool, watch: Callable[[Tensor], None]
) -> Tensor:
    """Logits without gradients; ``watch`` is handed the input of every call of a ReLU.

    Raises
    ------
    Refused
        Where the first dimension of such an input is not the samples.
    """

    def hand_over(inputs: Tensor) -> None:
        if inputs.shape[:1] != (len(images),):
            raise _misfit(inputs.shape, len(images))
        watch(inputs)

    with torch.no_grad(), ReluWatch(hand_over):
        return run(module, parameters_of(module), images, training)


class ReluWatch(TorchFunctionMode):
    """Inside, ``watch`` is handed the input of every call of a ReLU, before it is run.

    A ReLU is a call of torch's ``relu``, ``relu6`` or ``hardtanh`` from 0 up, by a module or as a function,
    in place or not; with ``blocks`` also a call of :func:`harness.released.block_input`, with ``smooth`` one
    of :data:`SMOOTH`.
    """

    def __init__(self, watch: Callable[[Tensor], None], blocks: bool = False, smooth: bool = False) -> None:
        super().__init__()
        self._watch = watch
        self._counted = RELUS | ({block_input} if blocks else set()) | (SMOOTH if smooth else set())

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called by torch in place of ``function``."""
        kwargs = kwargs or {}
        if function in self._counted or (function in HARDTANHS and _from_zero(*args, **kwargs)):
            self._watch(args[0] if args else kwargs["input"])
        return function(*args, **kwargs)


RELUS = frozenset({F.relu, F.relu6, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})
HARDTANHS = frozenset({F.hardtanh, F.hardtanh_})
SMOOTH: frozenset[Callable[..., Any]] = frozenset(
    {
        F.silu,
        F.hardswish,
        F.gelu,
        F.mish,
        F.elu,
        F.elu_,
        F.celu,
        torch.celu,
        F.celu_,
        F.selu,
        torch.selu,
        F.selu_,
        F.leaky_relu,
        F.leaky_relu_,
        F.prelu,
        Tensor.prelu,
    }
)
"""Activations that hand positive inputs on much as they are and damp negative ones, without a cut."""


def _from_zero(input: Tensor, min_val: float = -1.0, *others: object, **more: object) -> bool:
    return min_val == 0


def _misfit(shape: torch.Size, samples: int) -> Refused:
    return Refused(
        f"a ReLU received an input of shape {tuple(shape)}, whose first dimension is not the batch of "
        f"{samples}; hand over a network whose ReLUs take samples, in front, or take another proxy"
    )


def log_determinant(kernel: np.ndarray) -> float:
    """Log |det K| of a positive semi-definite kernel.

    Raises
    ------
    Undefined
        Status ``inf`` where K is singular to double precision: two samples with the same codes, or
        fewer independent units than samples. LU would return a number made of rounding there.
    """
    if (found := rank(kernel)) < len(kernel):
        raise Undefined("inf", f"the kernel of {len(kernel)} samples has rank {found}, so log det K is -inf")
    return log_abs_determinant(kernel)
