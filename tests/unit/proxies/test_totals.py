"""Numbers leave the device once per network, and no operation is called as only a CPU answers."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from harness.inputs import Batch
from harness.proxies import Passes, _passes, measure, names
from harness.proxies._totals import numbers, total

ONE_READING = (
    "snip", "grad_norm", "fisher", "plain", "l2_norm", "synflow", "logsynflow", "gradsign", "zen",
)  # fmt: skip
"""Those that once read a number for every layer."""


class Calls(TorchDispatchMode):
    """Counts the operations that are run, and keeps those of batch norm's backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()
        self.backward: list[tuple] = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        name = function.overloadpacket.__name__
        self.count[name] += 1
        if name == "native_batch_norm_backward":
            self.backward.append(arguments)
        return function(*arguments, **(keywords or {}))


def network(layers: int) -> nn.Sequential:
    torch.manual_seed(0)
    blocks = [
        part for _ in range(layers) for part in (nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
    ]
    ends = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), *blocks, *ends)


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    draw = torch.Generator().manual_seed(1)
    images = torch.randn(4, 3, 8, 8, generator=draw)
    targets = torch.randint(5, (4,), generator=draw)
    return [Batch(images, targets), Batch(images.flip(0), targets)]


def test_the_total_is_the_exact_sum_of_the_numbers():
    scalars = [torch.tensor(value) for value in (1e8, 1.0, -1e8, 2.0**-30)]
    assert numbers(scalars) == [scalar.item() for scalar in scalars]
    assert total(iter(scalars)) == math.fsum(scalar.item() for scalar in scalars) == 1 + 2.0**-30
    assert total([]) == 0.0


def test_numbers_of_two_formats_stay_what_they_are():
    mixed = [torch.tensor(0.1), torch.tensor(0.1, dtype=torch.float64)]
    assert numbers(mixed) == [scalar.item() for scalar in mixed]


@pytest.mark.parametrize("name", ONE_READING)
def test_a_deeper_network_is_not_waited_for_more_often(name, batches):
    read = []
    for layers in (2, 5):
        with Calls() as calls:
            (measured,) = measure(network(layers), batches, [name], seed=0).values()
        assert measured.status == "ok"
        read.append(calls.count["_local_scalar_dense"])
    assert read[0] == read[1]


@pytest.mark.parametrize("name", names())
def test_batch_norms_backward_pass_has_a_weight_where_its_gradient_is_asked_for(name, batches):
    """On a GPU that gradient is not computed without one."""
    with Calls() as calls:
        (measured,) = measure(network(2), batches, [name], seed=0).values()
    assert measured.status == "ok"
    assert all(arguments[2] is not None for arguments in calls.backward if arguments[-1][1])
    assert calls.backward or name not in ("grasp", "snip")


def test_what_a_pass_leaves_to_the_gpu_is_waited_for_within_its_seconds(monkeypatch):
    waited = []
    monkeypatch.setattr(torch.cuda, "synchronize", waited.append)
    monkeypatch.setattr(_passes, "own_random_state", lambda seed: nullcontext())
    for name, expected in (("cpu", []), ("cuda:1", [torch.device("cuda:1")])):
        images = SimpleNamespace(device=torch.device(name))
        passes = Passes(nn.Identity(), [Batch(images, images)], 0, lambda training: None)
        assert [passes.read("a pass", lambda: 3) for _ in range(2)] == [3, 3]
        assert waited == expected
