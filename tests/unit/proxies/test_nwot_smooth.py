from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import networks, proxies, spaces
from harness.inputs import Batch
from harness.networks import mnasnet
from harness.proxies._kernel import watched_kernel

ACTIVATIONS = (
    nn.SiLU, nn.Hardswish, nn.GELU, nn.Mish, nn.ELU, nn.CELU, nn.SELU, nn.LeakyReLU, nn.PReLU, nn.ReLU,
    nn.ReLU6,
)  # fmt: skip
GATES = (nn.Sigmoid, nn.Hardsigmoid, nn.Tanh)


def of_activation(make: Callable[[], nn.Module]) -> nn.Sequential:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), make(), nn.Flatten(), nn.Linear(216, 5))


def measured(network: nn.Module, batch: Batch, *names: str) -> dict[str, proxies.Measurement]:
    return proxies.measure(network, batch, list(names), seed=0)


@pytest.mark.parametrize("make", ACTIVATIONS)
def test_the_formula_of_what_goes_into_the_activation(make: Callable, batch: Batch) -> None:
    network = of_activation(make).to(batch.images.dtype)
    found = measured(network, batch, "nwot_smooth")["nwot_smooth"]
    with torch.no_grad():
        codes = (network[:2].train()(batch.images) > 0).flatten(1).numpy()
    kernel = (codes[:, None] == codes[None]).sum(axis=2)
    assert found.value == pytest.approx(np.log(np.linalg.eigvalsh(kernel)).sum(), rel=1e-6)


def test_it_is_nwot_where_every_activation_is_a_relu(network: nn.Module, batch: Batch) -> None:
    found = measured(network, batch, "nwot", "nwot_smooth")
    assert found["nwot"].value == found["nwot_smooth"].value


@pytest.mark.parametrize("make", GATES)
def test_gates_do_not_count(make: Callable, batch: Batch) -> None:
    found = measured(of_activation(make), batch, "nwot", "nwot_smooth")
    assert {each.status for each in found.values()} == {"inf"}
    assert found["nwot_smooth"].reason == (
        "no activation was called: the kernel is 0, its log determinant -inf"
    )


def test_nwot_names_it_where_there_is_no_relu(batch: Batch) -> None:
    found = measured(of_activation(nn.SiLU), batch, "nwot", "nwot_eval", "nwot_smooth")
    assert found["nwot_smooth"].status == "ok"
    for name in ("nwot", "nwot_eval"):
        assert (found[name].value, found[name].status) == (None, "inf")
        assert found[name].reason == (
            "no ReLU was called: the kernel is 0, its log determinant -inf; nwot_smooth counts other "
            "activations too"
        )


def test_functions_count_as_modules_do(batch: Batch) -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = of_activation(nn.Identity)

        def forward(self, images: Tensor) -> Tensor:
            return self.layers[3:](F.silu(self.layers[:3](images)))

    values = {
        measured(network, batch, "nwot_smooth")["nwot_smooth"].value
        for network in (Functional(), of_activation(nn.SiLU))
    }
    assert len(values) == 1


@pytest.mark.parametrize("activation", ["swish", "hswish"])
def test_networks_of_the_mnasnet_space(activation: str, batch: Batch) -> None:
    """Gates of squeeze-and-excitation are none of the units, and its own activations are."""
    space = spaces.load("mnasnet")
    arch = space.parse("e1411111_k3333333_l1111111_s0100000")
    network = networks.build(space, arch, mnasnet.Size(4, activation), classes=5)
    units = 8 * 16 + 8 * 16 + (16 * 16 + 16 * 4 + 1) + 6 + 10 + 20 + 28 + 48 + 320
    assert watched_kernel(network, batch.images, training=True, smooth=True).units == units
    assert measured(network, batch, "nwot_smooth")["nwot_smooth"].status == "ok"
