"""Networks in wrappers, and those that no proxy can score: the sentence says what to hand over instead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness import networks, proxies, spaces
from harness.inputs import Batch
from harness.networks import parts_of
from harness.proxies._wrapped import memory_format
from tests.unit.proxies.conftest import build, head
from tests.unit.proxies.test_measure import EVERY, measure, values

WRAPPERS: dict[str, Callable[[nn.Module], nn.Module]] = {
    "data parallel": nn.DataParallel,
    "compiled": lambda network: torch.compile(network, backend="eager"),
    "compiled in data parallel": lambda network: nn.DataParallel(torch.compile(network, backend="eager")),
}


@pytest.fixture
def fresh_compiler():
    yield
    torch.compiler.reset()


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.usefixtures("fresh_compiler")
def test_the_network_inside_is_measured(wrapper: str, batch: Batch) -> None:
    network = build("residual", torch.float32)
    expected = values(measure(network, batch, EVERY, 0))
    assert values(measure(WRAPPERS[wrapper](network), batch, EVERY, 0)) == expected


@pytest.mark.usefixtures("fresh_compiler")
def test_parts_that_are_compiled_are_measured_as_written(batch: Batch) -> None:
    network = build("residual", torch.float32)
    expected = values(measure(network, batch, EVERY, 0))
    network.inner = compiled = torch.compile(network.inner, backend="eager")
    network.head = nn.DataParallel(network.head)
    assert values(measure(network, batch, EVERY, 0)) == expected
    assert network.inner is compiled
    whole = build("residual", torch.float32)
    whole.compile(backend="eager")
    whole.inner.compile(backend="eager")
    assert values(measure(whole, batch, EVERY, 0)) == expected
    assert whole._compiled_call_impl is not None


class Two(nn.Module):
    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features, features


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(build("plain", torch.float32))


def quantised() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.ao.quantization.quantize_dynamic(build("plain", torch.float32), {nn.Linear})


REFUSED: dict[str, tuple[Callable[[], nn.Module], str, set[str]]] = {
    "scripted": (scripted, "the network is scripted .*; hand over the module it was made of", set(EVERY)),
    "scripted part": (
        lambda: nn.Sequential(scripted(), nn.ReLU()), "its part '0' is scripted .*; hand over", set(EVERY),
    ),
    "lazy": (
        lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(5)),
        r"1\.weight has no shape yet; run the network once", set(EVERY),
    ),
    "meta": (
        lambda: build("plain").to("meta"), "is on the meta device and has no numbers; build", set(EVERY),
    ),
    "quantised": (quantised, "is quantised and has no gradients; hand over the network before", set(EVERY)),
    "two outputs": (
        lambda: nn.Sequential(build("plain", torch.float32), Two()),
        "received tuple for .* samples: wrap the network so that it returns the logits only",
        set(EVERY) - {"params", "flops", "l2_norm", "trainable_layers"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_says_what_to_hand_over_and_takes_no_other_value(kind: str, batch: Batch) -> None:
    make, sentence, without = REFUSED[kind]
    plain = build("plain", torch.float32)
    second = Batch(-batch.images, batch.targets.flip(0))
    expected = values(measure(plain, batch, EVERY, 0))
    network = make()
    first, refused, last = proxies.measure_each([plain, network, plain], [batch, second], EVERY, 0)
    assert values(first) == values(last) == expected
    assert list(refused) == list(EVERY)
    for name in EVERY:
        if name in without:
            assert (refused[name].value, refused[name].status) == (None, "failed")
            assert re.search(sentence, refused[name].reason), refused[name]
        else:
            assert refused[name].status == "ok", refused[name]
    assert values(proxies.measure(network, [batch, second], EVERY, 0)) == values(refused)


def test_networks_that_cannot_run_take_no_others_value(batch: Batch) -> None:
    class Misfit(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return features @ features.new_ones(3, 2)

    plain = build("plain", torch.float32)
    second = Batch(-batch.images, batch.targets.flip(0))
    expected = values(measure(plain, batch, EVERY, 0))
    broken = nn.Sequential(plain, Misfit())
    found = proxies.measure_each([broken, plain, broken], [batch, second], EVERY, 0)
    assert values(found[1]) == expected
    assert found[0]["nwot_eval"].status == found[2]["snip"].status == "failed"
    assert "mat1 and mat2" in found[0]["nwot_eval"].reason


# --- the order of images in memory -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Conv2d(4, 8, 1, stride=2), torch.contiguous_format),
        (nn.Conv2d(2, 8, 1, stride=(1, 3)), torch.contiguous_format),
        (nn.Conv2d(7, 8, 1, stride=2), torch.contiguous_format),
        (nn.Conv2d(8, 8, 1, stride=2), torch.channels_last),
        (nn.Conv2d(1, 8, 1, stride=2), torch.channels_last),
        (nn.Conv2d(4, 8, 1), torch.channels_last),
        (nn.Conv2d(4, 8, 3, stride=2), torch.channels_last),
        (nn.Conv2d(4, 8, 1, stride=2, groups=2), torch.channels_last),
    ],
)
def test_narrow_pointwise_convolutions_with_a_stride_run_contiguous(
    layer: nn.Module, expected: torch.memory_format
) -> None:
    parts = parts_of(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(layer)))
    assert memory_format(parts, torch.device("cpu")) is expected
    assert memory_format(parts, torch.device("cuda")) is torch.contiguous_format


PROGRAM = """
import torch
from harness import networks, proxies, spaces
from harness.inputs import noise
space = spaces.load("nbmacro")
pairs = [noise.open(10, 16).batch(0, step, 8) for step in range(2)]
nets = [networks.build(space, arch, "tiny") for arch in (((0,),) * 8, ((1,), (2,), (0,), (0,)) * 2)]
names = ["grad_norm", "grasp", "ntk", "gradsign", "az_trainability", "zico"]
found = proxies.measure_each(nets, pairs, names, 0)
print({one.status for each in found for one in each.values()})
"""


@pytest.mark.parametrize("isa", ["AVX2", "DEFAULT"])
def test_tiny_networks_are_measured_on_processors_with_avx2_alone(isa: str) -> None:
    # torch reads the variable when it is loaded; a heap that is overwritten ends the process.
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": isa, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout.strip()) == (0, "{'ok'}"), ran.stderr


def test_the_order_in_memory_changes_no_count(batch: Batch) -> None:
    space, cpu = spaces.load("nbmacro"), torch.device("cpu")
    narrow, wide = (networks.build(space, ((0,),) * 8, size, classes=5) for size in ("tiny", "small"))
    flat = nn.Sequential(nn.Flatten(), nn.Linear(4, 4), head(4))
    assert memory_format(parts_of(narrow), cpu) is torch.contiguous_format
    assert memory_format(parts_of(wide), cpu) is torch.channels_last
    assert memory_format(parts_of(flat), cpu) is torch.channels_last
