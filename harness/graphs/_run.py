"""Running graphs over a batch and counting the ReLU codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._codes import Codes, agreements, codes_of, unit_rows
from harness.graphs._node import Graph, Node, given, needed, replaced
from harness.graphs._operations import add_scaled, gated, scale

CHUNK_SAMPLES = 32
"""Samples that run together on a CPU, half as many where threads would have nothing to do: what a layer hands
to the next one then stays in the cache."""
CODE_BYTES = 2**26
"""Room for the codes that are held at a time, over the whole batch."""
OVERWRITING: dict[Callable[..., Tensor], Callable[..., Tensor]] = {
    torch.add: Tensor.add_,
    torch.mul: Tensor.mul_,
    scale: Tensor.mul_,
    gated: Tensor.mul_,
    add_scaled: lambda x, other, factor: x.add_(other, alpha=factor),
    F.relu: torch.relu_,
}
"""Operations whose result may be written over their first operand, and how; the numbers are the same."""
Run = tuple[Callable[..., Tensor], tuple[Any, ...]]
"""What is run for a node: a function and its operands."""
VIEWS = (torch.flatten, torch.narrow)
"""Operations whose result may lie in the memory of their operand: neither is overwritten."""


@dataclass(frozen=True)
class Counted:
    """What one graph gives on a batch of B samples.

    ``kernel[i, j]``, int64 of shape (B, B), is the number of ReLU units that are active in both or in
    none of the samples i and j, over all calls of ReLU modules; ``units`` is the number of all, a tensor
    where the graph was ``told`` how many calls there are.
    ``connected`` is the graph's, None where there is none.
    """

    kernel: Tensor
    units: int | Tensor
    logits: Tensor
    connected: bool | None = None


def relu_kernels(graphs: Sequence[Graph], images: Tensor) -> list[Counted]:
    """Run ``graphs``, whose nodes are of one :class:`Nodes`, on ``images`` (B, 3, H, W), without gradients.

    Logits have the number format of the images, which is that of the graphs.

    Every node is run once, on some of the samples at a time; on a CPU as many chunks of samples run
    at once as torch may use threads, each on a thread of its own. Where batch normalisation uses the
    batch's own statistics, and where a graph asks for it (``together``), all samples run together. The kernel
    does not depend on the number of threads.
    """
    if not graphs:
        return []
    order = needed(graphs)
    together = images.device.type != "cpu" or any(map(_mixes_samples, order))
    together = together or any(graph.together for graph in graphs)
    threads = torch.get_num_threads()
    samples = CHUNK_SAMPLES if len(images) >= CHUNK_SAMPLES * threads else CHUNK_SAMPLES // 2
    pieces = 1 if together else -(-len(images) // samples)
    with torch.no_grad(), ThreadPoolExecutor(threads, initializer=_run_alone) as pool:
        try:
            return _Execution(graphs, order, images.tensor_split(pieces), pool, threads).run()
        finally:
            torch.set_num_threads(threads)


@contextmanager
def one_thread() -> Iterator[None]:
    """Inside, torch runs each operation on one thread: small ones wait longer for a second than they take."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run_alone() -> None:
    """A thread of the pool runs its operations by itself; a thread's modes are its own."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)


class _Execution:
    """The values of the nodes, chunk of samples by chunk, and the products of the codes so far."""

    def __init__(
        self,
        graphs: Sequence[Graph],
        order: list[Node],
        chunks: Sequence[Tensor],
        pool: ThreadPoolExecutor,
        threads: int,
    ) -> None:
        self.graphs = graphs
        self.order = order
        self.pool = pool
        self.threads = threads
        self.making = Lock()
        self.done_with = _done_with(graphs, order)
        viewed = {operand for node in order if node.function in VIEWS for operand in node.inputs}
        # A tensor of single pixels that is overwritten keeps strides by which a convolution chooses its sums.
        overwritten = self.done_with if not any(graph.together for graph in graphs) else [[] for _ in order]
        read = {operand for node in order for operand in node.inputs} | {graph.output for graph in graphs}
        calls = [_call(node, done, viewed, read) for node, done in zip(order, overwritten, strict=True)]
        self.calls = _by_bits(calls) if _is_half(chunks[0]) else calls
        self.counted = {node for graph in graphs for node in graph.relus}
        self.values: list[dict[Node, Tensor]] = [{order[0]: chunk} for chunk in chunks]
        ends = list(accumulate(map(len, chunks)))
        self.rows = [slice(end - len(chunk), end) for end, chunk in zip(ends, chunks, strict=True)]
        self.samples = ends[-1]
        self.products = [chunks[0].new_zeros((self.samples,) * 2, dtype=torch.int64) for _ in graphs]
        self.units: list[int | Tensor] = [0] * len(graphs)
        self.told = [
            {} if graph.told is None else dict(zip(graph.relus, graph.told.unbind(), strict=True))
            for graph in graphs
        ]

    def run(self) -> list[Counted]:
        start = 1
        while start < len(self.order):
            start = self._stretch(start)
        return [
            Counted(
                agreements(products, units),
                units,
                torch.cat([values[graph.output] for values in self.values]),
                graph.connected,
            )
            for graph, products, units in zip(self.graphs, self.products, self.units, strict=True)
        ]

    def _stretch(self, start: int) -> int:
        """Run nodes from ``start`` on until as many codes are held as may be; count these; the next index."""
        codes: dict[Node, Codes] = {}

        def run(chunk: int) -> int:
            """To where: to the same index in every chunk, since a node has as many units in each."""
            index, held = start, 0
            while index < len(self.order) and held < CODE_BYTES:
                self._step(index, chunk, codes)
                held += codes[self.order[index]].held if self.order[index] in codes else 0
                index += 1
            return index

        if len(self.values) == 1:
            stop = run(0)  # by this thread, whose operations may have several
        else:
            stop, *_ = self.pool.map(run, range(len(self.values)))
        for node in sorted(codes, key=lambda node: node.position):
            self._count(node, codes[node])
        return stop

    def _step(self, index: int, chunk: int, codes: dict[Node, Codes]) -> None:
        """Run one node on one chunk, and forget the values that no later node reads."""
        node, values = self.order[index], self.values[chunk]
        function, operands = self.calls[index]
        values[node] = result = function(*replaced(operands, values))
        if node in self.counted:
            units = unit_rows(result)
            with self.making:
                if node not in codes:
                    codes[node] = codes_of(self.samples, units.shape[1], units.device)
            codes[node].put(self.rows[chunk], units)
        for finished in self.done_with[index]:
            del values[finished]

    def _count(self, node: Node, codes: Codes) -> None:
        product = codes.product(self.threads, self.pool.map) if self.threads > 1 else codes.product()
        for index, graph in enumerate(self.graphs):
            calls = graph.relus.get(node, 0)
            if node in self.told[index]:  # a number that nobody waits for
                number = self.told[index][node]
                self.products[index] += product * number
                self.units[index] = self.units[index] + number * codes.units
            elif calls:
                self.products[index].add_(product, alpha=calls)
                self.units[index] += calls * codes.units


def _done_with(graphs: Sequence[Graph], order: list[Node]) -> list[list[Node]]:
    """For every index the nodes whose values are read for the last time there, outputs excepted."""
    last = {node: index for index, node in enumerate(order)}
    for index, node in enumerate(order):
        last.update((operand, index) for operand in node.inputs)
    outputs = {graph.output for graph in graphs}
    done: list[list[Node]] = [[] for _ in order]
    for node, index in last.items():
        if node not in outputs:
            done[index].append(node)
    return done


def _call(node: Node, done: list[Node], viewed: set[Node], read: set[Node]) -> Run:
    """The function and operands to run: where an operand is read for the last time, it is overwritten.

    Where nothing but the codes of a ReLU is ``read``, they are those of its input.
    """
    if node.function is F.relu and node not in read:
        return _itself, node.operands
    overwritable = [
        operand for operand in done if operand.function not in (given, *VIEWS) and operand not in viewed
    ]
    if node.function in OVERWRITING:
        first, *others = node.operands
        if first in overwritable:
            return OVERWRITING[node.function], node.operands
        if node.function is torch.add and others[0] in overwritable:
            return OVERWRITING[torch.add], (others[0], first)
    return node.function, node.operands


def _is_half(images: Tensor) -> bool:
    return images.dtype is torch.bfloat16 and images.device.type == "cpu"


def _by_bits(calls: list[Run]) -> list[Run]:
    """What is faster on bfloat16 numbers in the place of torch's functions."""
    from harness.graphs._halves import by_bits  # loads Numba

    return [(by_bits(function), operands) for function, operands in calls]


def _itself(x: Tensor) -> Tensor:
    return x


def _mixes_samples(node: Node) -> bool:
    return node.function is F.batch_norm and node.operands[5] is True
