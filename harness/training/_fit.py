"""Training a supernet from its initial weights, with checkpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from math import cos, pi
from pathlib import Path
from sys import intern
from time import perf_counter
from types import MappingProxyType
from typing import Any

import torch

from harness.errors import DataError, machine_failure
from harness.training import _checkpoint
from harness.training._trained import LAST_RATE, RATE, State, Trained

Progress = Callable[[str, int, int], None]


def fit(
    trained: Trained,
    path: Path | None = None,
    described: Mapping[str, Any] = MappingProxyType({}),
    progress: Progress = lambda words, done, total: None,
    origin: Mapping[str, Any] | None = None,
) -> None:
    """Train for ``trained.length.epochs``, on from the checkpoint at ``path`` where there is one.

    The weights' learning rate falls from 0.025 to 0.001 along a cosine over the epochs. After each of them
    a row is added to ``trained.curve`` and the checkpoint is replaced. Interrupted at any moment and begun
    again, training ends with the same bytes.

    Parameters
    ----------
    trained
        With initial weights.
    path, described
        Where checkpoints are kept, if anywhere, and what this supernet is, in JSON's types.
    progress
        ``(words, done, total)`` steps.
    origin
        Where this process is, in JSON's types; ``trained.origins`` holds that of every epoch, each once.

    Raises
    ------
    DataError
        For a checkpoint that is damaged or of another supernet.
    """
    epochs, steps = trained.length.epochs, trained.images.steps
    optimisers = trained.optimisers(RATE)
    if path is not None and (found := _checkpoint.read(path, described)) is not None:
        try:
            _resume(trained, optimisers, found)
        except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
            if machine_failure(error):
                raise
            raise DataError(_checkpoint.sentence(path, "does not fit the supernet")) from error
    first = len(trained.curve)
    done = first * steps

    def tick() -> None:
        nonlocal done
        done += 1
        progress("supernet training", done, epochs * steps)

    for epoch in range(first, epochs):
        rate = LAST_RATE + (RATE - LAST_RATE) * (1 + cos(pi * epoch / epochs)) / 2
        optimisers[0].param_groups[0]["lr"] = rate
        seen = trained.epoch(*optimisers, ("epoch", epoch), tick)
        valid = trained.measured_accuracy(next(trained.paths("validation", epoch)))
        trained.curve.append({"epoch": epoch, "rate": rate, **seen, "valid_accuracy": valid})
        if origin is not None and dict(origin) not in trained.origins:
            trained.origins.append(dict(origin))
        if path is not None:
            _checkpoint.write(path, described, _content(trained, optimisers))


def estimated_seconds(trained: Trained, accuracies: int = 0, tunings: int = 0) -> float:
    """How long :func:`fit`, and after it so many accuracies and fine-tunings, will take about.

    Measured on the second of two steps, and on one batch for accuracies; ``trained`` is changed by it.
    """
    optimisers, images = trained.optimisers(RATE), trained.images
    halves = [images.shuffled(half, "estimate") for half in ("train", "valid")]
    paths = trained.paths("estimate")
    for number, (train, valid) in enumerate(islice(zip(*halves, strict=True), 2)):
        trained.begin(number, "estimate")
        step = _seconds(trained, partial(trained.step, *optimisers, train, valid, next(paths)))
    batch = next(images.in_order("valid"))
    accuracy = _seconds(trained, partial(trained.right, batch, next(paths)))
    accuracy *= images.count("valid") / len(batch.targets)
    epochs = trained.length.epochs + tunings * trained.length.fine_tuning_epochs
    return epochs * images.steps * step + (trained.length.epochs + accuracies) * accuracy


def _seconds(trained: Trained, work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    if trained.alphas[0].device.type == "cuda":
        torch.cuda.synchronize(trained.alphas[0].device)
    return perf_counter() - start


def _content(trained: Trained, optimisers: tuple[torch.optim.Optimizer | None, ...]) -> dict[str, Any]:
    return {
        "supernet": trained.supernet.state_dict(),
        "alphas": [alpha.detach() for alpha in trained.alphas],
        "mask": json.dumps(trained.mask),
        "optimisers": [None if each is None else each.state_dict() for each in optimisers],
        # Text, since pickled rows differ by which of their strings are one object: those read back are not.
        "curve": json.dumps(trained.curve),
        "origins": json.dumps(trained.origins),
    }


def _resume(
    trained: Trained, optimisers: tuple[torch.optim.Optimizer | None, ...], found: Mapping[str, Any]
) -> None:
    """Take over a checkpoint."""
    mask = tuple(map(tuple, json.loads(found["mask"])))
    trained.restore(State(found["supernet"], found["alphas"], mask))
    for each, state in zip(optimisers, found["optimisers"], strict=True):
        if each is not None:
            # Names that were read are other objects than those of weights first trained later; bytes tell.
            own = {
                key: {intern(name): value for name, value in of.items()} for key, of in state["state"].items()
            }
            each.load_state_dict({**state, "state": own})
    trained.curve = json.loads(found["curve"])
    trained.origins = json.loads(found["origins"])
