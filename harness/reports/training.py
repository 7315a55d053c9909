"""How supernets were trained for the scores that read trained ones: a table, and their learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.reports import style, words
from harness.reports.groups import Group
from harness.reports.model import Cell, Column, Figure, Row, Table
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
                words.mean_cell(mean_with_interval([row[name] for row in last]), digits)
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


def curves(groups: Sequence[Group], label_words: str) -> Figure | None:
    """Accuracy of the supernets by epoch; ``None`` where nothing was trained."""
    found = trainings(groups)
    if not found:
        return None
    place = groups[0].run
    shown = dict(list(found.items())[: len(style.COLOURS)])
    with style.context():
        lines_of_legend = 0.19 * ((len(shown) + 1) // 2)
        figure = style.canvas(7.2, 2.9 + lines_of_legend)
        style.headings(figure, "Supernets in training", (place.space,))
        for name, title, left in zip(CURVE, ("training half", "validation half"), (0.08, 0.58), strict=True):
            axes = style.axes(figure, left, left + 0.40, top=0.84, bottom=0.66 + lines_of_legend)
            for number, (key, members) in enumerate(shown.items()):
                lines = [[row[name] for row in run["curve"]] for run in _runs(members).values()]
                label = f"{key[2]} ({key[0]}, {key[1]})"
                axes.plot(
                    np.arange(1, len(lines[0]) + 1), np.mean(lines, axis=0), color=style.COLOURS[number],
                    linewidth=1.4, label=label,
                )  # fmt: skip
            axes.set_title(title, fontsize=8.5, loc="left")
            axes.set_xlabel("epoch")
            axes.set_ylabel("accuracy, %")
            axes.xaxis.get_major_locator().set_params(integer=True)
        style.legend(figure, axes, 2)
        png, svg = style.written(figure)
    return Figure(
        name=f"training-{place.task}-{place.space}-{place.label}",
        title="Supernets in training",
        caption=f"Label {place.label}{f' ({label_words})' if label_words else ''}. Accuracy of the whole "
        "supernet by epoch, mean over seeds: on the training half as seen on the way, on the whole "
        "validation half after the epoch.",
        alternative=f"Accuracy by epoch of {len(shown)} ways to train the supernet of {place.space}.",
        png=png,
        svg=svg,
    )
