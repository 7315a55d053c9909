"""Convolutions and linear layers of every kind, and how they are wired."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.zoo._parts import CLASSES, WIDTH, block, classifier, conv, head, module, plain

NORM, RELU = nn.BatchNorm2d, nn.ReLU


def residual() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x + self.inner(x)

    return head(NORM(WIDTH), RELU(), module(forward, inner=block()))


def pooled_shortcut() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.conv(self.pool(x)) + x

    return head(RELU(), module(forward, pool=nn.AvgPool2d(3, 1, 1), conv=conv()), NORM(WIDTH), RELU())


def transposed() -> nn.Module:
    return nn.Sequential(
        nn.ConvTranspose2d(3, 4, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16 * 16, CLASSES)
    )


def transposed_in_the_middle() -> nn.Module:
    up = nn.ConvTranspose2d(WIDTH, 4, 3, 2, 1, output_padding=1, groups=2)
    return nn.Sequential(block(3, stride=2), up, NORM(4), RELU(), conv(4), NORM(WIDTH), RELU(), classifier())


def one_dimensional() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(2), nn.Conv1d(3, WIDTH, 5, 2, 2), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(WIDTH, WIDTH, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
        nn.Flatten(), nn.Linear(WIDTH, CLASSES),
    )  # fmt: skip


def three_dimensional() -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 3)), nn.Conv3d(1, WIDTH, 3, padding=1), nn.BatchNorm3d(WIDTH), nn.ReLU(),
        nn.AvgPool3d((1, 2, 2)), nn.Conv3d(WIDTH, 4, (3, 1, 1)), nn.ReLU(),
        nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, CLASSES),
    )  # fmt: skip


def transposed_of_one_and_three_dimensions() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(2), nn.ConvTranspose1d(3, 4, 2, 2), nn.ReLU(), nn.Unflatten(2, (2, 8, 8)),
        nn.ConvTranspose3d(4, 4, 2), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, CLASSES),
    )  # fmt: skip


def vectors() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(192, 16), nn.BatchNorm1d(16), nn.ReLU(),
        nn.Linear(16, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, CLASSES),
    )  # fmt: skip


def one_colour() -> nn.Module:
    return nn.Sequential(block(1), nn.MaxPool2d(2), block(), classifier())


def of_vectors() -> nn.Module:
    return nn.Sequential(
        nn.Linear(12, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, CLASSES)
    )


def of_signals() -> nn.Module:
    return nn.Sequential(
        nn.Conv1d(3, WIDTH, 3, padding=1), nn.BatchNorm1d(WIDTH), nn.ReLU(), nn.Conv1d(WIDTH, WIDTH, 3),
        nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(WIDTH, CLASSES),
    )  # fmt: skip


def of_volumes() -> nn.Module:
    return nn.Sequential(
        nn.Conv3d(2, WIDTH, 3, padding=1), nn.BatchNorm3d(WIDTH), nn.ReLU(), nn.Conv3d(WIDTH, 4, 3),
        nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(4, CLASSES),
    )  # fmt: skip


def linear_of_pixels() -> nn.Module:
    """Linear layers on every pixel, channels last."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        x = self.second(F.relu(self.first(x)))
        return self.out(x.mean((1, 2)))

    return module(forward, first=nn.Linear(3, 8), second=nn.Linear(8, WIDTH), out=nn.Linear(WIDTH, CLASSES))


def mean_beside_pixels() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.conv(self.pool(x)) + x

    return head(module(forward, pool=nn.AdaptiveAvgPool2d(1), conv=conv(kernel=1)), nn.ReLU(), conv(), RELU())


def called_twice() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        left = self.conv(self.relu(x))
        return self.relu(self.conv(self.relu(x) * 2) - left)

    return head(module(forward, conv=conv(), relu=nn.ReLU()))


def shared_weight() -> nn.Module:
    first, second = conv(kernel=1), conv(kernel=1)
    second.weight = first.weight
    return head(first, nn.Tanh(), second, NORM(WIDTH), nn.ReLU())


