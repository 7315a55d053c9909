"""The trained supernet of a run: trained once for all methods that read it, and kept as a checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeVar

from harness import networks, records, training
from harness.networks import Supernet
from harness.processes.claims import turn
from harness.processes.under_way import tell
from harness.runs.config import Estimate, Progress, Training, duration
from harness.runs.numerics import numerics
from harness.runs.origins import here
from harness.runs.setup import Setup
from harness.scorers import Work
from harness.seeding import derive
from harness.training import Gated, Images, Length, Round, Trained

HALVES: tuple[Literal["train", "valid"], ...] = ("train", "valid")
Kind = TypeVar("Kind", bound=Trained)
FORMAT = 1
"""Number of how this module puts a training together; another one trains anew."""


def untrained(setup: Setup, asked: Training) -> Trained:
    """The run's supernet with its images, before the first step."""
    return Trained(*_parts(setup, asked, setup.config.seed))


def untrained_round(setup: Setup, asked: Training, round_: Round) -> Gated:
    """A round's supernet, of weights and draws of its own."""
    return Gated(*_parts(setup, asked, derive(setup.config.seed, "round", round_.number)), round_)


def _parts(setup: Setup, asked: Training, seed: int) -> tuple[Supernet, Images, ModuleType, Length, int]:
    supernet = networks.build_supernet(
        setup.space,
        setup.fidelity,
        seed,
        setup.classes,
        convolutions=asked.convolutions,
        sampling=asked.channel_sampling,
    )
    method = training.load(asked.name)
    drawn = getattr(method, "DRAWS_LABELS", False)
    return (
        supernet.to(setup.device),
        Images(setup.source, asked.images, asked.batch_size, setup.config.seed, setup.device, drawn),
        method,
        Length(asked.epochs, asked.fine_tuning_epochs),
        seed,
    )


def train(setup: Setup, asked: Training, progress: Progress) -> Trained:
    """The run's supernet, trained as ``asked`` (:func:`fitted`)."""
    return fitted(setup, asked, untrained(setup, asked), {}, progress)


def train_round(setup: Setup, asked: Training, round_: Round, progress: Progress) -> Gated:
    """A round's supernet, trained as ``asked`` (:func:`fitted`)."""
    return fitted(setup, asked, untrained_round(setup, asked, round_), {"round": asdict(round_)}, progress)


def fitted(
    setup: Setup, asked: Training, trained: Kind, further: Mapping[str, Any], progress: Progress
) -> Kind:
    """``trained``, trained as ``asked``: read from its checkpoint, taken up there, or begun.

    ``further`` is what else tells it from other supernets of the run, in JSON's types.

    Checkpoints lie in the results folder. Of several processes that need the same supernet one trains it. A
    training by other code or versions, in another precision or on another kind of machine is another one: it
    is told of, and stays where it is.
    """
    what, made = {**_described(setup, asked), **further}, made_with(setup, asked)
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
    with setup.computing:
        seconds = training.estimated_seconds(untrained(setup, asked), work.accuracies, work.tunings)
    return seconds, (
        f"about {duration(seconds)} on {setup.device}, threads={setup.config.threads}: {asked.epochs} "
        f"epochs, {work.accuracies} accuracies, {work.tunings} times {asked.fine_tuning_epochs} epochs of "
        "fine-tuning"
    )


def estimate_rounds(setup: Setup, asked: Training, round_: Round, work: Work) -> Estimate:
    """How long ``work`` and its supernets, like that of ``round_``, will take, measured on one step."""
    accuracies = work.accuracies // work.supernets
    seconds = work.supernets * training.estimated_seconds(untrained_round(setup, asked, round_), accuracies)
    return seconds, (
        f"about {duration(seconds)} on {setup.device}, threads={setup.config.threads}: {work.supernets} "
        f"times {asked.epochs} epochs and {accuracies} accuracies"
    )
