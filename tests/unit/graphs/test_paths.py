"""Both rewritings compute the traced function; the exact one to the last bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs, networks, spaces
from harness.graphs import _operations, _run
from harness.networks import Supernet, mnasnet
from harness.proxies._kernel import log_determinant, watched_kernel
from harness.spaces import Mask, Space, without

SPACES = ("nb201", "nbmacro", "nb1shot1_1", "nb1shot1_2", "nb1shot1_3", "darts", "darts_s1")


def randomised(network: nn.Module) -> nn.Module:
    """Running statistics and affine parameters unlike the initial ones."""
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.running_mean.uniform_(-0.2, 0.2, generator=generator)
                part.running_var.uniform_(0.5, 2.0, generator=generator)
                if part.affine:
                    part.weight.uniform_(0.5, 1.5, generator=generator)
                    part.bias.uniform_(-0.2, 0.2, generator=generator)
    return network


def images_of(samples: int, dtype: torch.dtype = torch.float32) -> Tensor:
    images = torch.randn(samples, 3, 16, 16, generator=torch.Generator().manual_seed(samples), dtype=dtype)
    return images.contiguous(memory_format=torch.channels_last)


def masks_of(space: Space) -> list[Mask]:
    """The whole supernet, a candidate removed from the first and from the last decision, one architecture."""
    ends = [without(space.full_mask, decision, 1) for decision in (0, len(space.decisions) - 1)]
    return [space.full_mask, *ends, space.mask_of(space.sample(np.random.default_rng(0)))]


def counted(
    supernet: Supernet, masks: list[Mask], masking: str, images: Tensor, training: bool, rewrite: Callable
) -> tuple[list[graphs.Counted], list[graphs.Counted]]:
    """All masks by the reference, each by itself, and together by the rewritten graphs."""
    views = [supernet.masked(mask, masking) for mask in masks]
    nodes = graphs.Nodes(images)
    traced = [rewrite(graphs.trace(view, nodes, training), nodes) for view in views]
    return [watched_kernel(view, images, training) for view in views], graphs.relu_kernels(traced, images)


@pytest.mark.parametrize("masking", networks.MASKINGS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", SPACES)
def test_the_exact_path_is_the_reference_to_the_last_bit(name: str, training: bool, masking: str) -> None:
    space = spaces.load(name)
    for supernet in (
        networks.build_supernet(space, "tiny"),
        randomised(networks.build_supernet(space, "tiny", seed=1)),
    ):
        expected, found = counted(supernet, masks_of(space), masking, images_of(6), training, graphs.lower)
        for one, other in zip(expected, found, strict=True):
            assert torch.equal(one.kernel, other.kernel)
            assert torch.equal(one.logits, other.logits)
            assert one.units == other.units


@pytest.mark.parametrize("masking", networks.MASKINGS)
@pytest.mark.parametrize("name", SPACES)
def test_the_fast_path_computes_the_same_function(name: str, masking: str) -> None:
    """In double precision no unit lies so near to 0 that rounding moves it across."""
    space = spaces.load(name)
    supernet = randomised(networks.build_supernet(space, "tiny")).double()
    images = images_of(6, torch.float64)
    expected, found = counted(supernet, masks_of(space), masking, images, False, graphs.fold)
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one.logits, other.logits, rtol=1e-10, atol=1e-12)
        assert one.units == other.units
        assert torch.equal(one.kernel, other.kernel)


@pytest.mark.parametrize("name", ["darts_s1", "darts_s5"])
def test_normalisations_behind_poolings_are_factors_as_long_as_they_add_nothing(name: str) -> None:
    space, images = spaces.load(name), images_of(6, torch.float64)
    supernet = networks.build_supernet(space, "tiny").double()
    expected, found = counted(supernet, [space.full_mask], "drop", images, False, graphs.fold)
    assert torch.equal(expected[0].kernel, found[0].kernel)
    torch.testing.assert_close(expected[0].logits, found[0].logits, rtol=1e-10, atol=1e-12)
    nodes = graphs.Nodes(images)
    graph = graphs.fold(graphs.trace(supernet.masked(space.full_mask), nodes), nodes)
    assert F.batch_norm not in {node.function for node in graphs.needed([graph])}


@pytest.mark.parametrize("name", SPACES)
def test_the_fast_path_rounds_otherwise_by_little(name: str) -> None:
    space = spaces.load(name)
    for seed in range(2):
        supernet = networks.build_supernet(space, "small", seed=seed)
        expected, found = counted(supernet, masks_of(space)[:3], "drop", images_of(32), False, graphs.fold)
        for one, other in zip(expected, found, strict=True):
            scores = [log_determinant(counts.kernel.double().numpy()) for counts in (one, other)]
            assert scores[1] == pytest.approx(scores[0], rel=1e-5)


@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_stand_alone_networks_take_both_paths(name: str) -> None:
    space = spaces.load(name)
    for arch in spaces.Population(space, space.listing()).sample_distinct(4, np.random.default_rng(1)):
        network = randomised(networks.build(space, arch, "tiny")).double()
        images = images_of(6, torch.float64)
        expected = watched_kernel(network, images, False)
        for rewrite in (graphs.lower, graphs.fold):
            nodes = graphs.Nodes(images)
            (found,) = graphs.relu_kernels([rewrite(graphs.trace(network, nodes), nodes)], images)
            assert torch.equal(found.kernel, expected.kernel)


GATED = ("e6666666_k3535353_l1111111_s1111111", "e1446464_k5353535_l2111211_s0101010")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("activation", ["relu", "relu6", "swish"])
@pytest.mark.parametrize("text", GATED)
def test_gates_and_smooth_activations_take_the_exact_path(text: str, activation: str, training: bool) -> None:
    """To the last bit also where more samples are counted than run together elsewhere."""
    space, images = spaces.load("mnasnet"), images_of(20)
    network = networks.build(space, space.parse(text), mnasnet.Size(4, activation))
    nodes, expected = graphs.Nodes(images), watched_kernel(network, images, training)
    graph = graphs.trace(network, nodes, training)
    assert graph.together
    assert graphs.trace(network, nodes, training).together  # by what its layers did the first time
    (found,) = graphs.relu_kernels([graphs.lower(graph, nodes)], images)
    assert torch.equal(found.kernel, expected.kernel)
    assert torch.equal(found.logits, expected.logits)
    assert (found.units > 0) == (activation != "swish")


@pytest.mark.parametrize("activation", mnasnet.ACTIVATIONS)
def test_gates_and_smooth_activations_take_the_fast_path(activation: str) -> None:
    space, images = spaces.load("mnasnet"), images_of(6, torch.float64)
    network = networks.build(space, space.parse(GATED[0]), mnasnet.Size(4, activation)).double()
    network, nodes = randomised(network), graphs.Nodes(images)
    expected = watched_kernel(network, images, False)
    (found,) = graphs.relu_kernels([graphs.fold(graphs.trace(network, nodes), nodes)], images)
    torch.testing.assert_close(found.logits, expected.logits, rtol=1e-10, atol=1e-12)
    assert torch.equal(found.kernel, expected.kernel)


@pytest.mark.parametrize("rewrite", [graphs.lower, graphs.fold])
def test_a_value_does_not_depend_on_what_is_counted_beside_it(rewrite: Callable) -> None:
    space = spaces.load("nb201")
    supernet, images = networks.build_supernet(space, "tiny"), images_of(8)
    _, together = counted(supernet, masks_of(space), "drop", images, False, rewrite)
    for mask, found in zip(masks_of(space), together, strict=True):
        _, (alone,) = counted(supernet, [mask], "drop", images, False, rewrite)
        assert torch.equal(found.kernel, alone.kernel)
        assert torch.equal(found.logits, alone.logits)


@pytest.mark.parametrize("samples", [1, 16, 37])
@pytest.mark.parametrize("rewrite", [graphs.lower, graphs.fold])
def test_threads_stretches_and_batch_sizes_do_not_matter(
    rewrite: Callable, samples: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = spaces.load("nb201")
    supernet, images = networks.build_supernet(space, "tiny").double(), images_of(samples, torch.float64)
    view, nodes = supernet.masked(space.full_mask), graphs.Nodes(images)
    graph = rewrite(graphs.trace(view, nodes), nodes)
    expected = watched_kernel(view, images, False)
    threads = torch.get_num_threads()
    try:
        for number, held in ((1, 1), (2, 10_000), (3, 2**27)):
            torch.set_num_threads(number)
            monkeypatch.setattr(_run, "CODE_BYTES", held)
            (found,) = graphs.relu_kernels([graph], images)
            assert torch.get_num_threads() == number
            assert torch.equal(found.kernel, expected.kernel)
            torch.testing.assert_close(found.logits, expected.logits, rtol=1e-12, atol=1e-12)
    finally:
        torch.set_num_threads(threads)


def test_what_candidates_share_is_run_once() -> None:
    """NAS-Bench-Macro decides layer by layer: what lies before the last layer is the same for all."""
    space = spaces.load("nbmacro")
    supernet, nodes = networks.build_supernet(space, "tiny"), graphs.Nodes(images_of(2))
    last = len(space.decisions) - 1
    masks = [space.full_mask, *(without(space.full_mask, last, one) for one in range(3))]
    for rewrite in (graphs.lower, graphs.fold):
        alone = [rewrite(graphs.trace(supernet.masked(mask), nodes), nodes) for mask in masks]
        sizes = [len(graphs.needed([graph])) for graph in alone]
        assert len(graphs.needed(alone)) < 1.3 * max(sizes)


def test_no_graph_is_no_kernel() -> None:
    assert graphs.relu_kernels([], images_of(2)) == []


def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Conv2d(4, 3, 1), nn.ReLU(), nn.Flatten())
    graph = graphs.trace(network, graphs.Nodes(torch.zeros(40, 4, 16, 16)))
    with pytest.raises(RuntimeError, match="channels"):
        graphs.relu_kernels([graph], images_of(40))


@pytest.mark.parametrize("shape", [(2, 4, 3, 3), (3, 16, 32, 32), (1, 5, 7, 4), (2, 8, 9, 17)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_poolings_are_equal_to_the_last_bit(shape: tuple[int, ...], layout: torch.memory_format) -> None:
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0)).contiguous(memory_format=layout)
    images[0, 0, 1, 1] = 0.0
    assert torch.equal(_operations.maximum_3x3(images), F.max_pool2d(images, 3, 1, 1))
    averaged = F.avg_pool2d(images, 3, 1, 1, count_include_pad=False)
    assert torch.equal(_operations.average_3x3(images), averaged)
    smoothed = _operations.smooth(images, 0.25, 0.5)
    torch.testing.assert_close(smoothed, 0.25 * images + 0.5 * averaged, rtol=1e-5, atol=1e-6)


def test_an_average_that_adds_in_another_order_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    original = _operations.sum_3x3
    monkeypatch.setattr(_operations, "sum_3x3", lambda x, ones: original(x, ones) * (1 + 2**-20))
    _operations._average_3x3.cache_clear()
    images = images_of(2).contiguous(memory_format=torch.channels_last).requires_grad_()
    try:
        averaged = F.avg_pool2d(images, 3, 1, 1, count_include_pad=False)
        assert torch.equal(_operations.average_3x3(images), averaged)
        (gradient,) = torch.autograd.grad(averaged, images, averaged.detach())
        assert torch.equal(_operations.spread_3x3(averaged.detach()), gradient)
    finally:
        _operations._average_3x3.cache_clear()
