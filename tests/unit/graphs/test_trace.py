from __future__ import annotations

import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import graphs, networks, spaces
from harness.graphs import _replay, _trace
from harness.proxies import _kernel
from harness.spaces import without

IMAGES = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))


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
    graph = graphs.trace(network, graphs.Nodes(IMAGES))
    assert [node.function for node in graphs.needed([graph])] == [
        graphs.given,
        F.relu,
        F.conv2d,
        torch.add,
        torch.flatten,
    ]
    assert list(graph.relus.values()) == [2]


def test_networks_that_share_layers_share_nodes() -> None:
    stem, nodes = small()[:3], graphs.Nodes(IMAGES)
    heads = [nn.Sequential(stem, nn.Flatten(), nn.Linear(4 * 64, 5)) for _ in range(2)]
    first, second = (set(graphs.needed([graphs.trace(head, nodes)])) for head in heads)
    assert len(first) == len(second) == 6
    assert len(first & second) == 5


def test_modes_hooks_and_statistics_are_left_alone() -> None:
    network = small().train()
    network[2].eval()
    network[1].running_mean.fill_(0.5)
    modes = [part.training for part in network.modules()]
    graphs.trace(network, graphs.Nodes(IMAGES), training=True)
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
    graph = graphs.trace(network, graphs.Nodes(IMAGES), training)
    with torch.no_grad():
        expected = network.train(training)(IMAGES)
    assert torch.equal(graphs.relu_kernels([graph], IMAGES)[0].logits, expected)


def overwrites_a_view(self: Forward, x: Tensor) -> Tensor:
    part = x.narrow(1, 0, 1)
    return x.add_(x).flatten(1) + part.add_(part).flatten(1).sum()


def catches(self: Forward, x: Tensor) -> Tensor:
    try:
        return torch.tanh(x).flatten(1)
    except Exception:
        return F.relu(x).flatten(1)


def without_gradients(self: Forward, x: Tensor) -> Tensor:
    with torch.no_grad():
        return F.relu(x).flatten(1)


