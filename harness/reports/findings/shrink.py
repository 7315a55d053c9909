"""What the records say of shrinking: what the best shrinker leaves."""

from __future__ import annotations

from collections.abc import Sequence

from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity
from harness.reports.findings import parts
from harness.reports.model import Finding

HEADING = "What shrinking leaves"


def finding(groups: Sequence[Group], quantity: Quantity, anchor: str) -> Finding | None:
    """The shrinker that keeps the best architecture; ``None`` where nothing is known of what is left.

    An oracle is none, unless nothing else was run.
    """
    scored = [group for group in groups if group.results]
    best = parts.best([group for group in scored if group.method != "oracle"] or scored, "last.best")
    if best is None:
        return None
    left = wording.mean_cell(quantity.stat(best.stat("last.best")), quantity.digits).text
    count = wording.mean_cell(best.stat("last.architectures"), 0, whole=True).text
    of = wording.mean_cell(best.stat("steps.0.architectures"), 0, whole=True).text
    mean = quantity.text(best.stat("last.mean")["mean"])
    before = quantity.text(best.stat("steps.0.mean")["mean"])
    told = wording.mean_cell(best.stat("last.queries"), 0, whole=True).text
    paid = (f"It was told {told} trained figures.",) if best.stat("last.queries")["mean"] else ()
    return Finding(
        HEADING,
        f"{wording.title(best, scored)} leaves {count} of {of} architectures, the best of them with "
        f"{left} {quantity.unit}.",
        (f"Their mean is {mean}, that of the whole space {before}.", *paid),
        f"{wording.counted(len(scored), 'shrinker')}, {wording.seeds(best.seeds)}, label {best.run.label}",
        anchor,
    )
