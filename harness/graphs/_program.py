"""Graphs that are run on batch after batch; on a GPU without Python in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from harness.graphs._node import Graph
from harness.graphs._run import Counted, relu_kernels

Record = Callable[[Callable[[], Counted]], tuple[Counted, Callable[[], None]]]
"""Runs what it is handed and returns what that gave, and what runs it again, into the memory of the first."""


class Program:
    """One graph for many batches of a shape; its weights and ``told`` numbers stay where they are in memory.

    What it gives is that of :func:`relu_kernels`, batch by batch. On a GPU the first batch is run operation
    by operation and the second one recorded as well, as a CUDA graph. If playing the record gives the bits of
    running the operations, it is played from then on: one call in place of thousands.

    Parameters
    ----------
    graph
        What is run.
    device
        Where.
    record
        What records, in place of the device's own way.
    """

    def __init__(self, graph: Graph, device: torch.device, record: Record | None = None) -> None:
        self.graph = graph
        self._record = record or (_cuda_graph if device.type == "cuda" else None)
        self._batches = 0
        self._images = torch.empty(0)
        self._recorded: tuple[Counted, Callable[[], None]] | None = None

    def run(self, images: Tensor) -> Counted:
        """Its kernel, units and logits on ``images``, in memory that no later batch overwrites."""
        if self._recorded is not None:
            counted, play = self._recorded
            self._images.copy_(images)
            play()
            return _copy(counted)
        counted = self._run(images)
        self._batches += 1
        if self._batches == 2 and self._record is not None:
            self._try(self._record, images, counted)
        return counted

    def _run(self, images: Tensor) -> Counted:
        (counted,) = relu_kernels([self.graph], images)
        return counted

    def _try(self, record: Record, images: Tensor, counted: Counted) -> None:
        """Record a run on ``images``, and keep the record if it gives what was ``counted``."""
        self._images = images.clone()
        try:
            recorded, play = record(lambda: self._run(self._images))
            play()
        except Exception:  # operations are run one by one, then, which says what is wrong if anything is
            return
        if _equal(recorded, counted):
            self._recorded = recorded, play


def _cuda_graph(work: Callable[[], Counted]) -> tuple[Counted, Callable[[], None]]:
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = work()
    return found, graph.replay


def _copy(counted: Counted) -> Counted:
    return replace(
        counted,
        kernel=counted.kernel.clone(),
        units=counted.units.clone() if isinstance(counted.units, Tensor) else counted.units,
        logits=counted.logits.clone(),
    )


def _equal(first: Counted, second: Counted) -> bool:
    return all(
        torch.equal(torch.as_tensor(one), torch.as_tensor(other))
        for one, other in zip(_numbers(first), _numbers(second), strict=True)
    )


def _numbers(counted: Counted) -> tuple[Any, ...]:
    return counted.kernel, counted.units, counted.logits
