"""Graphs in fewer bits are near those in float32, and who has none is told why."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from harness import graphs, networks, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.graphs._operations import weighted_sum
from harness.inputs import noise
from harness.proxies import measure, measure_each
from harness.spaces import without

CPU = torch.device("cpu")
CAPABLE = {"avx512_bf16": True}


@pytest.fixture(params=["nb201", "nbmacro", "nb1shot1_1"])
def views(request):
    space = spaces.load(request.param)
    supernet = networks.build_supernet(space, "tiny", 0)
    return [supernet.masked(without(space.full_mask, 0, candidate)) for candidate in (0, 1)]


@pytest.fixture
def without_bfloat16(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)


FOLD = partial(graphs.fold, minimal=False)


@pytest.mark.parametrize(
    ("dtype", "training", "rewrite"),
    [
        (torch.bfloat16, False, partial(FOLD, one_pass=True)),
        (torch.bfloat16, False, FOLD),
        (torch.bfloat16, True, graphs.lower),
        (torch.float16, False, FOLD),
    ],
)
def test_rounded_graphs_count_nearly_the_same_codes(views, dtype, training, rewrite):
    images = noise.open(10, 32).batch(0, 0, 8).images.contiguous(memory_format=torch.channels_last)
    nodes = graphs.Nodes(images)
    usual = [rewrite(graphs.trace(view, nodes, training), nodes) for view in views]
    assert all(graphs.rounded(graph, nodes, torch.float32) is graph for graph in usual)
    low = [graphs.rounded(graph, nodes, dtype) for graph in usual]
    found = [
        graphs.relu_kernels(each, images.to(kind)) for each, kind in ((usual, images.dtype), (low, dtype))
    ]
    for one, other in zip(*found, strict=True):
        assert (other.units, other.connected, other.logits.dtype) == (one.units, one.connected, dtype)
        apart = (one.kernel - other.kernel).abs().max() / one.units
        assert 0 < apart < 0.02
        assert torch.allclose(other.logits.float(), one.logits, atol=0.1 * float(one.logits.abs().max()))


def test_relus_that_sums_alone_read_are_made_by_these(views):
    images = noise.open(10, 32).batch(0, 0, 2).images
    nodes = graphs.Nodes(images)
    graph = graphs.fold(graphs.trace(views[0], nodes), nodes, minimal=False, one_pass=True)
    low = graphs.rounded(graph, nodes, torch.bfloat16)
    order = graphs.needed([low])
    read = {operand for node in order for operand in node.inputs} | {low.output}
    sums = [node for node in order if node.function is weighted_sum]
    for node in sums:
        assert len(node.operands[1]) == len(node.inputs)
        assert not any(
            positive and value.function is F.relu for value, positive in zip(*node.operands[:2], strict=True)
        )
    unread = [node for node in low.relus if node not in read]
    assert bool(unread) == any(any(node.operands[1]) for node in sums)
    assert len(low.relus) == len(graph.relus)
    assert list(low.relus.values()) == list(graph.relus.values())


def test_scores_in_bfloat16_are_near_float32s(views):
    batch = noise.open(10, 32).batch(0, 0, 16)
    for name in ("nwot", "nwot_eval"):
        usual, low = (
            [one[name].value for one in measure_each(views, batch, name, 0, "fast", precision=precision)]
            for precision in ("float32", "bfloat16")
        )
        assert low == pytest.approx(usual, rel=1e-3)
        assert measure_each(views, batch, name, 0, "fast")[0][name].value == usual[0]


def test_a_processor_without_it_computes_in_float32(views, without_bfloat16):
    batch = noise.open(10, 32).batch(0, 0, 4)
    usual, low = (
        measure(views[0], batch, "nwot_eval", 0, "fast", precision=precision)["nwot_eval"].value
        for precision in ("default", "bfloat16")
    )
    assert usual == low


@pytest.mark.parametrize(
    ("has", "environment", "words"),
    [
        (CAPABLE, {}, ""),
        ({"amx_bf16": True}, {"ONEDNN_MAX_CPU_ISA": "AVX10_1_512_AMX"}, ""),
        ({"avx512_bf16": False, "avx2": True}, {}, "neither AVX512_BF16 nor AMX"),
        (CAPABLE, {"ONEDNN_MAX_CPU_ISA": "avx512_core_vnni"}, "ONEDNN_MAX_CPU_ISA"),
        (CAPABLE, {"DNNL_MAX_CPU_ISA": "AVX2"}, "DNNL_MAX_CPU_ISA"),
        (CAPABLE, {"capability": "AVX2"}, "AVX-512 aside"),
    ],
)
def test_what_a_processor_lacks(monkeypatch, has, environment, words):
    for name in graphs.LIMITS:
        monkeypatch.delenv(name, raising=False)
    capability = environment.pop("capability", "AVX512")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    found = graphs.lacking("bfloat16", CPU)
    assert words in found
    assert bool(found) == bool(words)
    for precision in ("default", "float32", "tf32"):
        assert graphs.lacking(precision, CPU) == ""
    assert graphs.lacking("bfloat16", torch.device("cuda")) == ""
    taken = graphs.number_format("bfloat16", torch.ones(1))
    assert taken is (torch.float32 if words else torch.bfloat16)
    assert graphs.number_format("bfloat16", torch.ones(1, dtype=torch.float64)) is torch.float64


def test_tf32_is_set_for_a_gpu_and_put_back():
    backend = torch.backends.cudnn.conv
    before = backend.fp32_precision
    for device, precision, inside in (
        ("cuda", "tf32", "tf32"),
        ("cuda", "float32", before),
        ("cpu", "tf32", before),
    ):
        with graphs.multiplying(precision, torch.device(device)):
            assert backend.fp32_precision == inside
        assert backend.fp32_precision == before


@pytest.mark.parametrize(
    ("names", "path", "precision", "words"),
    [
        (["nwot", "synflow"], "fast", "bfloat16", "received synflow"),
        (["nwot_eval"], "exact", "bfloat16", "received path=exact"),
        (["nwot_eval"], "fast", "float16", "is for a GPU"),
        (["nwot_eval"], "fast", "tf32", "is for a GPU"),
    ],
)
def test_what_a_precision_is_not_for(names, path, precision, words):
    batch = noise.open(10, 32).batch(0, 0, 4)
    with pytest.raises(ConfigError, match=words):
        measure(torch.nn.Flatten(), batch, names, 0, path, precision=precision)


def test_an_unknown_precision_is_refused():
    batch = noise.open(10, 32).batch(0, 0, 4)
    with pytest.raises(UnknownNameError, match="bfloat16, default, float16, float32, tf32"):
        measure(torch.nn.Flatten(), batch, "nwot", 0, "fast", precision="half")


def test_weights_are_rounded_once_and_normalisations_are_not():
    convolution = torch.nn.Conv2d(3, 4, 3)
    normalisation = torch.nn.BatchNorm2d(4)
    network = torch.nn.Sequential(convolution, normalisation, torch.nn.ReLU(), torch.nn.Flatten())
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(5, 3, 6, 6)).astype("float32"))
    nodes = graphs.Nodes(images)
    graph = graphs.rounded(graphs.lower(graphs.trace(network, nodes, True), nodes), nodes, torch.bfloat16)
    by_function = {node.function: node for node in graphs.needed([graph])}
    weight = by_function[torch.nn.functional.conv2d].operands[1]
    assert torch.equal(weight, convolution.weight.bfloat16())
    assert by_function[torch.nn.functional.batch_norm].operands[3] is normalisation.weight
