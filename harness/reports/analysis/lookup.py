"""The benchmark behind the records of a section, and where an architecture stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from harness import benchmarks, restoration, spaces
from harness.benchmarks import AnyRecipe, Benchmark, Label, RestorationRecipe
from harness.errors import HarnessError
from harness.reports import wording
from harness.reports.analysis.groups import Group


def table_of(space: str, label: str) -> Benchmark | None:
    """The benchmark of ``space`` as it is now; ``None`` where there is none, or none with ``label``."""
    try:
        table = benchmarks.load(space)
    except HarnessError:
        return None
    return table if label in table.labels else None


def recipe_of(group: Group) -> AnyRecipe | None:
    """How the truth of ``group`` was measured here; ``None`` where it is a table's."""
    told = group.run.settings.get("measured")
    return None if told is None else benchmarks.recipe_of_settings(told)


def restores(group: Group) -> bool:
    """Whether its truth is a restoration that was measured here."""
    return isinstance(recipe_of(group), RestorationRecipe)


def label_of(group: Group) -> Label | None:
    """Its label, of a table or of measured truth; ``None`` where nobody knows it any more."""
    recipe, table = recipe_of(group), table_of(group.run.space, group.run.label)
    if recipe is not None:
        return recipe.label
    return None if table is None else table.label(group.run.label)


def label_words(group: Group) -> str:
    """What its label means, by the manifest or, of measured truth, its fidelity; empty where unknown."""
    label = label_of(group)
    return "" if label is None else ", ".join(filter(None, (label.dataset, label.words, label.runs)))


def truth_overrides(group: Group) -> list[str]:
    """What names its truth on a command line: the label, or how it is measured here."""
    told = group.run.settings.get("measured")
    if told is None:
        return [f"label={group.run.label}"]
    if restores(group):
        own = ("image_size", "degradation", "fidelity", "iterations", "rate", "architectures", "kept")
        image = told["image"] if told["image"] in restoration.CREDITS else "FILE"
        found = ["truth=restore", f"truth.image={image}"]
        found += [f"truth.{name}={told[name]}" for name in own if name in told]
        return [*found, f"truth.seed={told['seeds'][0]}", f"truth.seeds={len(told['seeds'])}"]
    named = ("image_size", "images", "classes", "fidelity", "epochs", "batch_size", "rate", "architectures")
    found = ["truth=train", f"truth.input={told['input']}"]
    found += ["truth.folder=FOLDER"] * (told["input"] == "cifar10")
    found += [f"truth.{name}={told[name]}" for name in (*named, "kept") if name in told]
    sizes = {"cells" if name == "layers" else name: value for name, value in told["network"].items()}
    found += [f"truth.{name}={sizes[name]}" for name in ("channels", "cells") if name in sizes]
    return [*found, f"truth.seed={told['seeds'][0]}", f"truth.seeds={len(told['seeds'])}"]


def truth_sentence(groups: Sequence[Group]) -> tuple[str, ...]:
    """At which fidelity the truth of groups of one label was measured; nothing where it is a table's."""
    measured = any(recipe_of(group) is not None for group in groups[:1])
    return (f"Truth of this section: {label_words(groups[0])}.",) if measured else ()


def origin_words(group: Group) -> str:
    """How its accuracies were come by, in few words."""
    if restores(group):
        return "fitted here to one image"
    return "looked up in the table" if recipe_of(group) is None else "trained here at a small fidelity"


def best_of(groups: Sequence[Group]) -> str:
    """What the best accuracy is the best of, that groups of one label are compared with."""
    return "best of the space" if known_by(groups) == _LISTED else "best that is known"


_LISTED = "the space lists"


def known_by(groups: Sequence[Group]) -> str:
    """Who has the architectures that groups of one label are compared with: the space, or its benchmark."""
    if any(recipe_of(group) is not None for group in groups[:1]):
        listed = groups[0].run.settings["measured"]["architectures"] != "any"
        return "the measured truth holds" if listed else "the space has"
    found = [table_of(group.run.space, group.run.label) for group in groups[:1]]
    partial = any(table is not None and not table.complete for table in found)
    return "the benchmark knows" if partial else _LISTED


def of_this_table(groups: Iterable[Group], table: Benchmark) -> tuple[list[Group], str]:
    """The groups whose accuracies came from ``table``, and what is with the others, empty without any."""
    members: list[Group] = []
    others: list[Group] = []
    for group in groups:
        now = table.digest(group.run.label)
        (members if _truth(group) == now else others).append(group)
    if not others:
        return members, ""
    names = ", ".join(dict.fromkeys(group.method for group in others))
    digests = ", ".join(dict.fromkeys(wording.setting(_truth(group)) for group in others))
    return members, (
        f"the accuracies of {names} came from another table ({digests}) than the one that is here now "
        f"({wording.setting(now)})"
    )


def _truth(group: Group) -> str | None:
    """The digest of its figures, or, in a record that nothing more is known of, of a whole file of them."""
    return group.settings.get("truth", group.settings.get("table"))


def keys(space: str, archs: Sequence[str]) -> np.ndarray:
    """:meth:`harness.spaces.Space.key` of architectures given as strings; int64."""
    return np.fromiter((_key(space, arch) for arch in archs), np.int64, len(archs))


@lru_cache(maxsize=2**16)
def _key(space: str, arch: str) -> int:
    loaded = spaces.load(space)
    return loaded.key(loaded.parse(arch))
