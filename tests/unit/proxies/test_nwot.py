from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _kernel


def log_determinant_of_agreements(network: nn.Module, batch: Batch) -> float:
    """The formula on codes the test collects itself, in the mode the network is in, by eigenvalues."""
    rows: list[Tensor] = []
    for part in network.modules():
        if isinstance(part, nn.ReLU | nn.ReLU6):
            part.register_forward_pre_hook(
                lambda _, inputs: rows.append((inputs[0] > 0).flatten(1).numpy().copy())
            )
    with torch.no_grad():
        network(batch.images.double())
    codes = np.concatenate(rows, axis=1)
    kernel = (codes[:, None] == codes[None]).sum(axis=2)
    return float(np.log(np.linalg.eigvalsh(kernel)).sum())


@pytest.mark.parametrize(("name", "training"), [("nwot", True), ("nwot_eval", False)])
def test_the_formula(network: nn.Module, batch: Batch, name: str, training: bool) -> None:
    measured = proxies.measure(network, batch, [name], seed=0)[name]
    assert measured.status == "ok"
    assert measured.value == pytest.approx(
        log_determinant_of_agreements(network.train(training), batch), rel=1e-10
    )


def test_the_modes_differ_where_there_is_batch_norm(build_network: Callable, batch: Batch) -> None:
    plain = proxies.measure(build_network("plain"), batch, ["nwot", "nwot_eval"], seed=0)
    without = proxies.measure(build_network("no batch norm"), batch, ["nwot", "nwot_eval"], seed=0)
    assert plain["nwot"].value != plain["nwot_eval"].value
    assert without["nwot"].value == without["nwot_eval"].value


@pytest.mark.parametrize("name", ["nwot", "nwot_eval"])
def test_equal_samples_make_the_kernel_singular(build_network: Callable, batch: Batch, name: str) -> None:
    images = batch.images.clone()
    images[3] = images[1]
    measured = proxies.measure(build_network("residual"), Batch(images, batch.targets), [name], seed=0)[name]
    assert (measured.value, measured.status) == (None, "inf")
    assert measured.reason == "the kernel of 6 samples has rank 5, so log det K is -inf"


def test_one_sample_gives_the_log_of_the_number_of_units(build_network: Callable, batch_of: Callable) -> None:
    measured = proxies.measure(build_network("no batch norm"), batch_of(1), ["nwot", "nwot_eval"], seed=0)
    assert measured["nwot"].value == pytest.approx(np.log(6 * 6 * 6 + 6 * 4 * 4))
    assert measured["nwot_eval"].value == measured["nwot"].value


def test_a_network_without_relu_has_no_score(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
    measured = proxies.measure(network, batch, ["nwot"], seed=0)["nwot"]
    assert (measured.value, measured.status) == (None, "inf")
    assert "no ReLU was called" in measured.reason


def test_a_signal_lost_beside_the_bias_is_still_connected(batch: Batch) -> None:
    deep = nn.Sequential(nn.Flatten(), nn.Linear(192, 40, bias=False), nn.ReLU(), nn.Linear(40, 5))
    with torch.no_grad():
        deep[1].weight.mul_(1e-25)
    logits = deep(batch.images)
    assert torch.equal(logits, logits[:1].expand_as(logits))
    assert proxies.measure(deep, batch, ["nwot_eval"], seed=0)["nwot_eval"].status == "ok"


def test_relus_count_as_modules_and_as_functions(batch: Batch) -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.relu, self.second = nn.Linear(192, 8), nn.ReLU(), nn.Linear(8, 5)

        def forward(self, images: Tensor) -> Tensor:
            hidden = self.relu(self.first(images.flatten(1)))
            return torch.relu(self.second(torch.relu(hidden)))

    for path in proxies.PATHS:
        counted = _kernel.Kernels([Functional()], batch.images, path).of(0, training=True)
        assert counted.kernel.diagonal().tolist() == [8 + 8 + 5] * 6
