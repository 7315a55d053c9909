"""Config groups: the folders whose items are a group's options, and the settings that an item takes.

Every task's method group, such as ``scorer``, is one: its options are the items of the folder ``scorers``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness import registry, tasks
from harness.options import Folder, Option, Whole, settings_of


@dataclass(frozen=True)
class Group:
    """A config group.

    Attributes
    ----------
    folders
        Packages of ``harness`` whose items are its options; without any, its options are files alone.
    options
        What its items take, whatever their modules state. A config may leave these out.
    stated
        Whether a module may state more in ``OPTIONS``; those of the other groups load torch.
    stand_ins
        Options that are no items and take the same settings.
    bare
        Items that take no settings.
    by_item
        What single items take; a config may leave these out too.
    """

    folders: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    stated: bool = True
    stand_ins: tuple[str, ...] = ()
    bare: tuple[str, ...] = ()
    by_item: Mapping[str, Mapping[str, Option]] = field(default_factory=dict)


_CONVOLUTIONS = Option(("real", "xnor"), "real", "of these networks; xnor trains binary weights")

_LENGTHS = {
    "epochs": Option(int, "${fidelity.epochs}", "over the images"),
    "fine_tuning_epochs": Option(
        int, "${fidelity.fine_tuning_epochs}", "after each decision of darts_pt and disc_acc"
    ),
    "images": Option(
        Whole(word="all"), "${fidelity.images}", "taken of the input, half of them to validate on; or all"
    ),
}

_ANY_TRUTH = {
    "fidelity": Option(str, "small", "size of the networks that are trained"),
    "seed": Option(Whole(0), 0, "of the first training, whatever the run's own is"),
    "seeds": Option(int, 1, "trainings of every architecture, whose mean counts"),
    "architectures": Option(
        Whole(word="any"), "any", "how many are drawn and taken for all; any trains what is asked for"
    ),
    "kept": Option(("same", "any"), "same", "any takes figures that other code or machines have made"),
}

_TRUTHS = {
    "train": {
        "input": Option(str, "${input.name}", "that is trained on"),
        "folder": Option(Folder(), "${input.folder}", "of these images on disk"),
        "classes": Option(int, 10, "outputs of the networks"),
        "image_size": Option(int, 16, "side of an image in pixels"),
        "images": Option(
            Whole(word="default"), "default", "taken of it, half to validate on; default is 8,000, or all"
        ),
        "channels": Option(Whole(word="default"), "default", "of the first cells; default is the size's"),
        "cells": Option(Whole(word="default"), "default", "of these networks, in DARTS their layers"),
        "epochs": Option(int, 5, "passes over the training half"),
        "batch_size": Option(int, 32, "images per step"),
        "rate": Option(float, 0.025, "first learning rate, which falls to 0 along a cosine"),
        "convolutions": _CONVOLUTIONS,
        **_ANY_TRUTH,
    },
    "restore": {
        "image": Option(str, "china", "a photograph of scikit-learn or scikit-image, or an image file"),
        "image_size": Option(int, 64, "side of an image in pixels"),
        "degradation": Option(("noise", "missing", "downsampled"), "noise", "what is done to it"),
        "iterations": Option(int, 300, "of a fit"),
        "rate": Option(float, 0.01, "learning rate of a fit"),
        **_ANY_TRUTH,
    },
}

METHODS = tuple(dict.fromkeys(tasks.load(name).group for name in tasks.names()))
"""Groups that name a task's method."""

GROUPS: Mapping[str, Group] = {
    "task": Group(("tasks",)),
    "space": Group(
        ("spaces",),
        {
            "label": Option(str, "", "the default; `python -m harness.cli.tables list` says what each means"),
            "supernet_epochs": Option(int, 50, "of a supernet at fidelity=benchmark"),
        },
    ),
    **{group: Group((f"{group}s",)) for group in METHODS},
    "proxy": Group(("proxies", "aggregations")),
    "input": Group(
        ("inputs",),
        {
            "folder": Option(Folder(), None, "of images on disk"),
            "crop": Option(bool, False, "resize the shorter side of images on disk and cut out the centre"),
        },
        stated=False,
    ),
    "fidelity": Group(options=_LENGTHS),
    "training": Group(
        ("training",),
        {
            **_LENGTHS,
            "batch_size": Option(int, 64, "images per step"),
            "convolutions": _CONVOLUTIONS,
            "channel_sampling": Option(int, 1, "one in so many channels goes through an edge's operations"),
        },
        stated=False,
        stand_ins=("default",),
        bare=("none",),
    ),
    "truth": Group(
        stand_ins=("table", "train", "restore"),
        bare=("table",),
        by_item=_TRUTHS,
    ),
    "tracker": Group(("trackers",)),
}
"""By name; a run's config has a field for each."""


def names(group: str) -> tuple[str, ...]:
    """The items of ``group`` and what stands in for them, sorted."""
    own = GROUPS[group]
    items = [name for folder in own.folders for name in registry.names(f"harness.{folder}")]
    return tuple(sorted({*items, *own.stand_ins}))


def options(group: str, name: str) -> dict[str, Option]:
    """The settings that the item ``name`` takes.

    Raises
    ------
    ConfigError, UnknownNameError
        Where there is no such item, or it cannot be imported.
    """
    own = GROUPS[group]
    if name in own.bare:
        return {}
    if name in own.by_item:
        return dict(own.by_item[name])
    if group == "task":
        return dict(tasks.load(name).options)
    stated: Mapping[str, Option] = {}
    if own.folders and own.stated:
        stated = getattr(registry.load(f"harness.{own.folders[0]}", name, group), "OPTIONS", {})
    return {**own.options, **stated}


def settings(group: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the item that ``given`` names, each of its kind.

    Raises
    ------
    ConfigError, UnknownNameError
        For another name, a setting the item does not take, or a value that is not of the kind.
    """
    taken = options(group, given["name"])
    return settings_of(group, given, taken, complete=not (GROUPS[group].options or GROUPS[group].by_item))
