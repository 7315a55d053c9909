"""ReLU codes as the released code counts them, against its own way: hooks on modules by type name."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, proxies, spaces
from harness.errors import UnknownNameError
from harness.inputs import Batch
from harness.networks import MASKINGS
from harness.proxies._kernel import PATHS, Kernels, ReluWatch
from harness.released import COUNTINGS, block_input
from harness.spaces import without

SAMPLES = 6
SPACES = tuple(name for name in spaces.names() if networks.has_supernet(spaces.load(name)))
ALIKE_ONCE = [
    pytest.param(name, marks=pytest.mark.slow) if name in ("nb1shot1_2", "nb1shot1_3") else name
    for name in SPACES
]
"""Of NAS-Bench-1Shot1's spaces, whose supernets are alike, the first stands for all."""

OP = "nor_conv_3x3"


def images(size: int = 8) -> torch.Tensor:
    return torch.randn(SAMPLES, 3, size, size, generator=torch.Generator().manual_seed(3))


class ByTypeName:
    """A forward hook on every module whose type name holds "ReLU", as in the released code."""

    def __init__(self) -> None:
        self.relus = np.zeros((SAMPLES, SAMPLES))
        self.blocks = np.zeros((SAMPLES, SAMPLES))
        self.calls = {"relus": 0, "blocks": 0}

    def hook(self, module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        x = (inputs[0].reshape(SAMPLES, -1) > 0).double().numpy()
        agreements = x @ x.T + (1 - x) @ (1 - x).T
        if isinstance(module, nn.ReLU | nn.ReLU6):
            self.relus += agreements
            self.calls["relus"] += 1
        else:
            self.blocks += agreements
            self.calls["blocks"] += 1

    def run(self, network: nn.Module, training: bool) -> ByTypeName:
        buffers = {name: buffer.clone() for name, buffer in network.named_buffers()}
        named = [module for module in network.modules() if "ReLU" in str(type(module))]
        handles = [module.register_forward_hook(self.hook) for module in named]
        network.train(training)
        with torch.no_grad():
            network(images().to(next(network.parameters())))
            for name, buffer in network.named_buffers():
                buffer.copy_(buffers[name])
        for handle in handles:
            handle.remove()
        return self


def masks(space: spaces.Space) -> list[spaces.Mask]:
    """Nothing removed; one candidate removed here and there; every decision made, in two ways."""
    rng = np.random.default_rng(5)
    open_ones = without(space.full_mask, 0, 1)
    for index in range(1, len(space.decisions), 2):
        open_ones = without(open_ones, index, len(space.decisions[index].candidates) - 1)
    decided = []
    for _ in range(2):
        rows = []
        for decision in space.decisions:
            kept = rng.permutation(len(decision.candidates))[: decision.picks].tolist()
            rows.append(tuple(index in kept for index in range(len(decision.candidates))))
        decided.append(tuple(rows))
    return [space.full_mask, open_ones, *decided]


def kernels_of(views: list[nn.Module], path: str, counting: str, training: bool) -> list[np.ndarray]:
    kernels = Kernels(views, images().to(next(views[0].parameters())), path, counting)
    return [kernels.of(index, training).kernel.numpy() for index in range(len(views))]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("masking", MASKINGS)
@pytest.mark.parametrize("name", ALIKE_ONCE)
def test_supernets_count_as_hooks_by_type_name_do(name, masking, training):
    """In double precision no unit lies so near to 0 that the fast path's rounding moves it across."""
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny", seed=2).double()
    views = [supernet.masked(mask, masking) for mask in masks(space)]
    hooked = [ByTypeName().run(view, training) for view in views]
    for path in PATHS:
        for counting in COUNTINGS:
            counted = kernels_of(views, path, counting, training)
            for kernel, by_name in zip(counted, hooked, strict=True):
                blocks = by_name.blocks if counting == "as_released" else 0
                assert np.array_equal(kernel, by_name.relus + blocks)


@pytest.mark.parametrize("name", SPACES)
def test_stand_alone_networks_count_as_hooks_by_type_name_do(name):
    space = spaces.load(name)
    archs = [space.sample(np.random.default_rng(seed)) for seed in range(3)]
    built = [networks.build(space, arch, "tiny").double() for arch in archs]
    for training in (False, True):
        hooked = [ByTypeName().run(network, training) for network in built]
        for path in PATHS:
            for kernel, by_name in zip(kernels_of(built, path, "as_released", training), hooked, strict=True):
                assert np.array_equal(kernel, by_name.relus + by_name.blocks)


# Two convolutions on six edges of ten cells, and the stem's last.
BLOCKS = {
    "transnas_micro": 121,
    "nb201": 184,
    "nbmacro": 0,
    "mobilenet": 0,
    "nb1shot1_1": 1,
    "nb1shot1_2": 1,
    "nb1shot1_3": 1,
}
# Both inputs of 8 cells, but for the two that a FactorizedReduce projects.
BLOCKS |= {name: 14 for name in SPACES if name.startswith("darts")}


@pytest.mark.parametrize("name", SPACES)
def test_blocks_of_the_benchmarks_supernets(name):
    space = spaces.load(name)
    modules = list(networks.build_supernet(space).masked(space.full_mask).modules())
    named = [module for module in modules if "ReLU" in str(type(module))]
    relus = sum(isinstance(module, nn.ReLU | nn.ReLU6) for module in named)
    assert len(named) - relus == BLOCKS[name]
    assert name != "nb201" or relus == 185
    if not hasattr(importlib.import_module(f"harness.networks.{space.family}"), "RELEASED_COUNTING"):
        return
    counted_twice = networks.released_counting(space) == "as_released"
    assert counted_twice == (BLOCKS[name] > 0)


def test_a_removed_block_is_handed_the_edges_input_and_its_relu_zeros():
    """The released code multiplies by 0 inside of the block, behind the block's hook."""
    space = spaces.load("nb201")
    convolution = space.decisions[0].candidates.index("nor_conv_3x3")
    mask = without(space.full_mask, 0, convolution)
    view = networks.build_supernet(space, "tiny").masked(mask, "zeros").eval()
    (removed,) = view.body[0].edges[space.decisions[0].name].removed
    handed = {}
    for module in (removed, removed[0]):
        module.register_forward_hook(lambda module, inputs, output: handed.update({module: inputs[0]}))
    with torch.no_grad():
        view(images())
        assert torch.equal(handed[removed], view.stem(images()))
    assert not handed[removed[0]].any()


@pytest.mark.parametrize("proxy", ["nwot", "nwot_eval"])
@pytest.mark.parametrize("company", [[], ["snip", "synflow"]])
@pytest.mark.parametrize("path", list(PATHS))
def test_the_score_is_the_released_kernels_log_determinant(proxy, company, path):
    space = spaces.load("nb201")
    network = networks.build(
        space, space.parse(f"|{OP}~0|+|{OP}~0|{OP}~1|+|skip_connect~0|{OP}~1|{OP}~2|"), "tiny"
    )
    batch = Batch(images(), torch.arange(SAMPLES) % 10)
    hooked = ByTypeName().run(network, proxy == "nwot")
    expected = {
        "once": np.linalg.slogdet(hooked.relus)[1],
        "as_released": np.linalg.slogdet(hooked.relus + hooked.blocks)[1],
    }
    for counting, value in expected.items():
        found = proxies.measure(network, batch, [*company, proxy], 0, path, counting=counting)
        assert found[proxy].value == pytest.approx(value, rel=1e-12)
    assert expected["as_released"] - expected["once"] > 1


def test_other_proxies_do_not_hang_on_the_counting():
    space = spaces.load("nb201")
    network = networks.build(space, space.sample(np.random.default_rng(0)), "tiny")
    batch = Batch(images(), torch.arange(SAMPLES) % 10)
    names = [name for name in proxies.names() if proxies.load(name).ABOUT.batches == 1]
    assert {name for name in proxies.names() if proxies.counts_relus(name)} == {"nwot", "nwot_eval"}
    once, released = (proxies.measure(network, batch, names, 0, counting=each) for each in COUNTINGS)
    assert {name for name in names if once[name].value != released[name].value} <= {"nwot", "nwot_eval"}


def test_a_network_of_ones_own_counts_what_it_marks():
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu, self.linear = nn.ReLU(), nn.Linear(48, 10)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            inputs = inputs.flatten(1)
            return self.linear(self.relu(-block_input(inputs)))

    x = (images(4).flatten(1) > 0).double().numpy()
    codes, marked = ((c @ c.T + (1 - c) @ (1 - c).T) for c in (1 - x, x))
    for path in PATHS:
        kernels = Kernels([Own()], images(4), path, "as_released")
        assert np.array_equal(kernels.of(0, False).kernel.numpy(), codes + marked)


def test_the_mark_is_the_identity():
    tensor = images()
    assert block_input(tensor) is tensor
    seen = []
    with ReluWatch(seen.append):
        assert block_input(tensor) is tensor
    assert not seen
    with ReluWatch(seen.append, blocks=True):
        assert block_input(tensor) is tensor
    assert seen == [tensor]


def test_an_unknown_counting_is_told():
    space = spaces.load("nb201")
    network = networks.build(space, space.sample(np.random.default_rng(0)), "tiny")
    batch = Batch(images(), torch.arange(SAMPLES) % 10)
    with pytest.raises(UnknownNameError, match="Unknown counting 'twice'. .*Allowed: as_released, once"):
        proxies.measure(network, batch, ["nwot"], 0, counting="twice")
