from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs


class Forward(nn.Module):
    """A module with a few layers whose forward is given."""

    def __init__(self, forward: Callable[[Forward, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        self._function = forward
        for name, layer in layers.items():
            setattr(self, name, layer)

    def forward(self, images: Tensor) -> Tensor:
        return self._function(self, images)


def small(**settings: object) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.BatchNorm2d(4, **settings),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 5),
    )


def test_equal_operations_are_one_node() -> None:
    relu, convolution = nn.ReLU(), nn.Conv2d(3, 3, 1)
    network = Forward(
        lambda self, x: (self.convolution(self.relu(x)) + self.convolution(self.relu(x))).flatten(1),
        relu=relu,
        convolution=convolution,
    )
    graph = graphs.trace(network, graphs.Table())
    assert [node.function for node in graphs.needed([graph])] == [
        None,
        F.relu,
        F.conv2d,
        torch.add,
        torch.flatten,
    ]
    assert list(graph.relus.values()) == [2]


def test_networks_that_share_layers_share_nodes() -> None:
    stem, table = small()[:3], graphs.Table()
    heads = [nn.Sequential(stem, nn.Flatten(), nn.Linear(4 * 64, 5)) for _ in range(2)]
    first, second = (set(graphs.needed([graphs.trace(head, table)])) for head in heads)
    assert len(first) == len(second) == 6
    assert len(first & second) == 5


def test_modes_hooks_and_statistics_are_left_alone() -> None:
    network = small().train()
    network[2].eval()
    network[1].running_mean.fill_(0.5)
    modes = [part.training for part in network.modules()]
    graphs.trace(network, graphs.Table(), training=True)
    assert [part.training for part in network.modules()] == modes
    assert not any(part._forward_hooks for part in network.modules())
    assert network[1].running_mean.tolist() == [0.5] * 4
    assert network[1].num_batches_tracked == 0


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("settings", [{}, {"affine": False}, {"track_running_stats": False}])
def test_the_mode_is_the_one_asked_for(training: bool, settings: dict[str, bool]) -> None:
    network = small(**settings)
    if "track_running_stats" not in settings:
        network[1].running_mean.fill_(0.3)
    images = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    graph = graphs.trace(network, graphs.Table(), training)
    with torch.no_grad():
        expected = network.train(training)(images)
    assert torch.equal(graphs.relu_kernels([graph], images)[0].logits, expected)


UNTRACEABLE: dict[str, Callable[[Forward, Tensor], Tensor]] = {
    "an unknown operation": lambda self, x: torch.tanh(x).flatten(1),
    "a mean over samples": lambda self, x: (x + x.mean()).flatten(1),
    "a ReLU that overwrites": lambda self, x: F.relu(x, inplace=True).flatten(1),
    "a tensor from outside": lambda self, x: (x + torch.ones(1)).flatten(1),
    "random numbers": lambda self, x: (x + torch.randn(6, 3, 8, 8)).flatten(1),
    "a decision by value": lambda self, x: x.flatten(1) if x else x,
    "a product of symbols": lambda self, x: (x * x).flatten(1),
    "a number that is added": lambda self, x: (x + 1.0).flatten(1),
    "samples joined": lambda self, x: torch.cat([x, x], 0).flatten(1),
    "samples flattened": lambda self, x: x.flatten(0),
    "images, not logits": lambda self, x: x,
    "two results": lambda self, x: (x.flatten(1), x.flatten(1)),
    "a constant": lambda self, x: torch.ones(6, 5),
    "a broken forward": lambda self, x: self.missing(x),
    "the shape": lambda self, x: x.reshape(x.shape[0], -1),
    "a pooling with indices": lambda self, x: F.max_pool2d(x, 2, return_indices=True)[0].flatten(1),
}


@pytest.mark.parametrize("kind", UNTRACEABLE)
def test_what_is_not_known_to_be_sound_is_refused(kind: str) -> None:
    with pytest.raises(graphs.Untraceable):
        graphs.trace(Forward(UNTRACEABLE[kind]), graphs.Table())


def test_a_module_with_hooks_of_its_own_is_refused() -> None:
    network = small()
    network[0].register_forward_hook(lambda part, inputs, output: output * 2)
    with pytest.raises(graphs.Untraceable, match="hooks"):
        graphs.trace(network, graphs.Table())


def test_a_relu_that_does_something_else_is_refused() -> None:
    class Leaky(nn.ReLU):
        def forward(self, images: Tensor) -> Tensor:
            return images + F.relu(images)

    with pytest.raises(graphs.Untraceable, match="something else than its ReLU"):
        graphs.trace(nn.Sequential(Leaky(), nn.Flatten()), graphs.Table())


def test_parts_that_behave_otherwise_in_training_are_seen_in_the_mode_asked_for() -> None:
    network = Forward(lambda self, x: (x * 2.0 if self.training else x).flatten(1))
    found = [graphs.trace(network, graphs.Table(), training).output.inputs[0] for training in (True, False)]
    assert [node.function for node in found] == [torch.mul, None]
    assert network.training
    with pytest.raises(graphs.Untraceable):
        graphs.trace(nn.Sequential(nn.Dropout(), nn.Flatten()), graphs.Table(), training=True)


def test_a_convolution_that_is_normalised_and_read_by_others_too_is_folded_soundly() -> None:
    layers = {"conv": nn.Conv2d(3, 4, 3, padding=1), "norm": nn.BatchNorm2d(4).eval(), "relu": nn.ReLU()}

    def forward(self: Forward, images: Tensor) -> Tensor:
        made = self.conv(images)
        return (self.relu(made) + self.relu(self.norm(made))).flatten(1)

    network, table = Forward(forward, **layers).double(), graphs.Table()
    network.norm.running_mean.fill_(0.2)
    images = torch.randn(5, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    (found,) = graphs.relu_kernels([graphs.fold(graphs.trace(network, table), table)], images)
    with torch.no_grad():
        torch.testing.assert_close(found.logits, network(images))
