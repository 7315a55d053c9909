"""In which forms networks, batches and names are handed over, and what is answered to others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from harness import proxies
from harness.errors import ConfigError
from harness.inputs import Batch
from tests.unit.proxies.test_measure import EVERY, values


def found(network: nn.Module, given: Any, names: Any = "snip") -> dict[str, tuple]:
    return values(proxies.measure(network, given, names, seed=0))


@pytest.mark.parametrize("form", [tuple, list])
def test_batches_as_a_loader_gives_them(form: type, build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    pair = form([batch.images, batch.targets])
    expected = found(network, batch, ["snip"])
    assert found(network, pair) == found(network, batch) == expected
    assert found(network, [pair]) == found(network, [batch]) == found(network, (batch,)) == expected
    second = Batch(-batch.images, batch.targets)
    expected = found(network, [batch, second], ["zico"])
    assert found(network, [pair, form([second.images, second.targets])], "zico") == expected
    assert found(network, (pair, second), "zico") == expected


def test_a_loader_itself(build_network: Callable, batch: Batch) -> None:
    data = torch.utils.data.TensorDataset(batch.images, batch.targets)
    loader = torch.utils.data.DataLoader(data, batch_size=3)
    network = build_network("plain")
    first = Batch(batch.images[:3], batch.targets[:3])
    assert found(network, next(iter(loader))) == found(network, first)
    assert found(network, list(loader), "zico")["zico"][1] == "ok"
    with pytest.raises(ConfigError, match=r"received DataLoader\. .* what next\(iter\(loader\)\) gives"):
        found(network, loader)


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.int8, torch.uint8, torch.int64])
def test_targets_of_any_whole_numbers(dtype: torch.dtype, build_network: Callable, batch: Batch) -> None:
    network, names = build_network("plain"), ["snip", "epe_nas", "gradsign", "grasp"]
    expected = found(network, batch, names)
    assert found(network, (batch.images, batch.targets.to(dtype)), names) == expected
    assert found(network, Batch(batch.images, batch.targets.to(dtype)), names) == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_targets_that_are_no_whole_numbers_are_answered(
    dtype: torch.dtype, build_network: Callable, batch: Batch
) -> None:
    with pytest.raises(ConfigError, match=r"whole numbers of shape \(B,\); received torch\."):
        found(build_network("plain"), (batch.images, batch.targets.to(dtype)))


def test_what_is_no_batch_is_answered(build_network: Callable, batch: Batch) -> None:
    network, one_hot = build_network("plain"), nn.functional.one_hot(batch.targets, 5)
    pairs = [
        (None, "NoneType"), (3, "int"), ("cifar10", "str"), (batch.images, "Tensor"), ({"x": batch}, "dict"),
        ([], "none"), ([3], "int"), ([batch.images], "Tensor"),
        ((batch.images, one_hot), r"\(6, 3, 8, 8\) and \(6, 5\)"),
        ((batch.images, batch.targets.tolist()), "Tensor and list"),
        (Batch(batch.images.numpy(), batch.targets), "ndarray"),
    ]  # fmt: skip
    for given, received in pairs:
        with pytest.raises(ConfigError, match=f"A batch is .* received {received}"):
            found(network, given)


@pytest.mark.parametrize("network", [len, None, {"weight": torch.ones(1)}, "nb201"])
def test_what_is_no_network_is_answered(network: object, batch: Batch) -> None:
    with pytest.raises(ConfigError, match=r"A network is an nn\.Module .*; received"):
        found(network, batch)


def head(width: int) -> nn.Linear:
    return nn.Linear(width, 5)


def chain(*layers: nn.Module) -> Callable[[], nn.Module]:
    def make() -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = copy.deepcopy(nn.Sequential(*layers))
            for layer in network:
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()
        return network

    return make


ReLU, Flatten = nn.ReLU(), nn.Flatten()
OTHER_IMAGES = {
    "vectors": (
        (12,), chain(nn.Linear(12, 64), nn.BatchNorm1d(64), ReLU, nn.Linear(64, 64), ReLU, head(64)),
    ),
    "grey": ((1, 8, 8), chain(nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), ReLU, Flatten, head(216))),
    "lines": (
        (3, 20),
        chain(nn.Conv1d(3, 6, 3), nn.BatchNorm1d(6), ReLU, nn.Conv1d(6, 6, 3), ReLU, Flatten, head(96)),
    ),
    "films": (
        (3, 4, 6, 6),
        chain(nn.Conv3d(3, 6, 3), nn.BatchNorm3d(6), ReLU, nn.Conv3d(6, 6, 1), ReLU, Flatten, head(192)),
    ),
    "not square": ((3, 6, 10), chain(nn.Conv2d(3, 6, 3), ReLU, Flatten, head(192))),
}  # fmt: skip
MAPS_ALONE = {"zen", "meco"}
BLOCKS = {"az_expressivity", "az_progressivity", "az_trainability"}


@pytest.mark.parametrize("kind", OTHER_IMAGES)
def test_images_of_any_shape_are_taken_where_the_network_takes_them(kind: str) -> None:
    shape, make = OTHER_IMAGES[kind]
    network = make()
    draws = torch.Generator().manual_seed(0)
    pairs = [(torch.randn(6, *shape, generator=draws), torch.tensor([0, 1, 2, 0, 1, 4])) for _ in range(2)]
    measured = proxies.measure(network, pairs, EVERY, seed=0)
    without = {name for name, one in measured.items() if one.status != "ok"}
    assert without <= {*MAPS_ALONE, *BLOCKS}, measured
    for name in without:
        words = (
            "feature map",
            "meco looks at maps",
            "a block hands on features",
            "one block",
            "mat1 and mat2",
        )
        assert any(each in measured[name].reason for each in words), measured[name]
    gradients = torch.autograd.grad(
        nn.functional.cross_entropy(network.train()(pairs[0][0]), pairs[0][1]),
        [layer.weight for layer in network if isinstance(layer, nn.Linear) or "Conv" in type(layer).__name__],
    )
    assert measured["grad_norm"].value == pytest.approx(
        sum(float(each.norm()) for each in gradients), rel=1e-4
    )


def test_images_of_whole_numbers(build_network: Callable, batch: Batch) -> None:
    images = (batch.images * 10).to(torch.uint8)
    network = build_network("plain")
    assert found(network, (images, batch.targets)) == found(network, (images.double(), batch.targets))
