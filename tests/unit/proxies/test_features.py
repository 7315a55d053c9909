"""Blocks and last feature maps of all kinds of networks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness import networks, spaces
from harness.inputs import Batch
from harness.proxies import _features
from harness.proxies._modules import parameters_of
from tests.unit.proxies.az_blocks import handed_on


def seen(function: Callable, network: nn.Module, images: Tensor) -> tuple:
    return function(network, parameters_of(network), images)


def hooks_of(network: nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in network.modules())


def inputs_and_outputs(network: nn.Module, images: Tensor, watched: list[nn.Module]) -> list[tuple]:
    """(input, output) of each of the ``watched`` modules, in training mode."""
    found: dict[nn.Module, tuple] = {}
    handles = [
        part.register_forward_hook(lambda part, inputs, output: found.update({part: (inputs[0], output)}))
        for part in watched
    ]
    network.train()(images)
    for handle in handles:
        handle.remove()
    return [found[part] for part in watched]


def close(left: list[Tensor], right: list[Tensor]) -> bool:
    pairs = zip(left, right, strict=True)
    return all(one.shape == other.shape and torch.allclose(one, other, rtol=1e-4) for one, other in pairs)


def test_the_small_networks_blocks(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    kind = request.node.callspec.params["network"]
    images = batch.images.double()
    features, logits = seen(_features.block_features, network, images)
    if kind == "reused":
        del features[1]  # stands beside the first
    assert close(features, handed_on(kind, network, images))
    assert torch.allclose(logits, network.train()(images.clone()))
    assert hooks_of(network) == 0


FAMILIES = {
    "nb201": "|nor_conv_3x3~0|+|none~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|",
    "nb201 identity": "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    "nbmacro": "10012021",
    "nb1shot1_1": None,
}


@pytest.mark.parametrize("case", FAMILIES)
@pytest.mark.parametrize("kind", ["network", "view"])
def test_the_families_blocks_are_the_stem_and_every_cell_or_layer(case: str, kind: str) -> None:
    space = spaces.load(case.split()[0])
    arch = space.parse(FAMILIES[case]) if FAMILIES[case] else space.listing()[500]
    if kind == "network":
        network = networks.build(space, arch, "tiny")
    else:
        network = networks.build_supernet(space, "tiny").masked(space.mask_of(arch))
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    blocks = [part for part in network.body if not isinstance(part, nn.Identity | nn.MaxPool2d)]
    assert len(blocks) == {"nb201": 5, "nbmacro": 7, "nb1shot1_1": 3}[space.name]
    inputs = [one[0] for one in inputs_and_outputs(network, images, [*blocks, network.head])]
    features, _ = seen(_features.block_features, network, images)
    assert close(features, inputs)
    assert hooks_of(network) == 0


@pytest.mark.parametrize("space_name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_the_last_map_is_what_the_global_pooling_takes(space_name: str) -> None:
    space = spaces.load(space_name)
    network = networks.build(space, space.listing()[-1], "tiny")
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    pooling = next(part for part in network.modules() if isinstance(part, nn.AdaptiveAvgPool2d))
    ((expected, _),) = inputs_and_outputs(network, images, [pooling])
    features, _ = seen(_features.last_map, network, images)
    assert close([features], [expected])
    assert hooks_of(network) == 0


class Summed(nn.Module):
    """The last map is a sum that only the pooling sees; the classifier is called as a function of it."""

    def __init__(self, pooling: nn.Module) -> None:
        super().__init__()
        self.stem, self.inner = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)
        self.pooling, self.classifier = pooling, nn.Linear(4, 5)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        return self.classifier(self.pooling(features + self.inner(features)).flatten(1))


@pytest.mark.parametrize("pooling", [nn.AdaptiveAvgPool2d(1), nn.AvgPool2d(8), nn.AdaptiveMaxPool2d(1)])
def test_a_map_that_only_the_pooling_sees(pooling: nn.Module, batch: Batch) -> None:
    network = Summed(pooling)
    first = network.stem(batch.images)
    expected = first + network.inner(first)
    features, _ = seen(_features.last_map, network, batch.images)
    assert close([features], [expected])
    assert close(seen(_features.block_features, network, batch.images)[0], [first, expected])


def test_vectors_and_images_are_no_last_map(batch: Batch) -> None:
    network = nn.Sequential(nn.Identity(), nn.ReLU(), nn.Flatten(), nn.Linear(192, 5))
    assert seen(_features.last_map, network[:1].append(network[2:]), batch.images)[0] is None


class Stage(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layer(features)


def test_stages_of_blocks_are_opened_and_wrappers_looked_through(batch: Batch) -> None:
    deep = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)),
        nn.Sequential(Stage(), Stage()),
        nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 1), nn.ReLU(inplace=True)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 5),
        nn.Dropout(0.0),
    )
    stem = deep[0](batch.images)
    first = deep[1][0](stem)
    second = deep[1][1](first)
    expected = [stem, first, second, third := deep[2][:2](second), deep[2][2:](third)]
    for network in (deep, nn.Sequential(nn.Identity(), deep), nn.Sequential(nn.Sequential(deep))):
        assert close(seen(_features.block_features, network, batch.images)[0], expected)


@pytest.mark.parametrize("inplace", [False, True])
def test_a_relu_in_front_of_a_layer_belongs_to_its_block(batch: Batch, inplace: bool) -> None:
    stem, inner = nn.Conv2d(3, 4, 1), nn.Sequential(nn.ReLU(inplace), nn.Conv2d(4, 4, 1))
    network = nn.Sequential(stem, inner, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))
    first = stem(batch.images)
    expected = [first, inner(first.clone())]
    assert bool((first < 0).any())
    assert close(seen(_features.block_features, network, batch.images)[0], expected)


def test_vectors_behind_the_last_map_are_blocks_too(batch: Batch) -> None:
    stem, hidden = nn.Conv2d(3, 4, 1), nn.Sequential(nn.Flatten(), nn.Linear(256, 6), nn.ReLU())
    network = nn.Sequential(stem, hidden, nn.Linear(6, 5))
    first = stem(batch.images)
    expected = [first, hidden(first)]
    assert close(seen(_features.block_features, network, batch.images)[0], expected)


def test_features_that_are_overwritten_are_told(batch: Batch) -> None:
    class Overwriting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.inner, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.Linear(4, 5)

        def forward(self, images: Tensor) -> Tensor:
            features = self.stem(images)
            features += self.inner(features)
            return self.head(features.mean((2, 3)))

    with pytest.raises(ValueError, match="overwritten in place"):
        seen(_features.block_features, Overwriting(), batch.images)


def test_hooks_are_removed_from_a_network_that_breaks(batch: Batch) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(5, 4, 1), nn.Flatten(), nn.Linear(256, 5))
    for function in (_features.last_map, _features.block_features):
        with pytest.raises(RuntimeError):
            seen(function, network, batch.images)
        assert hooks_of(network) == 0
