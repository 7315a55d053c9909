"""Networks inside something: checkpoints, hooks, compilers, frozen and lazy layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor, fx, nn
from torch.utils.checkpoint import checkpoint

from tests.zoo._parts import CLASSES, WIDTH, block, classifier, module, plain


def directly(inner: nn.Module, x: Tensor) -> Tensor:
    return inner(x)


def own_checkpoint(run: Callable[..., Tensor], **settings: bool) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return run(self.inner, x, **settings)

    return module(forward, inner=plain())


def part_checkpoint(run: Callable[..., Tensor], **settings: bool) -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.head(run(self.inner, x, **settings))

    return module(forward, stem=block(3), inner=nn.Sequential(block(), block()), head=classifier())


def frozen() -> nn.Module:
    network = plain()
    for parameter in network[:3].parameters():
        parameter.requires_grad_(False)
    return network


def with_hooks() -> nn.Module:
    """Hooks of the user's, one of which changes what its layer hands on."""
    network = plain()
    network[1].register_forward_hook(doubled)
    network[3].register_forward_pre_hook(shifted)
    network[4].register_full_backward_hook(looked_at)
    return network


def doubled(layer: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
    return output * 2


def shifted(layer: nn.Module, inputs: tuple) -> tuple:
    return (inputs[0] + 0.5,)


def looked_at(layer: nn.Module, arriving: tuple, leaving: tuple) -> None:
    return None


def lazy(initialised: bool) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        network = nn.Sequential(
            nn.LazyConv2d(WIDTH, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.Flatten(), nn.LazyLinear(CLASSES)
        )
    if initialised:
        network(torch.zeros(2, 3, 8, 8))
    return network


def scripted(traced: bool) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.trace(plain(), torch.zeros(2, 3, 8, 8)) if traced else torch.jit.script(plain())


def compiled_in_place() -> nn.Module:
    network = plain()
    network.compile(backend="eager")
    return network


def tuple_output() -> nn.Module:
    return module(lambda self, x: (self.inner(x), x), inner=plain())


WRAPPERS: dict[str, Callable[[], nn.Module]] = {
    "checkpoint": lambda: own_checkpoint(checkpoint, use_reentrant=False),
    "checkpoint, reentrant": lambda: own_checkpoint(checkpoint, use_reentrant=True),
    "checkpoint of a part": lambda: part_checkpoint(checkpoint, use_reentrant=False),
    "checkpoint of a part, reentrant": lambda: part_checkpoint(checkpoint, use_reentrant=True),
    "frozen layers": frozen,
    "hooks of its own": with_hooks,
    "fx.GraphModule": lambda: fx.symbolic_trace(plain()),
    "DataParallel": lambda: nn.DataParallel(plain()),
    "torch.compile": lambda: torch.compile(plain(), backend="eager"),
    "module.compile": compiled_in_place,
    "lazy": lambda: lazy(False),
    "lazy, initialised": lambda: lazy(True),
    "scripted": lambda: scripted(False),
    "traced by jit": lambda: scripted(True),
    "tuple of outputs": tuple_output,
}

TWINS: dict[str, Callable[[], nn.Module]] = {
    "checkpoint": lambda: own_checkpoint(directly),
    "checkpoint, reentrant": lambda: own_checkpoint(directly),
    "checkpoint of a part": lambda: part_checkpoint(directly),
    "checkpoint of a part, reentrant": lambda: part_checkpoint(directly),
    "fx.GraphModule": plain,
    "DataParallel": plain,
    "torch.compile": plain,
    "module.compile": plain,
    "scripted": plain,
    "traced by jit": plain,
}
"""Networks that compute the same without what is around them: the naive formulas read these."""
