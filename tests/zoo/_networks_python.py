"""Networks whose forward pass is a program: types, modes, exceptions, counters, buffers, views."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from tests.zoo._parts import CLASSES, WIDTH, block, conv, head, module, number

NORM, RELU = nn.BatchNorm2d, nn.ReLU


def body(forward: Callable[..., Tensor], **attributes: object) -> nn.Module:
    """``forward`` in a head, with a batch norm, a convolution and a ReLU to work with."""
    return head(module(forward, bn=NORM(WIDTH), conv=conv(), relu=nn.ReLU(), **attributes))


def sum_under_two_names(self: nn.Module, x: Tensor) -> Tensor:
    h = self.bn(x)
    first = h
    h += self.conv(self.relu(x))
    return self.relu(first) + self.relu(h)


def running_sum_in_a_list(self: nn.Module, x: Tensor) -> Tensor:
    states = [self.bn(x)]
    for _ in range(2):
        states[0] += self.conv(self.relu(states[-1]))
        states.append(states[0] * 2)
    return self.relu(sum(states))


def views(self: nn.Module, x: Tensor) -> Tensor:
    h = self.bn(x)
    left = h[:, :3]
    left += self.conv(self.relu(h.clone()))[:, 3:]
    h[:, 1::2].mul_(2)
    return self.relu(h) + self.relu(left).repeat(1, 2, 1, 1)


def item_assignment(self: nn.Module, x: Tensor) -> Tensor:
    out = torch.zeros_like(x)
    out[:, 0::2] = self.bn(x)[:, 1::2]
    out[:, 1::2] = self.conv(x)[:, 0::2]
    return self.relu(out)


def out_argument(self: nn.Module, x: Tensor) -> Tensor:
    h = self.bn(x)
    return self.relu(h.add_(self.conv(x)).sub_(0.1).clamp_(-3, 3))


def is_tensor(self: nn.Module, x: Tensor) -> Tensor:
    if torch.is_tensor(x):
        x = -self.conv(x)
    return self.relu(self.bn(x))


def exact_type(self: nn.Module, x: Tensor) -> Tensor:
    x = -self.conv(x) if type(x) is Tensor else self.conv(x)
    return self.relu(self.bn(x))


def is_instance(self: nn.Module, x: Tensor) -> Tensor:
    x = self.conv(x) if isinstance(x, Tensor) and not isinstance(x, fx.Proxy) else x
    return self.relu(self.bn(x)) * (2 if isinstance(self.conv.weight, nn.Parameter) else 3)


def by_mode(self: nn.Module, x: Tensor) -> Tensor:
    x = self.bn(x)
    return self.relu(self.conv(x)) if self.training else self.relu(x) + self.relu(self.conv(-x))


def catches(self: nn.Module, x: Tensor) -> Tensor:
    try:
        x = self.conv(x) + x.new_zeros(1, WIDTH + 1, 1, 1)
    except Exception:
        x = -self.conv(x)
    return self.relu(self.bn(x))


def catches_attributes(self: nn.Module, x: Tensor) -> Tensor:
    try:
        scale = 1.0 + x.untyped_storage().nbytes() % 1
        x = self.conv(x) * x.stride(0) / x.stride(0) * scale
    except (AttributeError, TypeError, RuntimeError, NotImplementedError):
        x = x * 2
    return self.relu(self.bn(x))


def by_values(self: nn.Module, x: Tensor) -> Tensor:
    h = self.bn(self.conv(x))
    return self.relu(h) if h.mean().item() > 10 else self.relu(-h)


def by_shape(self: nn.Module, x: Tensor) -> Tensor:
    batch, channels, height, width = x.shape
    h = self.bn(self.conv(x)).reshape(batch, channels, -1)
    return self.relu(h).view(batch, channels, height, width) / (height * width) ** 0.5


def alternates(self: nn.Module, x: Tensor) -> Tensor:
    self.calls += 1
    return self.relu(self.bn(self.conv(x) if self.calls % 2 else -x))


def alternates_in_a_list(self: nn.Module, x: Tensor) -> Tensor:
    self.calls.append(len(self.calls))
    return self.relu(self.bn(self.conv(x) if len(self.calls) % 2 else -x))


def alternates_in_an_object(self: nn.Module, x: Tensor) -> Tensor:
    self.state.calls["forward"] += 1
    return self.relu(self.bn(self.conv(x) if self.state.calls["forward"] % 2 else -x))


def counts_in_a_buffer(self: nn.Module, x: Tensor) -> Tensor:
    self.steps += 1
    self.seen = self.seen * 0.9 + 0.1 * x.detach().mean()
    return self.relu(self.bn(self.conv(x)) * self.steps + self.seen)


def moving_average(self: nn.Module, x: Tensor) -> Tensor:
    h = self.conv(self.bn(x))
    if self.training:
        with torch.no_grad():
            self.average.mul_(0.5).add_(h.mean((0, 2, 3)), alpha=0.5)
    return self.relu(h - self.average[:, None, None])


def keeps_its_features(self: nn.Module, x: Tensor) -> Tensor:
    self.last = self.relu(self.bn(self.conv(x)))
    return self.last


class Swish(torch.autograd.Function):
    """x sigmoid(x) that keeps its input alone."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: object, arriving: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        gate = torch.sigmoid(x)
        return arriving * (gate * (1 + x * (1 - gate)))


