from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import families, networks, proxies, spaces
from harness.inputs import Batch, noise
from harness.proxies import _calls, _curvature


def head(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 5))


class Tied(nn.Module):
    """One weight in two layers and one layer called twice, one sum of three and a batch norm of a sum.

    Large eps, so that a layer's scale matters behind its batch norm too.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second = (nn.Conv2d(n, 4, 3, padding=1) for n in (3, 4, 4))
        self.second.weight = self.first.weight
        self.norm, self.other, self.relu = nn.BatchNorm2d(4, eps=0.3), nn.BatchNorm2d(4, eps=0.1), nn.ReLU()
        self.head = head(4)

    def forward(self, images: Tensor) -> Tensor:
        features = self.relu(self.norm(self.stem(images)))
        left = self.other(self.second(self.relu(self.other(self.first(features)))))
        return self.head(self.norm(left + features + self.first(features) * 0.5))


class Pooled(nn.Module):
    """Every pooling, ReLU6, channels cut and put together, a branch of zeros, vectors with a batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.stem = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.after = nn.BatchNorm2d(6, eps=0.2)
        self.average, self.smaller = nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.AvgPool2d(2)
        self.largest = nn.MaxPool2d(3, 1, 1)
        self.deep = nn.Conv2d(10, 6, 3, groups=2, bias=False)
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(24, 6, bias=False), nn.BatchNorm1d(6, eps=0.1))
        self.last = nn.Linear(6, 5)

    def forward(self, images: Tensor) -> Tensor:
        features = F.relu6(self.after(self.stem(self.norm(images))) * 4)
        both = torch.narrow(torch.cat([self.largest(features), self.average(features)], 1), 1, 1, 10)
        deep = self.deep(self.smaller(both))
        return self.last(F.relu(self.head(deep + torch.zeros_like(deep))))


class Gated(nn.Module):
    """Swish, hard swish, and maps times gates of either kind; some numbers lie beyond the bends."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 6, 3, bias=False), nn.BatchNorm2d(6, eps=0.2)
        self.deep, self.after = nn.Conv2d(6, 6, 3, groups=6, bias=False), nn.BatchNorm2d(6, eps=0.1)
        self.squeeze, self.excite, self.hard = nn.Conv2d(6, 2, 1), nn.Conv2d(2, 6, 1), nn.Hardsigmoid()
        self.swish, self.hard_swish, self.head = nn.SiLU(), nn.Hardswish(), head(6)

    def forward(self, images: Tensor) -> Tensor:
        maps = self.swish(self.norm(self.stem(images)))
        means = self.excite(self.swish(self.squeeze(maps.mean((2, 3), keepdim=True))))
        maps = self.hard_swish(self.after(self.deep(maps * torch.sigmoid(means))) * 3)
        return self.head(self.hard(self.excite(self.squeeze(maps.mean((2, 3), keepdim=True))) * 9) * maps)


class Read(nn.Module):
    """Batch norms of what others read too, without weights and of maps without gradients; a ReLU in place."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.deep = nn.Conv2d(3, 6, 3, bias=False), nn.Conv2d(6, 6, 1)
        self.norm, self.bare = nn.BatchNorm2d(6, eps=0.2), nn.BatchNorm2d(6, eps=0.1, affine=False)
        self.head, self.last = head(6), nn.BatchNorm1d(5, eps=0.3)

    def forward(self, images: Tensor) -> Tensor:
        stem = self.stem(images)
        maps = F.relu(self.norm(stem)) + self.bare(self.deep(stem))
        with torch.no_grad():
            still = self.bare(maps)
        logits = self.head(F.relu_(maps + self.bare(maps)) + self.deep(still))
        self.seen = self.last(logits)
        return logits


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "tied": Tied,
    "pooled": Pooled,
    "gated": Gated,
    "read": Read,
    "two in a row": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.Conv2d(6, 6, 3, bias=False), head(6)),
    "frozen in part": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3).requires_grad_(False), nn.BatchNorm2d(6, affine=False), nn.ReLU(), head(6)
    ),
}