class Reversed(torch.autograd.Function):
    """The identity, whose gradient is turned round."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x

    @staticmethod
    def backward(ctx: object, gradient: Tensor) -> Tensor:
        return -gradient


def updates_and_reads(self: Forward, x: Tensor) -> Tensor:
    mean, variance = self.norm.running_mean, self.norm.running_var
    return F.batch_norm(F.batch_norm(x, mean, variance, training=True), mean, variance).flatten(1)


LAYERS = {"norm": nn.BatchNorm2d(3), "conv": nn.Conv2d(3, 3, 1), "linear": nn.Linear(192, 192)}
UNTRACEABLE: dict[str, Callable[[Forward, Tensor], Tensor]] = {
    "an unknown operation": lambda self, x: torch.tanh(x).flatten(1),
    "a mean over samples": lambda self, x: (x + x.mean()).flatten(1),
    "a mean over channels": lambda self, x: x.mean((1, 2)),
    "a sum that broadcasts": lambda self, x: (x + F.avg_pool2d(x, 8)).flatten(1),
    "a tensor from outside": lambda self, x: (x + torch.ones(6, 3, 8, 8)).flatten(1),
    "a parameter that is added": lambda self, x: self.linear(x.flatten(1)) + self.linear.weight[:6],
    "a weight that is made": lambda self, x: F.conv2d(x, self.conv.weight * 2).flatten(1),
    "a weight made of the images": lambda self, x: F.linear(x.flatten(1), x.flatten(1)),
    "a ReLU of a parameter": lambda self, x: F.relu(self.linear.weight),
    "a parameter that is overwritten": lambda self, x: self.linear(x.flatten(1)) + self.linear.bias.mul_(1),
    "random numbers": lambda self, x: (x + torch.randn(6, 3, 8, 8)).flatten(1),
    "a decision by value": lambda self, x: x.flatten(1) if x.sum() > 0 else x,
    "a value": lambda self, x: (x * float(x[0, 0, 0, 0])).flatten(1),
    "numbers as NumPy's": lambda self, x: (x * float(x.numpy()[0, 0, 0, 0])).flatten(1),
    "whether gradients are needed": lambda self, x: (x * (2 if x.requires_grad else 1)).flatten(1),
    "a product of two": lambda self, x: (x * x).flatten(1),
    "maps and a gate for all of their channels": lambda self, x: (x * x.mean((2, 3))[:, None, None]).flatten(
        1
    ),
    "gates that are overwritten with maps": lambda self, x: F.avg_pool2d(x, 8).mul_(x).flatten(1),
    "gates that are parameters": lambda self, x: (x * self.norm.weight[None, :, None, None]).flatten(1),
    "a number that is added": lambda self, x: (x + 1.0).flatten(1),
    "samples joined": lambda self, x: torch.cat([x, x], 0).flatten(1),
    "samples flattened": lambda self, x: x.flatten(0),
    "samples that change places": lambda self, x: x.reshape(-1, 192),
    "a view that is overwritten": overwrites_a_view,
    "images, not logits": lambda self, x: x,
    "two results": lambda self, x: (x.flatten(1), x.flatten(1)),
    "a constant": lambda self, x: torch.ones(6, 5),
    "a broken forward": lambda self, x: self.missing(x),
    "a convolution of other channels": lambda self, x: self.conv(torch.cat([x, x], 1)).flatten(1),
    "a pooling with indices": lambda self, x: F.max_pool2d(x, 2, return_indices=True)[0].flatten(1),
    "an exception that is caught": catches,
    "no gradients": without_gradients,
    "gradients of its own": lambda self, x: Reversed.apply(x).flatten(1),
    "statistics that were updated": updates_and_reads,
}


@pytest.mark.parametrize("kind", UNTRACEABLE)
def test_what_is_not_known_to_be_sound_is_refused(kind: str) -> None:
    network = Forward(UNTRACEABLE[kind], **LAYERS)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(graphs.Untraceable):
        graphs.trace(network, graphs.Nodes(IMAGES))
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def sum_in_place(self: Forward, x: Tensor) -> Tensor:
    made = self.norm(x)
    first = made
    made += self.conv(F.relu(x))
    return (F.relu(first) + F.relu(made)).flatten(1)


def looks_at_types(self: Forward, x: Tensor) -> Tensor:
    if torch.is_tensor(x) and type(x) is Tensor and isinstance(x, Tensor) and x.is_floating_point():
        x = -1 * self.conv(x)
    return self.norm(x).reshape(x.shape[0], -1)


def looks_at_shapes(self: Forward, x: Tensor) -> Tensor:
    samples, channels, height, width = x.shape
    scaled = 0.5 * x if (len(x), x.ndim, x.size(1), height) == (6, 4, channels, width) else x
    return self.linear(scaled.view(samples, -1))


def overwrites(self: Forward, x: Tensor) -> Tensor:
    x = F.relu(self.conv(x), inplace=True)
    x = F.hardtanh(x.mul_(2.0), 0, 6, True)
    return torch.relu_(F.dropout(self.norm(x), training=self.training)).mean([2, 3])


TRACEABLE = {
    "a sum under two names": sum_in_place,
    "types": looks_at_types,
    "shapes": looks_at_shapes,
    "overwriting": overwrites,
    "the mean of pixels": lambda self, x: torch.mean(self.norm(x), dim=(-1, -2), keepdim=True).flatten(1),
    "poolings": lambda self, x: (
        F.max_pool2d(x, 3, 2, 1, ceil_mode=True) + F.avg_pool2d(x, 3, 2, 1, ceil_mode=True)
    ).flatten(1),
    "a pooling that begins within": lambda self, x: F.max_pool2d(x, 2, 3, 1, ceil_mode=True).flatten(1),
    "a cut": lambda self, x: torch.cat([x.narrow(1, 1, 2), self.conv(x)], dim=-3).flatten(1),
    "ReLUs of all kinds": lambda self, x: (F.relu6(x) + x.relu() + torch.relu(x) + nn.ReLU6()(x)).flatten(1),
}


@pytest.mark.parametrize("kind", TRACEABLE)
def test_a_traced_network_is_the_network(kind: str) -> None:
    network, nodes = Forward(TRACEABLE[kind], **LAYERS).eval(), graphs.Nodes(IMAGES)
    traced = graphs.trace(network, nodes)
    expected = _kernel.watched_kernel(network, IMAGES, False)
    (found,) = graphs.relu_kernels([graphs.lower(traced, nodes)], IMAGES)
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.kernel, expected.kernel)
    assert found.units == expected.units


def test_a_module_with_hooks_is_refused() -> None:
    network = small()
    handle = network[0].register_forward_hook(lambda part, inputs, output: output * 2)
    with pytest.raises(graphs.Untraceable, match="hooks"):
        graphs.trace(network, graphs.Nodes(IMAGES))
    handle.remove()
    handle = nn.modules.module.register_module_forward_hook(lambda part, inputs, output: output * 2)
    try:
        with pytest.raises(graphs.Untraceable, match="hooks"):
            graphs.trace(network, graphs.Nodes(IMAGES))
    finally:
        handle.remove()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_a_scripted_part_is_refused() -> None:
    network = nn.Sequential(torch.jit.script(nn.ReLU()), nn.Flatten())
    with pytest.raises(graphs.Untraceable, match="TorchScript"):
        graphs.trace(network, graphs.Nodes(IMAGES))


def test_another_number_format_is_refused() -> None:
    with pytest.raises(graphs.Untraceable, match="number format"):
        graphs.trace(small().double(), graphs.Nodes(IMAGES))


def test_parts_that_behave_otherwise_in_training_are_seen_in_the_mode_asked_for() -> None:
    network = Forward(lambda self, x: (x * 2.0 if self.training else x).flatten(1))
    found = [
        graphs.trace(network, graphs.Nodes(IMAGES), training).output.inputs[0] for training in (True, False)
    ]
    assert [node.function for node in found] == [torch.mul, graphs.given]
    assert network.training
    with pytest.raises(graphs.Untraceable):
        graphs.trace(nn.Sequential(nn.Dropout(), nn.Flatten()), graphs.Nodes(IMAGES), training=True)


def test_a_convolution_that_is_normalised_and_read_by_others_too_is_folded_soundly() -> None:
    layers = {"conv": nn.Conv2d(3, 4, 3, padding=1), "norm": nn.BatchNorm2d(4).eval(), "relu": nn.ReLU()}

    def forward(self: Forward, images: Tensor) -> Tensor:
        made = self.conv(images)
        return (self.relu(made) + self.relu(self.norm(made))).flatten(1)

    network, images = Forward(forward, **layers).double(), IMAGES.double()
    nodes = graphs.Nodes(images)
    network.norm.running_mean.fill_(0.2)
    (found,) = graphs.relu_kernels([graphs.fold(graphs.trace(network, nodes), nodes)], images)
    with torch.no_grad():
        torch.testing.assert_close(found.logits, network(images))


def seen(graph: graphs.Graph) -> tuple[graphs.Node, dict[graphs.Node, int], dict[graphs.Node, int], bool]:
    return graph.output, dict(graph.relus), dict(graph.blocks), graph.connected


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["nb201", "darts_s5", "nb1shot1_1", "nbmacro"])
def test_a_branch_is_run_once_for_all_masks_and_the_graphs_are_those_of_every_run(
    name: str, training: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "tiny")
    views = [supernet.masked(without(space.full_mask, 0, one)) for one in range(2)]
    nodes = graphs.Nodes(torch.randn(2, 3, 32, 32))
    monkeypatch.setattr(_trace, "split", lambda module, nodes: (list(module.modules()), {}))
    expected = [seen(graphs.trace(view, nodes, training)) for view in views]
    assert not nodes.states
    monkeypatch.undo()
    assert [seen(graphs.trace(view, nodes, training)) for view in views] == expected
    recorded = recordings(nodes)
    assert recorded
    assert [seen(graphs.trace(view, nodes, training)) for view in views] == expected
    assert recordings(nodes) == recorded
    again = graphs.Nodes(torch.randn(2, 3, 32, 32))
    found = [described(graphs.trace(view, again, training)) for view in views]
    assert found == [described(graphs.trace(view, nodes, training)) for view in views]
    assert recordings(again)
    assert set(recordings(again)) <= set(recorded)


def recordings(nodes: graphs.Nodes) -> dict[int, object]:
    """What the parts have done, by ``id``."""
    states = [state for state in nodes.states.values() if state is not None]
    return {id(each): each for state in states for each in state.recorded.values()}


def described(graph: graphs.Graph) -> list[tuple[object, ...]]:
    """The graph, with its nodes' places in the place of these."""
    order = graphs.needed([graph])
    places = {node: place for place, node in enumerate(order)}
    nodes: list[tuple[object, ...]] = []
    for node in order:
        operands = graphs.replaced(node.operands, places)
        named = [id(each) if isinstance(each, Tensor) else each for each in operands]
        nodes.append((node.function, named, node.dim))
    counted = [
        sorted((places[node], calls) for node, calls in each.items()) for each in (graph.relus, graph.blocks)
    ]
    return [*nodes, (places[graph.output], *counted, graph.connected, graph.together)]


