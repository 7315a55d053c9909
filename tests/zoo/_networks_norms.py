"""Normalisations of every kind, weights that are computed, ReLUs in every form, gates."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations, parametrize

from tests.zoo._parts import CLASSES, WIDTH, block, classifier, conv, head, module, number

NORM, RELU = nn.BatchNorm2d, nn.ReLU


class Standardised(nn.Conv2d):
    """A convolution whose weight is standardised each time it runs, as beside group normalisation."""

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight - self.weight.mean((1, 2, 3), keepdim=True)
        weight = weight / (weight.std((1, 2, 3), keepdim=True) + 1e-5)
        return self._conv_forward(x, weight, self.bias)


class Positive(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight.abs()


def parametrized() -> nn.Module:
    inner = conv()
    parametrize.register_parametrization(inner, "weight", Positive())
    return head(NORM(WIDTH), RELU(), inner, RELU())


def old_norm(function: Callable[[nn.Module], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return head(NORM(WIDTH), RELU(), function(conv()), RELU())


def functional_norm() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return F.relu(F.batch_norm(x, self.mean, self.var, self.scale, None, self.training, 0.2))

    parts = {"mean": nn.Buffer(torch.zeros(WIDTH)), "var": nn.Buffer(torch.full((WIDTH,), 1.5))}
    return head(module(forward, **parts, scale=nn.Parameter(torch.rand(WIDTH) + 0.5)), conv(), nn.ReLU())


def layer_norm() -> nn.Module:
    return head(nn.LayerNorm([WIDTH, 8, 8]), RELU(), conv(), RELU())


NORMS: dict[str, Callable[[], nn.Module]] = {
    "batch norm without scales": lambda: head(nn.BatchNorm2d(WIDTH, affine=False), RELU(), conv(), RELU()),
    "batch norm without statistics": lambda: head(
        nn.BatchNorm2d(WIDTH, track_running_stats=False), RELU(), conv(), RELU()
    ),
    "batch norm without momentum": lambda: head(nn.BatchNorm2d(WIDTH, momentum=None), RELU(), conv(), RELU()),
    "batch norm by function": functional_norm,
    "group norm": lambda: head(nn.GroupNorm(3, WIDTH), RELU(), conv(), nn.GroupNorm(1, WIDTH), RELU()),
    "instance norm": lambda: head(
        nn.InstanceNorm2d(WIDTH, affine=True),
        RELU(),
        conv(),
        nn.InstanceNorm2d(WIDTH, track_running_stats=True),
        RELU(),
    ),
    "layer norm": layer_norm,
    "local response norm": lambda: head(RELU(), nn.LocalResponseNorm(3), conv(), RELU()),
    "standardised weights": lambda: head(
        nn.GroupNorm(2, WIDTH), RELU(), Standardised(WIDTH, WIDTH, 3, padding=1), RELU()
    ),
    "parametrized weight": parametrized,
    "spectral norm": lambda: head(NORM(WIDTH), RELU(), parametrizations.spectral_norm(conv()), RELU()),
    "weight norm": lambda: head(NORM(WIDTH), RELU(), parametrizations.weight_norm(conv()), RELU()),
    "spectral norm, old form": lambda: old_norm(nn.utils.spectral_norm),
    "weight norm, old form": lambda: old_norm(nn.utils.weight_norm),
}


def functional(name: str, relu: Callable[[Tensor], Tensor]) -> nn.Module:
    """Normalised features through a ReLU that is a function, twice."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return relu(self.conv(relu(self.norm(x))) * 3)

    forward.__name__ = name
    return head(module(forward, norm=NORM(WIDTH), conv=conv()))


def mixed_relus() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = self.relu(self.norm(x))
        x = F.relu(self.conv(x) * 2) + torch.relu(x - 1)
        return F.relu6(self.six(x * 4) - 1)

    return head(module(forward, norm=NORM(WIDTH), relu=nn.ReLU(), conv=conv(), six=nn.ReLU6()))


def relu_of_parameter() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return torch.relu(x) * torch.relu(self.scale)

    return head(module(forward, scale=nn.Parameter(torch.randn(WIDTH, 1, 1) + 1)))


