from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import families, graphs, networks, proxies, spaces
from harness.inputs import Batch, noise
from harness.proxies import _gaussian, _maps
from harness.seeding import derive


def zen(network: nn.Module, batch: Batch, seed: int = 0) -> proxies.Measurement:
    return proxies.measure(network, batch, ["zen"], seed)["zen"]


def fill(network: nn.Module, generator: torch.Generator) -> None:
    """Gaussian weights layer by layer, tied ones once, biases 0, batch norm without effect of its own."""
    drawn = set()
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Linear) and part.weight not in drawn:
            drawn.add(part.weight)
            part.weight.data = torch.randn(part.weight.shape, generator=generator).double()
        elif isinstance(part, nn.BatchNorm2d) and part.affine:
            nn.init.ones_(part.weight)
        if getattr(part, "bias", None) is not None:
            nn.init.zeros_(part.bias)


def one_draw(network: nn.Module, draw: int, size: int) -> float:
    generator = torch.Generator().manual_seed(derive(0, "proxies", "zen", draw))
    images = torch.randn(16, 3, size, size, generator=generator).double()
    change = torch.randn(16, 3, size, size, generator=generator).double()
    network = copy.deepcopy(network).train()
    fill(network, generator)
    maps: list[np.ndarray] = []
    scales: list[float] = []
    for part in network.modules():
        if isinstance(part, nn.AdaptiveAvgPool2d):
            part.register_forward_pre_hook(lambda _, inputs: maps.append(inputs[0].numpy().copy()))
        if isinstance(part, nn.BatchNorm2d):
            part.register_forward_pre_hook(
                lambda _, inputs: scales.append(inputs[0].numpy().var(axis=(0, 2, 3)).mean())
            )
    with torch.no_grad():
        network(images.clone())
        logarithms = 0.5 * np.log(scales).sum() if scales else 0.0
        network(images + 0.01 * change)
    difference = np.abs(maps[0] - maps[1]).reshape(16, -1).sum(axis=1).mean()
    return float(np.log(difference) + logarithms)


def test_the_formula(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    measured = zen(network, batch)
    if request.node.callspec.params["network"] == "linear":
        assert (measured.value, measured.status) == (None, "nan")
        assert measured.reason == "the network has no feature map of more than one pixel"
    else:
        expected = np.mean([one_draw(network, draw, 8) for draw in range(4)])
        assert measured.status == "ok"
        assert measured.value == pytest.approx(expected, rel=1e-9)


def test_the_networks_weights_and_the_batch_do_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    first = zen(network, batch).value
    other = build_network("residual")
    for parameter in other.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(9))
    assert zen(other.eval(), Batch(batch.images[:2] + 1, batch.targets[:2])).value == first
    assert zen(network, batch, seed=1).value != first


def test_twice_the_weights_behind_a_batch_norm_count_once(batch: Batch) -> None:
    # The norm takes a factor out of the map, its variance puts the logarithm of the factor in.
    norm = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).double()
    bare = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()).double()
    assert zen(norm, batch).value == pytest.approx(zen(bare, batch).value, abs=0.1)


def test_a_batch_norm_of_zeros_adds_nothing(batch: Batch) -> None:
    class DeadBranch(nn.Module):
        def __init__(self, dead: bool) -> None:
            super().__init__()
            self.dead = dead
            self.stem, self.branch = nn.Conv2d(3, 4, 1), nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
            self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))

        def forward(self, images: Tensor) -> Tensor:
            features = self.stem(images)
            return self.head(features + self.branch(features * 0) if self.dead else features)

    torch.manual_seed(0)
    dead, alive = zen(DeadBranch(True), batch), zen(DeadBranch(False), batch)
    assert (dead.status, alive.status) == ("ok", "ok")
    assert dead.value == pytest.approx(alive.value, rel=1e-6)


