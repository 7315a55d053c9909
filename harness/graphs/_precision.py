"""Graphs in numbers of fewer bits, for those who read signs alone, and who computes with them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.graphs._node import Graph, Node, Nodes, Operation, needed, operation_of
from harness.graphs._operations import weighted_sum

PRECISIONS: Mapping[str, torch.dtype | None] = {
    "default": None,
    "float32": None,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "tf32": None,
}
"""Names of precisions, and the format that a float32 network's numbers are rounded to, if any.

``tf32`` are float32 numbers of which a GPU's convolutions read 10 bits behind the point.
"""
LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
WITH_BFLOAT16 = ("ALL", "DEFAULT", "AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10_1")
"""Beginnings of values of :data:`LIMITS` that leave oneDNN its bfloat16 instructions."""


def lacking(precision: str, device: torch.device) -> str:
    """Why networks on ``device`` are computed in float32 in place of ``precision``; empty where not.

    bfloat16 on a CPU asks for AVX512_BF16 or AMX, without which torch takes longer with it than with float32.
    """
    if precision != "bfloat16" or device.type != "cpu":
        return ""
    has = torch.cpu.get_capabilities()
    if not (has.get("avx512_bf16") or has.get("amx_bf16")):
        return "this processor has neither AVX512_BF16 nor AMX"
    if not (torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled):
        return "oneDNN, which computes with bfloat16, is not in this torch or is turned off"
    if not torch.backends.cpu.get_cpu_capability().startswith("AVX512"):
        return "torch was told to leave the processor's AVX-512 aside"
    limited = [name for name in LIMITS if not os.environ.get(name, "ALL").upper().startswith(WITH_BFLOAT16)]
    return f"the environment variable {limited[0]} keeps bfloat16 from it" if limited else ""


def number_format(precision: str, images: Tensor) -> torch.dtype:
    """The format that a network for ``images`` is computed in: theirs unless that is float32."""
    rounding = PRECISIONS[precision]
    if rounding is None or images.dtype is not torch.float32 or lacking(precision, images.device):
        return images.dtype
    return rounding


def rounded(graph: Graph, nodes: Nodes, dtype: torch.dtype) -> Graph:
    """A rewritten ``graph`` for images in ``dtype``: weights and each operation's result are rounded to it.

    Sums within a convolution are float32's. Normalisations keep their parameters, and so do numbers that
    multiply. ReLUs that nothing but sums of maps read are made as these read them.
    """
    if dtype is nodes.dtype:
        return graph
    order = needed([graph])
    summed = _summed(graph, order)
    found = {nodes.images: nodes.images}
    for node in order[1:]:
        if node.function is weighted_sum and not summed.isdisjoint(node.inputs):
            values = tuple([found[value.inputs[0] if value in summed else value] for value in node.inputs])
            within = tuple([value in summed for value in node.inputs])
            found[node] = nodes.node(weighted_sum, (values, within, *node.operands[2:]), node.dim)
        else:
            operation = _rounded(node.operation, nodes, dtype)
            found[node] = nodes.of(operation, tuple([found[value] for value in node.inputs]))
    relus = Counter({found[node]: calls for node, calls in graph.relus.items()})
    return replace(graph, output=found[graph.output], relus=relus)


@contextmanager
def multiplying(precision: str, device: torch.device) -> Iterator[None]:
    """Inside, a GPU's convolutions of float32 numbers are those of ``precision``."""
    backends: Any = torch.backends
    backend = backends.cudnn.conv
    before = backend.fp32_precision
    wanted = "tf32" if precision == "tf32" and device.type == "cuda" else before
    try:
        if wanted != before:
            backend.fp32_precision = wanted
        yield
    finally:
        if wanted != before:
            backend.fp32_precision = before


def _summed(graph: Graph, order: list[Node]) -> set[Node]:
    """The ReLUs that nothing but sums of maps reads."""
    read = {operand for node in order if node.function is not weighted_sum for operand in node.inputs}
    return {node for node in order if node.function is F.relu and node not in read} - {graph.output}


def _rounded(operation: Operation, nodes: Nodes, dtype: torch.dtype) -> Operation:
    if operation.function is F.batch_norm:
        return operation
    found = nodes.rounded.get((operation, dtype))
    if found is None:
        operands = tuple(
            nodes.constant(_converted, operand, dtype)
            if isinstance(operand, Tensor) and operand.dtype is nodes.dtype and operand.ndim
            else operand
            for operand in operation.operands
        )
        found = operation_of(operation.function, operands, operation.dim)
        nodes.rounded[operation, dtype] = found
    return found


def _converted(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    with torch.no_grad():
        return tensor.to(dtype)
