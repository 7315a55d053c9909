"""What a run's scores are compared with: the table of its space, or truth that is measured here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import benchmarks, families, folders, groups, registry, restoration, spaces
from harness.benchmarks import Benchmark, Measured, Recipe, RestorationRecipe
from harness.benchmarks._measured import needs_all
from harness.errors import ConfigError, unknown_name
from harness.options import Whole
from harness.runs.config import Progress, RunConfig
from harness.seeding import generator
from harness.spaces import Architecture, Population, Space

IMAGES = 8000
"""Taken of an input where nobody names a number; all of one that has fewer."""

if TYPE_CHECKING:
    from harness.runs._measurer import Measurer  # they load torch
    from harness.runs._restorer import Restorer
    from harness.runs._trainer import Trainer


def is_measured(config: RunConfig) -> bool:
    """Whether the truth is measured here (``truth=train``, ``truth=restore``)."""
    return config.truth.get("name") in ("train", "restore")


def benchmark_of(config: RunConfig, progress: Progress) -> Benchmark:
    """The benchmark of a checked config; ``progress`` is told of trainings.

    Raises
    ------
    HarnessError
        As :func:`harness.benchmarks.load`, or where the input cannot be trained on.
    """
    if not is_measured(config):
        return benchmarks.load(config.space["name"])
    restores = config.truth["name"] == "restore"
    trainer: Measurer = (restorer_of if restores else trainer_of)(config, progress)
    space, drawn_from = trainer.space, listed(trainer.space)
    asked, taken = setting(config, "architectures"), None
    if asked != "any":
        rng = generator(trainer.recipe.seeds[0], "truth", "architectures")
        taken = tuple(sorted(Population(space, drawn_from).sample_distinct(asked, rng)))
    return Measured(space, trainer.recipe, trainer, drawn_from, taken)


def trainer_of(
    config: RunConfig,
    progress: Progress = lambda words, done, total: None,
    kind: type[Trainer] | None = None,
) -> Trainer:
    """What trains the architectures of a checked config, of another ``kind`` where that is named.

    Errors as :func:`benchmark_of`.
    """
    from harness import inputs, networks
    from harness.runs._trainer import Trainer
    from harness.training import require_images

    told, space = _settings(config), spaces.load(config.space["name"])
    sizes = (None if told[name] == "default" else told[name] for name in ("channels", "cells"))
    size, network = networks.size_of(space, told["fidelity"], *sizes)
    networks.require_convolutions(space, told["convolutions"])
    crop = told["input"] == config.input["name"] and bool(config.input.get("crop"))
    source = inputs.opened(told["input"], told["classes"], told["image_size"], told["folder"], crop)
    count = IMAGES if told["images"] == "default" else told["images"]
    images = require_images(source, count, told["batch_size"], "truth")
    if told["images"] != "default" and images < count:
        raise ConfigError(
            f"truth.images={count} are more than the {images:,} that input {source.name} has; take fewer, or "
            "truth.images=default."
        )
    recipe = Recipe(
        space=space.name,
        input=source.name,
        digest=source.digest,
        classes=source.classes,
        image_size=source.image_size,
        images=images,
        network=network,
        epochs=told["epochs"],
        batch_size=told["batch_size"],
        rate=told["rate"],
        seeds=tuple(range(told["seed"], told["seed"] + told["seeds"])),
        arithmetic=config.arithmetic,
        convolutions=told["convolutions"],
    )
    return (kind or Trainer)(config, space, recipe, size, source, _root(config), progress)


def restorer_of(
    config: RunConfig, progress: Progress = lambda words, done, total: None, held_out: float = 0.0
) -> Restorer:
    """What fits the architectures of a checked config to its degraded image; errors as :func:`benchmark_of`.

    The fits do not read the share ``held_out`` of the known pixels.
    """
    from harness import networks
    from harness.runs._restorer import Restorer

    told, space = _settings(config), spaces.load(config.space["name"])
    networks.require_restorer(space, told["fidelity"], told["image_size"])
    size, network = networks.size_of(space, told["fidelity"])
    image, degradation = told["image"], told["degradation"]
    true = restoration.photograph(image, told["image_size"])
    problem = restoration.degraded(true, degradation, generator(0, "degradation", degradation))
    seen = b"".join(part.tobytes() for part in (problem.truth, problem.observed, problem.known))
    recipe = RestorationRecipe(
        space=space.name,
        image=restoration.called(image),
        digest=hashlib.sha256(seen).hexdigest(),
        image_size=told["image_size"],
        degradation=degradation,
        fidelity=told["fidelity"],
        network=network,
        iterations=told["iterations"],
        rate=told["rate"],
        held_out=held_out,
        seeds=tuple(range(told["seed"], told["seed"] + told["seeds"])),
        arithmetic=config.arithmetic,
    )
    return Restorer(config, space, recipe, size, problem, _root(config), progress)


def _settings(config: RunConfig) -> dict[str, Any]:
    """All settings of the group ``truth``; raises for an unknown fidelity."""
    told = {name: setting(config, name) for name in groups.options("truth", config.truth["name"])}
    space = spaces.load(config.space["name"])
    if told["fidelity"] not in families.fidelities(space):
        raise unknown_name(f"truth.fidelity of {space.name}", told["fidelity"], families.fidelities(space))
    return told


def _root(config: RunConfig) -> Path:
    return Path(config.results) if config.results else folders.RESULTS


def listed(space: Space) -> tuple[Architecture, ...] | None:
    """What architectures are drawn from: those that a table knows by its default label, or ``None``.

    So a run with measured truth draws the same ones as one with the table, and both can be compared.
    """
    if space.name not in benchmarks.names():
        return None
    table = benchmarks.load(space.name)
    if table.architectures is None or table.complete:
        return None if table.architectures is None else tuple(table.architectures)
    known = np.isfinite(table.values(table.keys, table.default_label.name))
    return tuple(arch for arch, there in zip(table.architectures, known, strict=True) if there)


def setting(config: RunConfig, name: str) -> Any:
    """A setting of the group ``truth``, its default where the config leaves it out."""
    value = config.truth.get(name, groups.options("truth", config.truth["name"])[name].default)
    own = {"${input.name}": config.input.get("name"), "${input.folder}": config.input.get("folder")}
    return own.get(value, value) if isinstance(value, str) else value


def check(config: RunConfig, space: Space) -> None:
    """Raise one sentence for what cannot be measured, before anything is loaded.

    Raises
    ------
    ConfigError, UnknownNameError
        For a label, an input that is none, and a task or method that needs the truth of everything.
    """
    if config.label not in ("", "none", benchmarks.default_label(space.name)):
        raise ConfigError(
            f"truth={config.truth['name']} measures a label of its own, whose name says how: leave label "
            f"out; received label={config.label}."
        )
    if config.truth["name"] == "restore":
        restoration.require_photograph(setting(config, "image"))
        return
    name = setting(config, "input")
    if name not in registry.names("harness.inputs"):
        raise unknown_name("truth.input", name, registry.names("harness.inputs"))
    Whole(2).check("truth.batch_size", setting(config, "batch_size"))


def require_list(config: RunConfig, space: Space, why: str) -> None:
    """Raise :class:`ConfigError` where ``why`` needs the truth of everything, and any may be asked about."""
    if is_measured(config) and setting(config, "architectures") == "any":
        size = Population(space, listed(space)).size
        raise ConfigError(needs_all(why, size, space))