def test_features_that_do_not_change_with_the_images(batch: Batch) -> None:
    class Beside(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Conv2d(3, 5, 1), nn.Linear(192, 5)

        def forward(self, images: Tensor) -> Tensor:
            return self.stem(images * 0).mean((2, 3)) + self.head(images.flatten(1))

    measured = zen(Beside(), batch)
    assert (measured.value, measured.status) == (None, "inf")
    assert "do not change with the images" in measured.reason


def test_a_map_that_overflows_has_no_logarithm(batch: Batch) -> None:
    layers = [nn.Conv2d(64, 64, 3, padding=1) for _ in range(40)]
    network = nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1), *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 5)
    )
    assert zen(network, batch).status == "nan"


def test_numbers_are_drawn_alike_in_every_format(build_network: Callable) -> None:
    single, double = (
        _gaussian.gaussian_parameters(build_network("tied", dtype), torch.Generator().manual_seed(3))
        for dtype in (torch.float32, torch.float64)
    )
    assert list(single) == list(double)
    for name, parameter in single.items():
        assert parameter.dtype == torch.float32
        assert torch.equal(parameter, double[name].float())


def test_layers_without_weights_of_their_own_are_told(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    nn.utils.parametrizations.weight_norm(network[0][0])
    measured = zen(network, batch)
    assert measured.reason.startswith("the weight of layer '0.0' is no parameter of the network but computed")
    assert "remove_parametrizations" in measured.reason


class Twice(nn.Module):
    """Batch norms called twice on one tensor, beside one another on one tensor, and to no use."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.other, self.idle = (nn.BatchNorm2d(4, affine=False) for _ in range(3))
        self.stem, self.inner, self.relu = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
        self.images = nn.BatchNorm2d(3)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(self.images(images))
        features = self.norm(features) + self.norm(features) + self.other(features)
        self.idle(self.inner(features))
        return self.head(torch.nn.functional.relu(self.inner(self.relu(features))))


def test_without_running_the_module_it_is_the_same(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = Twice().double()
    traced = zen(network, batch)
    monkeypatch.setattr(_maps.Maps, "of", lambda module, images: _maps.Maps(module))
    assert traced.status == "ok"
    assert traced.value == pytest.approx(zen(network, batch).value, rel=1e-9)
    monkeypatch.undo()
    assert traced.value == pytest.approx(np.mean([one_draw(network, draw, 8) for draw in range(4)]), rel=1e-9)


@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_networks_of_the_spaces_are_not_run_as_modules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    space = spaces.load(name)
    fidelity = families.fidelities(space)[-1]
    network = networks.build_supernet(space, fidelity, seed=0, classes=5).double()
    images = noise.open(5, 32).batch(0, 0, 4).images.double()
    found = []
    for maps in (_maps.Maps.of(network, images), _maps.Maps(network)):
        scales: list[Tensor] = []
        features, logits = maps.run(
            dict(network.named_parameters()), images, lambda *moments, to=scales: to.append(moments[1].mean())
        )
        found.append((type(maps), features, logits, torch.stack(scales).log().sum()))
    (first, *values), (second, *expected) = found
    assert first is not second
    for value, other in zip(values, expected, strict=True):
        torch.testing.assert_close(value, other, rtol=1e-9, atol=1e-9)


def test_modules_with_hooks_are_run(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    value = zen(network, batch).value
    network.stem.register_forward_hook(lambda *_: None)
    with pytest.raises(graphs.Untraceable):
        graphs.trace(network, graphs.Nodes(batch.images))
    assert zen(network, batch).value == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_constant_that_a_batch_norm_takes_out_is_no_scale(batch: Batch, dtype: torch.dtype) -> None:
    class Constant(nn.Module):
        """The batch norm's input is the same number wherever it is."""

        def __init__(self, present: bool) -> None:
            super().__init__()
            self.present = present
            self.stem, self.ones = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
            self.shift = nn.Parameter(torch.full((1, 4, 1, 1), 0.1))
            self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))

        def forward(self, images: Tensor) -> Tensor:
            features = self.stem(images)
            return self.head(features + self.ones(features * 0 + self.shift) if self.present else features)

    torch.manual_seed(0)
    present, absent = (zen(Constant(present).to(dtype), batch) for present in (True, False))
    assert present.value == pytest.approx(absent.value, rel=1e-4)
