"""Published figures, as ``benchmarks_data/published.toml`` lists them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness import folders
from harness.stats import mean_with_interval

FILE = folders.BENCHMARKS_DATA / "published.toml"


@dataclass(frozen=True)
class Published:
    """One published figure.

    Attributes
    ----------
    name, method
        What the publication calls the method, and its name here.
    statistic
        As in a group's numbers, for example ``steps.0.best_acc.spearman``.
    mean, sd, n
        Over ``n`` seeds; ``sd`` is ``None`` where it is not known.
    settings
        Label, batch size, input, training, ... it was measured with.
    scores, seeds
        The published set of operation scores it was computed from, and those of its seeds that count
        (``None``: all); ``None`` where they were not published.
    words, source
        What else belongs to its setup, and where it stands.
    """

    name: str
    method: str
    space: str
    statistic: str
    mean: float
    sd: float | None
    n: int
    settings: Mapping[str, Any]
    words: str
    source: str
    scores: str | None
    seeds: tuple[int, ...] | None


@cache
def figures(file: Path = FILE) -> tuple[Published, ...]:
    """Every published figure, in the order of ``file``."""
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple(
        figure for item in content["figures"] for figure in _expanded(item, content["setups"][item["setup"]])
    )


def _expanded(item: Mapping[str, Any], setup: Mapping[str, Any]) -> Iterator[Published]:
    """One figure per step of ``means``, or one for ``values``."""
    shared = {key: item[key] for key in ("name", "method", "source")}
    shared |= {"space": setup["space"], "words": setup["words"]}
    shared["settings"] = {"label": item["label"]} | setup["settings"] | item.get("settings", {})
    shared |= {"scores": item.get("scores"), "seeds": tuple(item["seeds"]) if "seeds" in item else None}
    if "values" in item:
        stat = mean_with_interval(item["values"])
        numbers = {key: stat[key] for key in ("mean", "sd", "n")}
        yield Published(statistic=item["statistic"], **numbers, **shared)
        return
    sds = item.get("sds", [])
    for step, mean in enumerate(item["means"]):
        sd = sds[step] if step < len(sds) else None
        yield Published(
            statistic=f"steps.{step}.{item['statistic']}", mean=mean, sd=sd, n=item["n"], **shared
        )
