"""The forward pass that keeps its graph, and what rides on it to be counted on the way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from torch import Tensor, nn

from harness.proxies._averages import FasterAverages
from harness.proxies._calls import Calls
from harness.proxies._channels import LayerChannels
from harness.proxies._kernel import CodeCount, ReluWatch
from harness.proxies._modules import parameters_of, run


@dataclass(frozen=True)
class Forward:
    """A training-mode forward pass that keeps its graph, and what rode on it to its end."""

    images: Tensor
    parameters: dict[str, Tensor]
    logits: Tensor
    codes: CodeCount | None
    channels: LayerChannels | None
    calls: Calls | None


def forward(
    module: nn.Module,
    images: Tensor,
    codes: CodeCount | None,
    channels: LayerChannels | None,
    written: bool = False,
) -> Forward:
    """Run ``module``; ``codes`` sees the inputs of its ReLUs, ``channels`` the outputs of its layers.

    Its calls of torch are ``written`` down, if asked for.
    """
    images = images.detach().clone().requires_grad_()
    parameters = parameters_of(module)
    ride = None if codes is None else _Ride(codes.add)
    calls = Calls(images) if written else None
    with ExitStack() as watched:
        if ride is not None:
            watched.enter_context(ReluWatch(ride))
        watched.enter_context(FasterAverages())
        if channels is not None:
            watched.enter_context(channels.watched())
        if calls is not None:
            watched.enter_context(calls)  # last, so that it sees nothing of what the others do
        logits = run(module, parameters, images, training=True)
    intact = ride is not None and not ride.failed
    if calls is not None:
        calls.end(logits)
    return Forward(images, parameters, logits, codes if intact else None, channels, calls)


class _Ride:
    """Watches a pass for one reader. Where that fails, so does the ride, not the pass of all the others."""

    def __init__(self, watch: Callable[[Tensor], None]) -> None:
        self._watch = watch
        self.failed = False

    def __call__(self, inputs: Tensor) -> None:
        try:
            if not self.failed:
                self._watch(inputs)
        except Exception:
            self.failed = True