class StraightThrough(torch.autograd.Function):
    """Rounds, and hands the gradient through."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return torch.round(x * 4) / 4

    @staticmethod
    def backward(ctx: object, arriving: Tensor) -> Tensor:
        return arriving


def detached_part() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        with torch.no_grad():
            context = self.side(x)
        return self.relu(self.conv(x) + context)

    return head(RELU(), module(forward, side=block(), conv=conv(), relu=nn.ReLU()))


def weights_as_parameters() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = F.relu(F.conv2d(x, self.kernel, self.shift, padding=1))
        return F.linear(F.relu(self.layer(x)).mean([2, 3]), self.matrix)

    return module(
        forward,
        kernel=number(WIDTH, 3, 3, 3),
        shift=number(WIDTH),
        layer=conv(),
        matrix=number(CLASSES, WIDTH),
    )


def layer_by_its_weight() -> nn.Module:
    """A convolution and a classifier that are never called: their weights are read."""

    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = F.relu(F.conv2d(x, self.conv.weight, self.conv.bias, padding=1))
        return F.linear(x.mean([2, 3]), self.fc.weight, self.fc.bias)

    return nn.Sequential(block(3), module(forward, conv=conv(), fc=nn.Linear(WIDTH, CLASSES)))


PROGRAMS: dict[str, Callable[[], nn.Module]] = {
    "a sum in place under two names": lambda: body(sum_under_two_names),
    "a running sum in a list": lambda: body(running_sum_in_a_list),
    "views changed in place": lambda: body(views),
    "slices assigned": lambda: body(item_assignment),
    "methods in place": lambda: body(out_argument),
    "torch.is_tensor": lambda: body(is_tensor),
    "type(x) is Tensor": lambda: body(exact_type),
    "isinstance": lambda: body(is_instance),
    "self.training": lambda: body(by_mode),
    "catches exceptions": lambda: body(catches),
    "catches what tracing lacks": lambda: body(catches_attributes),
    "control flow by values": lambda: body(by_values),
    "shapes": lambda: body(by_shape),
    "alternates by a number": lambda: body(alternates, calls=0),
    "alternates by a list": lambda: body(alternates_in_a_list, calls=[]),
    "alternates by an object": lambda: body(
        alternates_in_an_object, state=SimpleNamespace(calls={"forward": 0})
    ),
    "buffers that count": lambda: body(
        counts_in_a_buffer, steps=nn.Buffer(torch.tensor(0)), seen=nn.Buffer(torch.zeros(()))
    ),
    "moving average": lambda: body(moving_average, average=nn.Buffer(torch.zeros(WIDTH))),
    "keeps its features": lambda: body(keeps_its_features, last=None),
    "a function with its own backward": lambda: head(
        NORM(WIDTH), module(lambda self, x: Swish.apply(x)), conv(), RELU()
    ),
    "straight-through": lambda: head(
        NORM(WIDTH), RELU(), module(lambda self, x: StraightThrough.apply(x)), conv(), RELU()
    ),
    "a part without gradients": detached_part,
    "weights that are parameters": weights_as_parameters,
    "layers read, not called": layer_by_its_weight,
}