def never_called() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.head(self.live(x))

    return module(forward, live=block(3), dead=block(3), head=classifier())


def without_layers() -> nn.Module:
    """The mean colour is the prediction; a scale is all there is to learn."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return (x.relu() * self.scale).mean((2, 3)).repeat(1, 2)[:, :CLASSES]

    return module(forward, scale=nn.Parameter(torch.rand(3, 1, 1) + 0.5))


def only_normalisation() -> nn.Module:
    return nn.Sequential(NORM(3), nn.ReLU(), nn.Flatten(2), nn.AdaptiveAvgPool1d(2), nn.Flatten())


def of_constants() -> nn.Module:
    """The logits do not depend on the images: no operation leads from one to the other."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.head(self.relu(x.new_ones(len(x), 4)))

    return module(forward, relu=nn.ReLU(), head=nn.Linear(4, CLASSES))


def times_zero() -> nn.Module:
    """The logits do not depend on the images, which are multiplied by zero."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.head(self.inner(self.stem(x) * 0))

    return module(forward, stem=block(3), inner=nn.Sequential(conv(kernel=1), nn.ReLU()), head=classifier())


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "plain": plain,
    "plain, strides and poolings": lambda: nn.Sequential(
        block(3), nn.MaxPool2d(2), block(WIDTH, 8, stride=2), nn.AvgPool2d(2), classifier(8)
    ),
    "residual": residual,
    "pooling before a shortcut": pooled_shortcut,
    "a mean added to every pixel": mean_beside_pixels,
    "a normalisation before the mean": lambda: head(NORM(WIDTH), RELU(), conv(), NORM(WIDTH)),
    "no batch norm": lambda: head(nn.ReLU(), conv(padding=0), nn.ReLU()),
    "no ReLU": lambda: head(NORM(WIDTH), nn.GELU(), conv(), nn.SiLU()),
    "leaky and learnt slopes": lambda: head(nn.LeakyReLU(), conv(), nn.PReLU(WIDTH), conv(), nn.ELU()),
    "1 x 1": lambda: head(
        NORM(WIDTH), nn.ReLU(), conv(kernel=1, stride=2), nn.ReLU(), stem=conv(3, kernel=1)
    ),
    "depthwise": lambda: head(
        NORM(WIDTH), RELU(), conv(groups=WIDTH, bias=False), NORM(WIDTH), RELU(), conv(kernel=1)
    ),
    "grouped": lambda: head(NORM(WIDTH), RELU(), conv(groups=2), RELU(), conv(groups=3)),
    "dilated": lambda: head(NORM(WIDTH), RELU(), conv(dilation=2, padding=2), RELU()),
    "oblong kernels": lambda: head(
        RELU(),
        nn.Conv2d(WIDTH, WIDTH, (1, 5), (2, 1), (0, 2)),
        RELU(),
        nn.Conv2d(WIDTH, WIDTH, (3, 1), (1, 2), (1, 0)),
    ),
    "padding by name": lambda: head(RELU(), conv(padding="same"), RELU(), conv(padding="valid")),
    "padding by reflection": lambda: head(
        RELU(),
        conv(padding_mode="reflect"),
        RELU(),
        conv(padding_mode="circular"),
        nn.ReflectionPad2d(1),
        RELU(),
    ),
    "transposed": transposed,
    "transposed, grouped": transposed_in_the_middle,
    "1-d": one_dimensional,
    "3-d": three_dimensional,
    "transposed, 1-d and 3-d": transposed_of_one_and_three_dimensions,
    "vectors": vectors,
    "linear layers on pixels": linear_of_pixels,
    "a layer called twice": called_twice,
    "a weight of two layers": shared_weight,
    "a layer never called": never_called,
    "identities": lambda: head(
        nn.Identity(), NORM(WIDTH), nn.Sequential(nn.Identity(), RELU()), conv(), nn.Identity()
    ),
    "no layer with weights": without_layers,
    "only a normalisation": only_normalisation,
    "logits of constants": of_constants,
    "images times zero": times_zero,
}