class Branch(nn.Sequential):
    """Called as a whole by a network of this package."""


class Whole(nn.Module):
    """A network that calls its branch as a whole."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, images: Tensor) -> Tensor:
        return self.branch(images).flatten(1)


Branch.__module__ = Whole.__module__ = "harness.networks.whole"


def exchange(convolution: nn.Conv2d, norm: nn.BatchNorm2d, branch: Branch) -> None:
    branch[1] = nn.Identity()


CHANGES: dict[str, Callable[[nn.Conv2d, nn.BatchNorm2d, Branch], object]] = {
    "a weight": lambda convolution, norm, branch: setattr(
        convolution, "weight", nn.Parameter(torch.ones(3, 3, 1, 1))
    ),
    "a weight's shape": lambda convolution, norm, branch: setattr(
        convolution.weight, "data", torch.ones(5, 3, 1, 1)
    ),
    "a number format": lambda convolution, norm, branch: convolution.double(),
    "a setting": lambda convolution, norm, branch: setattr(convolution, "stride", (2, 2)),
    "statistics that are gone": lambda convolution, norm, branch: norm.__init__(
        3, affine=False, track_running_stats=False
    ),
    "a buffer": lambda convolution, norm, branch: setattr(norm, "running_var", torch.ones(3)),
    "another layer": exchange,
    "a layer more": lambda convolution, norm, branch: branch.append(nn.AvgPool2d(2)),
    "a hook": lambda convolution, norm, branch: convolution.register_forward_hook(
        lambda part, inputs, output: output * 2.0
    ),
    "a forward of its own": lambda convolution, norm, branch: setattr(
        convolution, "forward", lambda images: images * 2.0
    ),
    "a class": lambda convolution, norm, branch: setattr(convolution, "__class__", nn.Identity),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_part_that_has_changed_is_run_again(change: str) -> None:
    """Also by another trace, among other nodes."""

    def outcome(network: nn.Module) -> object:
        try:
            return described(graphs.trace(network, graphs.Nodes(IMAGES)))
        except graphs.Untraceable as refusal:
            return str(refusal)

    convolution, norm = nn.Conv2d(3, 3, 1, bias=False), nn.BatchNorm2d(3, affine=False)
    network = Whole(Branch(convolution, nn.ReLU(), norm))
    before = outcome(network)
    assert outcome(network) == before
    state = _replay._STATES[network.branch]
    CHANGES[change](convolution, norm, network.branch)
    assert outcome(network) == outcome(Whole(Branch(*network.branch)))
    assert outcome(network) != before or _replay._STATES[network.branch] is not state


def test_what_a_part_did_goes_with_it() -> None:
    network = Whole(Branch(nn.Conv2d(3, 3, 1), nn.ReLU()))
    weight = weakref.ref(network.branch[0].weight)
    graphs.trace(network, graphs.Nodes(IMAGES))
    assert _replay._STATES[network.branch].recorded
    del network
    assert weight() is None


def test_of_what_a_part_did_the_last_is_kept() -> None:
    branch = Branch(nn.ReLU())
    for size in range(1, 40):
        graphs.trace(Whole(branch), graphs.Nodes(torch.ones(1, 1, size, 1)))
    assert len(_replay._STATES[branch].recorded) == _replay.MOST_RECORDINGS


def test_layers_of_a_sequence_that_are_called_one_by_one_are_in_the_mode_asked_for() -> None:
    def one_by_one(self: Forward, images: Tensor) -> Tensor:
        for layer in self.layers:
            images = layer(images)
        return images

    network = Forward(one_by_one, layers=small()).train()
    graph = graphs.trace(network, graphs.Nodes(IMAGES))
    (normalisation,) = (node for node in graphs.needed([graph]) if node.function is F.batch_norm)
    assert normalisation.operands[5] is False
