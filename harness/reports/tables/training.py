"""How supernets were trained for the scores that read trained ones: a table, and their learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.charts import style
from harness.reports.charts.chart import Chart, Panel, Series
from harness.reports.model import Cell, Column, Row, Table
from harness.stats import mean_with_interval

COLUMNS = (
    Column("Training", "of the supernet, before any decision", numeric=False),
    Column("Read by", "methods that read this supernet", numeric=False),
    Column("Epochs", "passes over the training half of the images"),
    Column("Images", "to train weights on + to validate on, and for architecture parameters"),
    Column("Loss", "cross-entropy in the last epoch, as seen on the way", lower_first=True),
    Column("Training acc., %", "in the last epoch, as seen on the way", extra=True),
    Column("Validation acc., %", "of the whole supernet on the validation half, after the last epoch"),
    Column("Seeds", "supernets averaged"),
)

CURVE = ("train_accuracy", "valid_accuracy")

_KEYS = ("fidelity", "input.name", "training.name", "training.epochs", "training.batch_size")


def trainings(groups: Sequence[Group]) -> dict[tuple[Any, ...], list[Group]]:
    """Groups by how their supernet was trained; those with untrained supernets are left out."""
    found: dict[tuple[Any, ...], list[Group]] = {}
    for group in groups:
        if group.results and "training" in group.results[0].statistics:
            key = tuple(group.settings.get(name) for name in (*_KEYS, "training.images"))
            found.setdefault(key, []).append(group)
    return found


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table, a row for each way of training; none where nothing was trained."""
    found = trainings(groups)
    if not found:
        return ()
    rows = [_row(members) for members in found.values()]
    return (Table("Supernets trained for these scores", COLUMNS, tuple(rows), _caption(found)),)


def _row(members: list[Group]) -> Row:
    group = members[0]
    runs = _runs(members)
    last = [run["curve"][-1] for run in runs.values()]
    halves = {tuple(run["images"].values()) for run in runs.values()}
    images = ", ".join(" + ".join(f"{count:,}" for count in half) for half in sorted(halves))
    settings = group.settings
    note = f"fidelity={settings['fidelity']}, input={settings['input.name']}"
    return Row(
        (
            Cell(settings["training.name"], settings["training.name"], note),
            Cell(", ".join(dict.fromkeys(member.method for member in members))),
            Cell(str(settings["training.epochs"]), float(settings["training.epochs"])),
            Cell(images, float(sum(min(halves)))),
            *(
                wording.mean_cell(mean_with_interval([row[name] for row in last]), digits)
                for name, digits in (("train_loss", 3), ("train_accuracy", 1), ("valid_accuracy", 1))
            ),
            Cell(str(len(runs)), float(len(runs))),
        )
    )


def _runs(members: Sequence[Group]) -> dict[int, Mapping[str, Any]]:
    """The training by seed: the same for all groups that share it."""
    return {result.run.seed: result.statistics["training"] for group in members for result in group.results}


def _caption(found: Mapping[tuple[Any, ...], list[Group]]) -> tuple[str, ...]:
    sentences = ["Means ± standard deviations over seeds."]
    small = sorted({str(key[0]) for key in found if key[0] != "benchmark"})
    if small:
        sentences.append(
            f"Small: at fidelity={', '.join(small)} supernets are narrower and shallower than their authors' "
            "and trained for fewer epochs on fewer images. Such rows show that a method runs and in which "
            "direction it goes, not what it reaches; fidelity=benchmark is the authors' setting."
        )
    return tuple(sentences)


def curves(groups: Sequence[Group], label_words: str) -> Chart | None:
    """Accuracy of the supernets by epoch; ``None`` where nothing was trained."""
    found = trainings(groups)
    if not found:
        return None
    place = groups[0].run
    shown = dict(list(found.items())[: len(style.COLOURS)])
    panels = tuple(
        Panel(
            tuple(_curve(key, members, name, number) for number, (key, members) in enumerate(shown.items())),
            title=title,
            x_title="epoch",
            y_title="accuracy, %",
            whole=True,
        )
        for name, title in zip(CURVE, ("training half", "validation half"), strict=True)
    )
    return Chart(
        name=f"training-{place.task}-{place.space}-{place.label}",
        kind="Supernets in training",
        title="Supernets in training",
        lines=(place.space,),
        caption=f"{wording.label_sentence(groups[0], label_words)} Accuracy of the whole "
        "supernet by epoch, mean over seeds: on the training half as seen on the way, on the whole "
        "validation half after the epoch.",
        alternative=f"Accuracy by epoch of {len(shown)} ways to train the supernet of {place.space}.",
        panels=panels,
        columns=2,
        records=wording.records([group for members in shown.values() for group in members]),
    )


def _curve(key: tuple[Any, ...], members: Sequence[Group], name: str, number: int) -> Series:
    lines = [[row[name] for row in run["curve"]] for run in _runs(members).values()]
    mean = np.mean(lines, axis=0)
    epochs = np.arange(1, len(mean) + 1)
    label = f"{key[2]} ({key[0]}, {key[1]})"
    return Series(label, epochs, mean, line="straight", markers=len(mean) == 1, colour=number, marker=number)