def relu_of_means() -> nn.Module:
    """A ReLU of one number per image."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x + F.relu(x.mean((1, 2, 3)) - 0.01)[:, None, None, None]

    return head(NORM(WIDTH), nn.ReLU(), conv(), module(forward), nn.ReLU())


RELUS: dict[str, Callable[[], nn.Module]] = {
    "F.relu": lambda: functional("f_relu", F.relu),
    "F.relu in place": lambda: functional("f_relu_in_place", lambda x: F.relu(x, inplace=True)),
    "torch.relu": lambda: functional("torch_relu", torch.relu),
    "torch.relu_": lambda: functional("torch_relu_in_place", torch.relu_),
    "Tensor.relu": lambda: functional("tensor_relu", lambda x: x.relu()),
    "Tensor.relu_": lambda: functional("tensor_relu_in_place", lambda x: x.relu_()),
    "F.relu6": lambda: functional("f_relu6", lambda x: F.relu6(4 * x)),
    "F.hardtanh from 0": lambda: functional("f_hardtanh", lambda x: F.hardtanh(2 * x, 0.0, 1.0)),
    "ReLU6": lambda: head(NORM(WIDTH), nn.ReLU6(inplace=True), conv(), nn.ReLU6()),
    "Hardtanh from 0": lambda: head(
        NORM(WIDTH), nn.Hardtanh(0, 1), conv(), nn.Hardtanh(0, 0.3, inplace=True)
    ),
    "Hardtanh from -1": lambda: head(NORM(WIDTH), nn.Hardtanh(), conv(), nn.ReLU()),
    "modules in place": lambda: head(
        NORM(WIDTH), nn.ReLU(inplace=True), conv(), NORM(WIDTH), nn.ReLU(inplace=True)
    ),
    "modules and functions": mixed_relus,
    "ReLU of a parameter": relu_of_parameter,
    "ReLU of one number per image": relu_of_means,
}


def gate(units: int, pooled: nn.Module | None = None) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.rise(self.relu(self.drop(self.pool(x)))))

    return module(
        forward,
        pool=pooled or nn.AdaptiveAvgPool2d(1),
        drop=conv(WIDTH, units, 1),
        relu=nn.ReLU(),
        rise=conv(units, WIDTH, 1),
    )


def excitation_of_vectors() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        weights = torch.sigmoid(self.rise(F.relu(self.drop(x.mean((2, 3))))))
        return x * weights[:, :, None, None]

    return head(RELU(), module(forward, drop=nn.Linear(WIDTH, 2), rise=nn.Linear(2, WIDTH)), conv(), RELU())


def global_context() -> nn.Module:
    """A weighted mean over all pixels is added to each of them."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        weights = self.mask(x).flatten(2).softmax(2)
        context = (x.flatten(2) @ weights.transpose(1, 2))[..., None]
        return x + self.transform(context)

    transform = nn.Sequential(conv(WIDTH, 2, 1), nn.LayerNorm([2, 1, 1]), nn.ReLU(), conv(2, WIDTH, 1))
    return head(NORM(WIDTH), RELU(), module(forward, mask=conv(WIDTH, 1, 1), transform=transform), RELU())


def spatial_gate() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        summary = torch.cat([x.amax(1, keepdim=True), x.mean(1, keepdim=True)], 1)
        return x * self.conv(summary).sigmoid()

    return head(NORM(WIDTH), RELU(), module(forward, conv=conv(2, 1)), conv(), RELU())


def gate_by_parameter() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x * F.relu(self.gate).sum() + F.relu(x)

    return head(NORM(WIDTH), module(forward, gate=number(WIDTH)), conv(), RELU())


GATES: dict[str, Callable[[], nn.Module]] = {
    "squeeze and excitation": lambda: nn.Sequential(block(3), gate(3), block(), classifier()),
    "a gate of one unit": lambda: head(RELU(), gate(1)),
    "a gate over pixels": lambda: head(RELU(), gate(1, nn.Identity())),
    "excitation of vectors": excitation_of_vectors,
    "global context": global_context,
    "spatial gate": spatial_gate,
    "a gate that is learnt": gate_by_parameter,
    "gated linear unit": lambda: head(RELU(), conv(WIDTH, 12), nn.GLU(1), conv(), RELU()),
    "maxout": lambda: nn.Sequential(
        conv(3, 12),
        nn.Unflatten(1, (2, WIDTH)),
        module(lambda self, x: x.amax(1)),
        conv(),
        RELU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(WIDTH, CLASSES),
    ),
}
