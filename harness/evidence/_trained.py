"""The trained supernet of a run: trained once for all methods that read it, and kept as a checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from harness import networks, records, training
from harness.processes.claims import turn
from harness.processes.under_way import tell
from harness.runs.config import Estimate, Progress, Training, duration
from harness.runs.numerics import numerics
from harness.runs.origins import here
from harness.runs.setup import Setup
from harness.scorers import Work
from harness.training import Images, Length, Trained

HALVES: tuple[Literal["train", "valid"], ...] = ("train", "valid")
FORMAT = 1
"""Number of how this module puts a training together; another one trains anew."""


def untrained(setup: Setup, asked: Training) -> Trained:
    """The run's supernet with its images, before the first step."""
    supernet = networks.build_supernet(
        setup.space,
        setup.fidelity,
        setup.config.seed,
        setup.classes,
        convolutions=asked.convolutions,
        sampling=asked.channel_sampling,
    )
    return Trained(
        supernet.to(setup.device),
        Images(setup.source, asked.images, asked.batch_size, setup.config.seed, setup.device),
        training.load(asked.name),
        Length(asked.epochs, asked.fine_tuning_epochs),
        setup.config.seed,
    )


def train(setup: Setup, asked: Training, progress: Progress) -> Trained:
    """The run's supernet, trained as ``asked``: read from its checkpoint, taken up there, or begun.

    Checkpoints lie in the results folder. Of several processes that need the same supernet one trains it. A
    training by other code or versions, in another precision or on another kind of machine is another one: it
    is told of, and stays where it is.
    """
    trained = untrained(setup, asked)
    what, made = _described(setup, asked), made_with(setup, asked)
    stem = f"{setup.space.name}-{asked.name}-{_digest(what)}"
    path = setup.store.root / "checkpoints" / f"{stem}-{_digest(made)[:8]}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    with turn(path.with_name(path.name + ".lock")):
        if not path.exists():
            _tell_of_others(path.parent.glob(f"{stem}*.pt"), made)
        training.fit(trained, path, what | {"made": made}, progress, here())
    return trained


def _digest(described: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]


def _described(setup: Setup, asked: Training) -> dict[str, Any]:
    """What is trained."""
    told = asked.settings
    del told["fine_tuning_epochs"]
    return {
        "format": FORMAT,
        "space": setup.space.name,
        "fidelity": setup.fidelity,
        "classes": setup.classes,
        "seed": setup.config.seed,
        "input": setup.source.digest,
        "image_size": setup.source.image_size,
        "training": told,
        **setup.arithmetic,
    }


def made_with(setup: Setup, asked: Training) -> dict[str, Any]:
    """What else the trained numbers hang on: code that trains, versions, device, precision, threads."""
    items = (("spaces", setup.space.name), ("inputs", setup.source.name), ("training", asked.name))
    told = records.provenance(setup.device.type, setup.config.threads, numerics=numerics(setup.device)) | {
        "foreign": records.foreign(items)
    }
    return records.decisive(told, records.TRAINING)


def _tell_of_others(paths: Iterable[Path], made: Mapping[str, Any]) -> None:
    for path in sorted(paths):
        differing = records.differences(training.description(path).get("made") or {}, made)
        tell(
            f"{path} holds the same supernet, trained with other {differing}; it stays as it is, and the "
            "supernet is trained anew beside it."
        )


def curve(trained: Trained) -> dict[str, object]:
    """What a record keeps of the training: a row per epoch, and how many images each half holds."""
    return {"curve": trained.curve, "images": {half: trained.images.count(half) for half in HALVES}}


def estimate(setup: Setup, asked: Training, work: Work) -> Estimate:
    """How long training and ``work`` will take on this device, measured on one step."""
    seconds = training.estimated_seconds(untrained(setup, asked), work.accuracies, work.tunings)
    return seconds, (
        f"about {duration(seconds)} on {setup.device}, threads={setup.config.threads}: {asked.epochs} "
        f"epochs, {work.accuracies} accuracies, {work.tunings} times {asked.fine_tuning_epochs} epochs of "
        "fine-tuning"
    )
