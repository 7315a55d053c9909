"""Nothing of a proxy's stays on the CPU where the network does not: run on the device ``meta``.

Its tensors have shapes and no numbers, and refuse to meet the CPU's as a GPU's do. What a proxy reads of them
is made up.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from harness import networks, spaces
from harness.graphs import Counted
from harness.inputs import Batch
from harness.proxies import Passes, SupernetPrograms, _programs, load, names
from harness.proxies._kernel import Kernels
from harness.proxies._outcome import Undefined

MADE_UP = {"item": 1.5, "__float__": 1.5, "__int__": 1, "__index__": 1}
NEEDS_NUMBERS = {
    "zico": (NotImplementedError, "nonzero"),  # how large a tensor is hangs on numbers
    "gradsign": (RuntimeError, "meta tensors"),  # asks within the backward pass, where nothing is made up
}


class Reads(TorchFunctionMode):
    """Numbers for whoever reads a tensor that has none; ``answer`` to all questions."""

    def __init__(self, answer: bool) -> None:
        super().__init__()
        self.answer = answer
        self.copies = 0

    def __torch_function__(self, function, types, arguments=(), keywords=None):
        name = getattr(function, "__name__", "")
        if arguments and isinstance(arguments[0], Tensor) and arguments[0].device.type == "meta":
            if name == "__bool__":
                return self.answer
            if name in MADE_UP:
                return MADE_UP[name]
            self.copies += name == "cpu"
            if name in ("cpu", "tolist"):
                drawn = torch.rand(arguments[0].shape, generator=torch.Generator().manual_seed(0))
                drawn = (1 + drawn).to(arguments[0].dtype)
                return drawn if name == "cpu" else drawn.tolist()
            if name == "batch_norm_update_stats":  # which has no kernel for shapes alone
                pixels = arguments[0].transpose(0, 1).flatten(1)
                return pixels.mean(1), pixels.var(1, correction=0)
        return function(*arguments, **(keywords or {}))


def score(name: str, space: str, path: str = "exact") -> None:
    loaded = spaces.load(space)
    supernet = networks.build_supernet(loaded, "tiny", 0, 10).to("meta")
    network = supernet.masked(loaded.full_mask)
    batch = Batch(torch.randn(4, 3, 32, 32, device="meta"), torch.zeros(4, dtype=torch.int64, device="meta"))
    kernels = Kernels([network], batch.images, path)
    load(name).score(Passes(network, [batch, batch], 0, lambda training: kernels.of(0, training)))


def test_a_tensor_left_on_the_cpu_would_be_seen():
    with Reads(True), pytest.raises(RuntimeError, match="device"):
        torch.ones(2, device="meta") + torch.ones(2)


@pytest.mark.parametrize("space", ["nb201", pytest.param("nb1shot1_1", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", names())
def test_all_of_it_is_on_the_networks_device(name, space):
    constant = not name.startswith("az_")  # there the answer that goes on is that nothing is
    error, words = NEEDS_NUMBERS.get(name, (None, ""))
    refused = pytest.raises(error, match=words) if error else nullcontext()
    with Reads(constant), suppress(Undefined), refused:
        score(name, space)


def test_candidates_of_a_decision_are_read_at_once() -> None:
    loaded = spaces.load("nb201")
    supernet = networks.build_supernet(loaded, "tiny", 0, 10).to("meta")
    masks = [spaces.without(loaded.full_mask, 0, candidate) for candidate in range(5)]
    images = torch.randn(4, 3, 32, 32, device="meta")
    with Reads(True) as reads:
        kernels = Kernels([supernet.masked(mask) for mask in masks], images, "fast")
        found = [kernels.of(index, False) for index in range(5)]
    assert reads.copies == 2
    assert_read(found)


@pytest.mark.parametrize("path", ["exact", "fast"])
def test_a_record_for_all_masks_is_read_at_once(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_programs, "DEVICES", ("meta",))
    loaded = spaces.load("nb201")
    programs = SupernetPrograms(networks.build_supernet(loaded, "tiny", 0, 10).to("meta"))
    views = [programs.view(spaces.without(loaded.full_mask, 0, candidate)) for candidate in range(5)]
    images = torch.randn(4, 3, 32, 32, device="meta")
    with Reads(True) as reads:
        kernels = Kernels(views, images, path, programs=programs)
        found = [kernels.of(index, False) for index in range(5)]
    assert reads.copies == 2
    assert_read(found)


def assert_read(found: list[Counted]) -> None:
    assert {tensor.device.type for each in found for tensor in (each.kernel, each.logits)} == {"cpu"}
    assert (found[0].kernel.shape, found[0].logits.shape) == ((4, 4), (4, 10))
