"""Published figures beside measured or recomputed ones: a table for every space and label, and all as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from harness.published.figures import Published
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.published import Comparison, compare
from harness.reports.model import Cell, Column, Row, Table

COLUMNS = (
    Column("Method", "as the publication calls it, and as it is called here", numeric=False),
    Column("Figure", "what was published, and where", numeric=False),
    Column(
        "Variant",
        "paper, or as_released: supernets masked, and ReLUs counted, as the publication's code does; "
        "a dash where neither is so, or nothing is masked",
        numeric=False,
    ),
    Column("Published", "mean ± standard deviation over their seeds"),
    Column("Their seeds", "runs averaged in the publication"),
    Column("Measured", "mean ± standard deviation over our seeds; or recomputed from published scores"),
    Column("Our seeds", "runs averaged here"),
    Column("Difference", "measured minus published mean"),
    Column(
        "In standard errors",
        "difference / √(sd₁²/n₁ + sd₂²/n₂); a dash where a deviation is unknown, or the scores are the same",
    ),
    Column(
        "Measured otherwise",
        "our settings that differ from those of the publication; recomputed: the scores are its own",
        numeric=False,
    ),
)

TRUTHS = {"best_acc": "best-acc", "avg_acc": "avg-acc"}
SIGNS = {"kendall": "τ", "spearman": "ρ"}
PICKS = {"selected": "picked by the initial scores", "selected_progressive": "picked step by step"}

FIELDS = (
    "space", "label", "method", "published_name", "statistic",
    "variant", "published_mean", "published_sd", "published_n",
    "measured_mean", "measured_sd", "measured_low", "measured_high", "measured_n",
    "difference", "standard_errors", "recomputed", "closest", "group", "differing", "source",
)  # fmt: skip


def table(comparisons: Sequence[Comparison]) -> Table:
    """One row for every published figure, variant and group that comes closest to its settings."""
    shown = [each for each in comparisons if each.closest]
    groups = list({each.group.key: each.group for each in shown}.values())
    return Table(
        "Published beside measured",
        COLUMNS,
        tuple(Row(_cells(each, groups)) for each in shown),
        _caption(comparisons, len(shown)),
    )


def numbers_csv(groups: Sequence[Group]) -> str:
    """CSV: every published figure with every group that measured the same, at full precision."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, FIELDS, lineterminator="\n")
    writer.writeheader()
    for (space, label), comparisons in compare(groups).items():
        writer.writerows({"space": space, "label": label, **_line(each)} for each in comparisons)
    return buffer.getvalue()


def _line(each: Comparison) -> dict[str, object]:
    figure = each.figure
    return {
        "method": figure.method, "published_name": figure.name, "statistic": figure.statistic,
        "variant": each.variant,
        "published_mean": figure.mean, "published_sd": figure.sd, "published_n": figure.n,
        **{f"measured_{key}": each.measured[key] for key in ("mean", "sd", "low", "high", "n")},
        "difference": each.difference, "standard_errors": each.standard_errors,
        "recomputed": each.recomputed, "closest": each.closest, "group": each.group.key,
        "differing": json.dumps(each.differing, sort_keys=True), "source": figure.source,
    }  # fmt: skip


def _cells(each: Comparison, groups: Sequence[Group]) -> tuple[Cell, ...]:
    figure = each.figure
    digits, whole = _digits(figure)
    published = {"mean": figure.mean, "sd": figure.sd, "n": figure.n, "undefined": 0}
    own = wording.own_settings(each.group, [group for group in groups if group.method == each.group.method])
    return (
        Cell(figure.name, figure.name, each.group.method),
        Cell(_words(figure), figure.statistic, figure.source),
        Cell(each.variant or wording.NONE),
        wording.mean_cell(published, digits, whole),
        Cell(str(figure.n), float(figure.n)),
        wording.mean_cell(each.measured, digits, whole),
        Cell(str(each.measured["n"]), float(each.measured["n"])),
        Cell(wording.number(each.difference, 1 if whole else digits), each.difference),
        Cell(wording.number(each.standard_errors, 1), each.standard_errors),
        Cell(_differing(each), None, own),
    )


def _digits(figure: Published) -> tuple[int, bool]:
    """Decimals of a figure, and whether it is a whole number."""
    if figure.statistic.endswith(".rank"):
        return 0, True
    return (2 if figure.statistic.endswith(".accuracy") else 3), False


def _words(figure: Published) -> str:
    first, *rest = figure.statistic.split(".")
    if first in PICKS:
        return f"{rest[0]}{', %' if rest[0] == 'accuracy' else ''}, {PICKS[first]}"
    step, truth, name = rest
    return f"{SIGNS[name]} with {TRUTHS[truth]}, {'initial' if step == '0' else f'step {step}'}"


def _differing(each: Comparison) -> str:
    pairs = [f"{key} {ours} ({theirs})" for key, (ours, theirs) in each.differing.items()]
    return ", ".join(["recomputed"] * each.recomputed + pairs) or wording.NONE


def _caption(comparisons: Sequence[Comparison], shown: int) -> tuple[str, ...]:
    setup = "; ".join(dict.fromkeys(each.figure.words for each in comparisons))
    others = len(comparisons) - shown
    return (
        "Every published figure for which there are records stands here, however far off, beside the records "
        "of this label whose settings differ in the fewest places, for either variant; in brackets the "
        "publication's setting. "
        "Recomputed ones rest on the published operation scores themselves (source=published): they test "
        "statistics and tables, not what is measured here, and miss seeds whose scores were not published. "
        f"{wording.number(others, 0)} comparisons with other records are in published.csv.",
        f"Theirs: Zero-Cost-PT (Xiang et al., AAAI 2023), {setup}. Whether their deviations divide by n or "
        "n − 1 is not said.",
        "Correlations are per decision over its few operations and averaged over the decisions: with five "
        "items one swapped pair moves a τ by 0.2. Accuracies and ranks hang on the label.",
    )
