"""Proxies and trainings use no operation that a GPU has no deterministic kernel for, by PyTorch's list."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from harness import proxies
from harness.cli._compose import composing, run_config
from harness.runners import execute
from tests.gpu import measured

FAMILIES = ("nb201", "nb1shot1_1", "nbmacro")

REFUSED = {
    "_adaptive_avg_pool2d_backward", "_adaptive_avg_pool3d_backward", "adaptive_max_pool2d_backward",
    "avg_pool3d_backward", "fractional_max_pool2d_backward", "fractional_max_pool3d_backward", "max_unpool2d",
    "max_unpool3d", "reflection_pad1d_backward", "reflection_pad2d_backward", "reflection_pad3d_backward",
    "upsample_linear1d_backward", "upsample_bilinear2d_backward", "upsample_bicubic2d_backward",
    "upsample_trilinear3d_backward", "nll_loss2d_forward", "_ctc_loss_backward", "_embedding_bag_backward",
    "put_", "histc", "bincount", "median", "kthvalue", "grid_sampler_2d_backward", "cumsum", "scatter_reduce",
}  # fmt: skip
"""What ``torch.use_deterministic_algorithms`` refuses on a GPU, by the names of the operations."""


class Names(TorchDispatchMode):
    """The names of all operations that are run."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        self.seen.add(function.overloadpacket.__name__)
        return function(*arguments, **(keywords or {}))


def test_a_refused_operation_would_be_seen():
    images = torch.ones(1, 1, 4, 4, requires_grad=True)
    with Names() as names:
        F.adaptive_avg_pool2d(images, 2).sum().backward()
    assert "_adaptive_avg_pool2d_backward" in names.seen


@pytest.mark.parametrize("space", FAMILIES)
def test_proxies_use_none(space):
    batches = measured.batches(4)
    with Names() as names:
        for network in measured.networks_of(space, "tiny"):
            proxies.measure(network, batches, proxies.names(), seed=0)
    assert "convolution_backward" in names.seen
    assert not names.seen & REFUSED


@pytest.mark.parametrize(
    ("space", "training"), [*((space, "darts") for space in FAMILIES), ("nb201", "darts_second_order")]
)
def test_trainings_use_none(space, training, tmp_path):
    with composing():
        config = run_config([
            "task=op_correlation", f"space={space}", "scorer=darts", f"training={training}", "fidelity=tiny",
            "device=cpu", "task.progressive=false", f"results={tmp_path}", "input=digits",
            "training.epochs=1", "training.images=8", "training.batch_size=4",
        ])  # fmt: skip
    with Names() as names:
        execute(config)
    assert "convolution_backward" in names.seen
    assert not names.seen & REFUSED
