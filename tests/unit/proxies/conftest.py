"""Small networks of every kind the proxies must understand, and a batch for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from harness.inputs import Batch, noise

CLASSES = 5


def block(inputs: int, outputs: int, **settings: object) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False, **settings), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def head(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.inner, self.head = block(3, 6), block(6, 6), head(6)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        return self.head(features + self.inner(features))


class Reused(nn.Module):
    """One ReLU called three times, twice on the same tensor; one convolution called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.convolution, self.relu = nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()
        self.head = head(6)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images)
        left = self.convolution(self.relu(features))
        right = self.convolution(self.relu(features) * 2)
        return self.head(self.relu(right - left))


class InPlace(nn.Module):
    """The first thing that runs is an in-place ReLU on the images; later ones overwrite sums."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm, self.inner = (
            nn.Conv2d(3, 6, 1),
            nn.BatchNorm2d(6),
            nn.Conv2d(6, 6, 3, padding=1),
        )
        self.relu, self.head = nn.ReLU(inplace=True), head(6)

    def forward(self, images: Tensor) -> Tensor:
        features = self.relu(self.norm(self.stem(self.relu(images))))
        inner = self.inner(features)
        inner += features
        return self.head(self.relu(inner))


class Unused(nn.Module):
    """A part that never runs gets no gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.live, self.dead, self.head = block(3, 6), block(3, 6), head(6)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.live(images))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.second = block(3, 4), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
        self.second.weight = self.first.weight
        self.head = head(4)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.second(torch.tanh(self.first(self.stem(images)))))


class Disconnected(nn.Module):
    """The images are multiplied by zero; what follows still computes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.inner, self.head = block(3, 6), nn.Sequential(nn.Conv2d(6, 6, 1), nn.ReLU()), head(6)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.inner(self.stem(images) * 0))


class Severed(nn.Module):
    """No graph at all leads from the images to the logits."""

    def __init__(self) -> None:
        super().__init__()
        self.relu, self.head = nn.ReLU(), nn.Linear(4, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(images.new_ones(len(images), 4)))


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "plain": lambda: nn.Sequential(block(3, 6), nn.MaxPool2d(2), block(6, 8, stride=2), head(8)),
    "residual": Residual,
    "no batch norm": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 6, 3), nn.ReLU(), head(6)
    ),
    "depthwise": lambda: nn.Sequential(block(3, 6), block(6, 6, groups=6), block(6, 8, groups=2), head(8)),
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(192, 40), nn.ReLU(), nn.Linear(40, CLASSES)),
    "relu6": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU6(inplace=True), head(6)),
    "no running statistics": lambda: nn.Sequential(
        nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, affine=False, track_running_stats=False), nn.ReLU(), head(6)
    ),
    "reused": Reused,
    "in place": InPlace,
    "unused": Unused,
    "tied": Tied,
}


def build(name: str, dtype: torch.dtype = torch.float64) -> nn.Module:
    """A network with its own weights and, in batch norm, running statistics unlike those of any batch."""
    kinds = {**NETWORKS, "disconnected": Disconnected, "severed": Severed}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = kinds[name]()
        for part in network.modules():
            if isinstance(part, nn.BatchNorm2d) and part.running_mean is not None:
                part.running_mean.uniform_(-0.2, 0.2)
                part.running_var.uniform_(0.5, 2)
    return network.to(dtype)


@pytest.fixture(params=sorted(NETWORKS))
def network(request: pytest.FixtureRequest) -> nn.Module:
    """Each of the connected networks in double precision."""
    return build(request.param)


@pytest.fixture
def build_network() -> Callable[..., nn.Module]:
    return build


@pytest.fixture
def batch() -> Batch:
    return noise.open(CLASSES, 8).batch(seed=0, step=0, size=6)


@pytest.fixture
def batch_of() -> Callable[[int], Batch]:
    return lambda size: noise.open(CLASSES, 8).batch(seed=0, step=0, size=size)
