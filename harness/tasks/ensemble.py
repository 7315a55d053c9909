"""Networks of a shrunk space that share layers, trained together, beside one network of the same FLOPs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.options import Option, Whole
from harness.tasks._task import Measure, Rows, Task, Told

PARTS = ("member", "ensemble", "one", "alone")
"""What is trained: members within the ensemble, the ensemble, one network of about as many multiply-adds, and
the first member's network by itself.

A row is one of these and a ``training``, by its seed: the ``number`` of a member, from 1, else 0; ``flops``
are multiply-adds for one image, ``accuracy`` and ``disagreement``, of two members on average, in per cent.
"""


def statistics(rows: Rows) -> dict[str, Any]:
    """Means over the trainings by part; ``None`` where one came to nothing.

    ``gain`` is the ensemble's accuracy less that of the one network, ``over_members`` less the members' mean,
    in percentage points; ``flops_ratio`` the one network's multiply-adds as a share of the ensemble's.
    """
    found: dict[str, Any] = {part: _means(rows, part) for part in PARTS}
    numbers = sorted(set(np.asarray(rows["number"])[np.asarray(rows["part"]) == "member"].tolist()))
    each = [_means(rows, "member", number)["accuracy"] for number in numbers]
    known = [accuracy for accuracy in each if accuracy is not None]
    ensemble, one = found["ensemble"], found["one"]
    return {
        **found,
        "best_member": max(known) if known and len(known) == len(each) else None,
        "gain": _less(ensemble["accuracy"], one["accuracy"]),
        "over_members": _less(ensemble["accuracy"], found["member"]["accuracy"]),
        "flops_ratio": one["flops"] / ensemble["flops"],
    }


def _means(rows: Rows, part: str, number: int | None = None) -> dict[str, float | None]:
    taken = np.asarray(rows["part"]) == part
    if number is not None:
        taken &= np.asarray(rows["number"]) == number
    names = ("accuracy", "disagreement", "flops", "params")
    columns = {name: np.asarray(rows[name], dtype=np.float64)[taken] for name in names}
    return {
        name: float(values.mean()) if len(values) and np.isfinite(values).all() else None
        for name, values in columns.items()
    }


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def headline(statistics: Mapping[str, Any], told: Told) -> str:
    """The ensemble, and what it gains over one network of as many multiply-adds."""
    accuracy, gain = statistics["ensemble"]["accuracy"], statistics["gain"]
    if accuracy is None or gain is None:
        return "a training came to nothing"
    near = statistics["flops_ratio"]
    return f"{told(accuracy)}, {gain:+.2f} over one network of {near:.2f} times its multiply-adds"


TASK = Task(
    name="ensemble",
    title="Ensembles: networks that share layers",
    group="shrinker",
    options={
        "members": Option(Whole(2), 2, "networks of the ensemble"),
        "split": Option(
            Whole(0, word="default"), "default", "layers that they share behind the stem; default is half"
        ),
        "children": Option(int, 20, "drawn in the space left, among which members are picked"),
    },
    columns=(
        "part", "number", "training", "arch", "channels", "flops", "params", "accuracy", "disagreement",
        "status", "reason",
    ),
    row_key=("part", "number", "training"),
    statistics=statistics,
    recomputed=(*PARTS, "best_member", "gain", "over_members", "flops_ratio"),
    headline=headline,
    compared=(
        Measure("ensemble.accuracy", "accuracy of the ensemble, %", 2),
        Measure("gain", "its gain over one network, points", 2),
    ),
    needs_truth=False,
)  # fmt: skip