def made(kind: str, dtype: torch.dtype) -> nn.Module:
    """With affine batch norms unlike the ones that networks start with."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        network = NETWORKS[kind]()
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d) and part.affine:
                part.weight.data.uniform_(-1.5, 1.5)
                part.bias.data.uniform_(-0.5, 0.5)
    return network.to(dtype)


def by_double_backward(network: nn.Module, batch: Batch) -> float:
    """-W^T H g of an ordinary training step."""
    network = copy.deepcopy(network).train().requires_grad_()
    for part in network.modules():
        if isinstance(part, nn.Hardsigmoid):  # of which torch has no second derivative
            part.forward = lambda x: F.hardtanh(x / 6 + 0.5, 0, 1)
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    weights = list({id(layer.weight): layer.weight for layer in layers}.values())
    loss = F.cross_entropy(network(batch.images.to(weights[0].dtype)), batch.targets)
    first = torch.autograd.grad(loss, weights, create_graph=True, allow_unused=True)
    pairs = [(weight, step) for weight, step in zip(weights, first, strict=True) if step is not None]
    along = sum((step * step.detach()).sum() for _, step in pairs)
    second = torch.autograd.grad(along, [weight for weight, _ in pairs])
    return -sum(
        float((weight.detach() * curved).sum()) for (weight, _), curved in zip(pairs, second, strict=True)
    )


@pytest.fixture
def no_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(passes: object) -> float:
        raise AssertionError("differentiated twice")

    monkeypatch.setattr(_curvature, "_differentiated_twice", refuse)


COMMON = (
    "plain", "residual", "no batch norm", "depthwise", "linear", "no running statistics", "unused", "relu6",
    "in place",
)  # fmt: skip
PRECISION = [(torch.float64, 1e-9), (torch.float32, 1e-5)]


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(("dtype", "precision"), PRECISION)
@pytest.mark.parametrize("kind", sorted(NETWORKS))
def test_one_pass_of_derivatives_is_two_backward_passes(
    batch: Batch, kind: str, dtype: torch.dtype, precision: float
) -> None:
    network = made(kind, dtype)
    measured = proxies.measure(network, batch, ["grasp"], seed=0)["grasp"]
    exact = by_double_backward(made(kind, torch.float64), batch)
    assert measured.status == "ok", measured.reason
    if kind == "gated":
        precision = max(precision, 1e-7)  # torch's gradient of a hard sigmoid is 1/6 in single precision
    assert measured.value == pytest.approx(exact, rel=precision)


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize(("dtype", "precision"), PRECISION)
@pytest.mark.parametrize("kind", COMMON)
def test_common_networks_need_no_second_backward_pass(
    build_network: Callable, batch: Batch, kind: str, dtype: torch.dtype, precision: float
) -> None:
    measured = proxies.measure(build_network(kind, dtype), batch, ["grasp"], seed=0)["grasp"]
    exact = by_double_backward(build_network(kind), batch)
    if kind == "gated":
        precision = max(precision, 1e-7)  # torch's gradient of a hard sigmoid is 1/6 in single precision
    assert measured.value == pytest.approx(exact, rel=precision)


@pytest.mark.usefixtures("no_fallback")
@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_the_networks_of_the_spaces(name: str) -> None:
    space = spaces.load(name)
    fidelity = families.fidelities(space)[-1]
    supernet = networks.build_supernet(space, fidelity, seed=0, classes=5).double()
    batch = noise.open(5, 32).batch(0, 0, 4)
    measured = proxies.measure(supernet, batch, ["grasp"], seed=0)["grasp"]
    assert measured.value == pytest.approx(by_double_backward(supernet, batch), rel=1e-9)


@pytest.mark.parametrize(
    ("kind", "dtype", "precision"), [("tied", torch.float64, 1e-9), ("residual", torch.bfloat16, 0.2)]
)
def test_what_is_not_known_and_few_bits_are_differentiated_twice(
    build_network: Callable,
    batch: Batch,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    dtype: torch.dtype,
    precision: float,
) -> None:
    network, twice = build_network(kind, dtype), []
    original = _curvature._differentiated_twice
    monkeypatch.setattr(_curvature, "_differentiated_twice", lambda *a: twice.append(a) or original(*a))
    measured = proxies.measure(network, batch, ["grasp"], seed=0)["grasp"]
    assert measured.value == pytest.approx(by_double_backward(network.double(), batch), rel=precision)
    assert len(twice) == 1


def test_a_pass_that_cannot_be_written_down_is_none_the_worse(
    build_network: Callable, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, names = build_network("residual"), ["grasp", "fisher", "nwot"]
    expected = proxies.measure(network, batch, names, seed=0)

    def fail(tensor: Tensor) -> None:
        raise RuntimeError("no edge")

    monkeypatch.setattr(_calls, "get_gradient_edge", fail)
    measured = proxies.measure(network, batch, names, seed=0)
    for name in names:
        assert measured[name].value == pytest.approx(expected[name].value, rel=1e-9), measured[name]


def test_both_ways_agree_where_hooks_decide(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    without = proxies.measure(network, batch, ["grasp"], seed=0)["grasp"].value
    network.stem.register_forward_hook(lambda *_: None)
    assert proxies.measure(network, batch, ["grasp"], seed=0)["grasp"].value == pytest.approx(
        without, rel=1e-9
    )
