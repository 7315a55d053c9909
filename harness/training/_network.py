"""Training a stand-alone network from scratch, with checkpoints; its accuracy on images it was not shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import cos, isfinite, nan, pi
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import Any

import torch
from torch import nn

from harness.errors import DataError, machine_failure
from harness.inputs import Batch
from harness.networks import in_mode
from harness.training import _checkpoint
from harness.training._images import Images
from harness.training._members import loss_of, predicted
from harness.training._trained import LONGEST_GRADIENT, MOMENTUM, WEIGHT_DECAY


@dataclass
class Course:
    """What a training has come to.

    Attributes
    ----------
    curve
        A row per epoch: its number, mean loss, and accuracy in per cent as seen on the way.
    origins
        Where these epochs were trained, each place once.
    accuracy
        On the whole validation half after the last epoch, in per cent; NaN where the loss left the finite
        numbers.
    """

    curve: list[dict[str, Any]] = field(default_factory=list)
    origins: list[dict[str, Any]] = field(default_factory=list)
    accuracy: float = nan


def fit_network(
    network: nn.Module,
    images: Images,
    epochs: int,
    rate: float,
    path: Path | None = None,
    described: Mapping[str, Any] = MappingProxyType({}),
    tick: Callable[[], None] = lambda: None,
    origin: Mapping[str, Any] | None = None,
) -> Course:
    r"""Train ``network``, on from the checkpoint at ``path`` where there is one, and measure it.

    Cross-entropy, of a network of several members the sum of theirs; SGD with momentum 0.9, weight decay
    3e-4, gradients clipped at norm 5. Step t of T has the learning rate ``rate (1 + cos(pi t / T)) / 2``.
    After every epoch the checkpoint is replaced, so that a training that was interrupted at any moment ends
    with the same bytes.

    Parameters
    ----------
    network
        With initial weights, on the device of the images. It returns logits (B, classes), or those of
        several members, (B, classes, members), whose mean softmax is what it predicts.
    images
        One half is trained on, the other one measured on.
    epochs, rate
        Passes over the training half; first learning rate.
    path, described
        Where checkpoints are kept, if anywhere, and what this training is, in JSON's types.
    tick
        Called after every step.
    origin
        Where this process is, in JSON's types.

    Raises
    ------
    DataError
        For a checkpoint that is damaged or of another training.
    """
    course, steps = Course(), images.steps
    optimiser = torch.optim.SGD(network.parameters(), rate, MOMENTUM, weight_decay=WEIGHT_DECAY)
    if path is not None and (found := _checkpoint.read(path, described, "training")) is not None:
        _resume(path, network, optimiser, course, found)
    for epoch in range(len(course.curve), epochs):
        losses, correct = 0.0, 0
        for step, batch in enumerate(images.shuffled("train", "network", epoch)):
            share = (epoch * steps + step) / (epochs * steps)
            optimiser.param_groups[0]["lr"] = rate * (1 + cos(pi * share)) / 2
            loss, right = _step(network, optimiser, batch)
            losses, correct = losses + loss, correct + right
            tick()
        seen = {"loss": losses / steps, "accuracy": 100 * correct / (steps * images.batch_size)}
        if not isfinite(losses):
            return course
        course.curve.append({"epoch": epoch, **seen})
        if origin is not None and dict(origin) not in course.origins:
            course.origins.append(dict(origin))
        if path is not None:
            _checkpoint.write(path, described, _content(network, optimiser, course))
    course.accuracy = measured_accuracy(network, images)
    return course


def measured_accuracy(network: nn.Module, images: Images) -> float:
    """Share of the validation half that ``network`` gets right in evaluation mode, in per cent."""
    with in_mode(network, training=False), torch.no_grad():
        right = sum(
            int((predicted(network(batch.images)) == batch.targets).sum())
            for batch in images.in_order("valid")
        )
    return 100 * right / images.count("valid")


def network_seconds(network: nn.Module, images: Images, epochs: int) -> float:
    """How long :func:`fit_network` will take about: measured on the second of two steps, and one batch."""
    optimiser = torch.optim.SGD(network.parameters(), 0.0, MOMENTUM)
    for _, batch in zip(range(2), images.shuffled("train", "estimate"), strict=False):
        start = perf_counter()
        _step(network, optimiser, batch)
        step = perf_counter() - start
    batch, start = next(images.in_order("valid")), perf_counter()
    with in_mode(network, training=False), torch.no_grad():
        network(batch.images).sum().item()
    passes = images.count("valid") / len(batch.targets)
    return epochs * images.steps * step + passes * (perf_counter() - start)


def _step(network: nn.Module, optimiser: torch.optim.SGD, batch: Batch) -> tuple[float, int]:
    optimiser.zero_grad(set_to_none=True)
    logits = network(batch.images)
    loss = loss_of(logits, batch.targets)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), LONGEST_GRADIENT)
    optimiser.step()
    return loss.item(), int((predicted(logits.detach()) == batch.targets).sum())


def _content(network: nn.Module, optimiser: torch.optim.SGD, course: Course) -> dict[str, Any]:
    return {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "curve": json.dumps(course.curve),
        "origins": json.dumps(course.origins),
    }


def _resume(
    path: Path, network: nn.Module, optimiser: torch.optim.SGD, course: Course, found: Mapping[str, Any]
) -> None:
    """Take over a checkpoint; raises :class:`DataError` where it is of another network."""
    try:
        network.load_state_dict(found["network"])
        optimiser.load_state_dict(found["optimiser"])
        course.curve, course.origins = json.loads(found["curve"]), json.loads(found["origins"])
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        if machine_failure(error):
            raise
        raise DataError(_checkpoint.sentence(path, "does not fit the network")) from error
