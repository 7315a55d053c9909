"""Table of ``variance``: how much scores and proposals vary when one thing is drawn anew."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.model import Cell, Column, Row, Table

FACTORS = {
    "initialisation": "initial weights",
    "batch": "batch",
    "supernet": "both: another supernet",
    "order": "order of decisions",
    "all": "all of these",
    "masking": "masking, of two",
    "counting": "counting of ReLUs, of two",
}
"""What is drawn anew, in words."""


def columns(quantity: Quantity) -> tuple[Column, ...]:
    """In the words of the label."""
    unit = f", {quantity.unit}" if quantity.unit else ""
    return (
        Column("Scorer", "operation scorer", numeric=False),
        Column("Drawn anew", "what differs between two measurements", numeric=False),
        Column(
            "Variance of scores",
            "of those of one candidate, standardised within their decision; 1 where they say nothing of "
            "each other",
        ),
        Column(f"Spread of proposals{unit}", f"standard deviation of a proposal's {quantity.metric}"),
        Column("Share, %", "of its variance when all of these are drawn anew"),
        Column("Seeds", "runs averaged"),
    )


def tables(groups: Sequence[Group]) -> tuple[Table, ...]:
    """Of every scorer a row for each factor that has two levels."""
    quantity = quantity_of(*groups[0].place[1:])
    heads = columns(quantity)
    scored = [group for group in groups if group.results]
    rows = [
        Row(_cells(group, groups, name, words, quantity), "method")
        for group in scored
        for name, words in FACTORS.items()
        if group.stat(f"scores.variance.{name}")["n"] or group.stat(f"proposals.sd.{name}")["n"]
    ]
    rows += wording.rows_of_failed(groups, heads)
    return (Table("What scores and proposals vary with", heads, tuple(rows), _caption(groups, scored)),)


def _cells(
    group: Group, groups: Sequence[Group], name: str, words: str, quantity: Quantity
) -> tuple[Cell, ...]:
    variance, spread = group.stat(f"scores.variance.{name}"), group.stat(f"proposals.sd.{name}")
    whole = group.stat("proposals.sd.all")["mean"]
    share = 100 * (spread["mean"] / whole) ** 2 if whole and spread["mean"] is not None else None
    return (
        wording.method_cell(group, groups),
        Cell(words, words),
        wording.mean_cell(variance, 3) if variance["n"] else Cell(wording.NONE),
        wording.mean_cell(spread, quantity.digits) if spread["n"] else Cell(wording.NONE),
        Cell(wording.number(share, 0), share),
        wording.seeds_cell(group),
    )


def _caption(groups: Sequence[Group], scored: Sequence[Group]) -> tuple[str, ...]:
    if not scored:
        return ("No run of these succeeded.",)
    return (
        "Every initialisation is scored on every batch, and decided in every order, so that each row has "
        "pairs that differ in what it names and in nothing else. Shares of single factors need not add up to "
        "100: what is left is where they act together.",
        *lookup.truth_sentence(scored),
        wording.settings_sentence(groups),
    )
