"""Restorations of a degraded image: a simple method's, the classical network's, and those that were found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.model import Cell, Column, Gallery, Picture, Row, Table
from harness.restoration import DEGRADATIONS, credit
from harness.stats import mean_with_interval

COLUMNS = (
    Column(
        "Restored by",
        "the simple method, the classical network, the network that a search found",
        numeric=False,
    ),
    Column("PSNR, dB", "against the true image, after the last iteration"),
    Column("SSIM", "structural similarity to the true image, at most 1, after the last iteration"),
    Column(
        "Oracle-stopped PSNR, dB",
        "the best of every tenth iteration, which only who knows the true image could stop at",
    ),
    Column("Oracle stops at", "iteration of that PSNR", extra=True),
    Column("Parameters", "of the network", lower_first=True),
    Column("Networks fitted", "by the search", lower_first=True),
    Column("Seeds", "runs averaged"),
)


def restored(groups: Sequence[Group]) -> list[Group]:
    """The groups whose records hold restorations, the best first."""
    told = [group for group in groups if group.results and group.stat("restoration.found.psnr")["n"]]
    return sorted(told, key=lambda group: float(group.stat("restoration.found.psnr")["mean"]), reverse=True)


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """One table; none where nothing was restored."""
    told = restored(groups)
    if not told:
        return ()
    first = _restoration(told[0])
    rows = [
        Row(
            _cells(told[0], "degraded", Cell("degraded image", "degraded image"))[:-2] + _none(), "reference"
        ),
        Row(_cells(told[0], "simple", _named("simple", first["method"]))[:-2] + _none(), "reference"),
        Row(_cells(told[0], "classical", _named("classical", "skip network"))[:-2] + _none(), "baseline"),
        *(Row(_cells(group, "found", wording.method_cell(group, groups))) for group in told),
    ]
    if first["degraded"] == first["simple"]:
        del rows[0]
    return (Table(f"Restored: {_task(told[0])}", COLUMNS, tuple(rows), _caption(told)),)


def galleries(groups: Sequence[Group]) -> tuple[Gallery, ...]:
    """The images of the first seed side by side; none where nothing was restored."""
    told = restored(groups)
    if not told:
        return ()
    first, seed = _restoration(told[0]), told[0].seeds[0]
    shown = [("degraded", "degraded", first)]
    if first["degraded"] != first["simple"]:
        shown.append((first["method"], "simple", first))
    shown.append(("classical deep image prior", "classical", first))
    shown += [(f"found by {wording.title(group, told)}", "found", _restoration(group)) for group in told]
    pictures = [
        Picture(title, _quality(own[name]), own["images"][name])
        for title, name, own in shown
        if own["images"][name] is not None
    ]
    pictures.append(Picture("true image", "", first["images"]["truth"]))
    words = f"Seed {seed}; PSNR and SSIM are against the true image, {_credit(told[0])}."
    return (Gallery(f"Images: {_task(told[0])}", words, tuple(pictures)),)


def _task(group: Group) -> str:
    return DEGRADATIONS[group.settings["measured.degradation"]]


def _credit(group: Group) -> str:
    return credit(group.settings["measured.image"])


def _restoration(group: Group) -> Mapping[str, Any]:
    """What the record of the first seed says."""
    return group.results[0].statistics["restoration"]


def _quality(told: Mapping[str, Any]) -> str:
    return f"{wording.number(told['psnr'], 2)} dB, SSIM {wording.number(told['ssim'], 3)}"


def _named(name: str, note: str) -> Cell:
    words = {"simple": "simple method", "classical": "classical deep image prior"}[name]
    return Cell(words, words, note)


def _none() -> tuple[Cell, ...]:
    return Cell(wording.NONE), Cell(wording.NONE)


def _cells(group: Group, name: str, title: Cell) -> tuple[Cell, ...]:
    def cell(part: str, digits: int) -> Cell:
        stat = group.stat(f"restoration.{name}.{part}")
        if not stat["n"]:
            return Cell(wording.NONE)
        return wording.mean_cell(stat, digits, whole=not digits)

    return (
        title,
        cell("psnr", 2),
        cell("ssim", 3),
        cell("oracle", 2),
        cell("oracle_iteration", 0),
        cell("params", 0),
        wording.mean_cell(mean_with_interval(group.values("networks")), 0, whole=True),
        wording.seeds_cell(group),
    )


def _caption(told: Sequence[Group]) -> tuple[str, ...]:
    fitness = sorted({str(group.settings.get("fitness")) for group in told})
    return (
        "All networks are fitted alike, to all that is observed and for the same number of iterations. What "
        "a search goes by never reads the true image; the oracle-stopped column does, and is no result of a "
        "method.",
        f"Fitness: {', '.join(fitness)} (PSNR in dB on observed pixels: held_out on those that are hidden "
        "from the fit, degraded on those that it reads). Nothing here is comparable with published figures: "
        "images, sizes and iterations are others. A perceptual metric of a pretrained network, the paper's "
        "fitness, is not available.",
        f"The image: {_credit(told[0])}.",
        wording.settings_sentence(told),
    )
