"""``source=published``: operation scores that others measured, as records of task ``op_correlation``.

No network is built and nothing is measured: the scores come from
:mod:`harness.benchmarks.operation_scores`, and what becomes of them is the same as with measured ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from harness import benchmarks, scorers, spaces
from harness.benchmarks import operation_scores
from harness.benchmarks.operation_scores import OperationScores, ScoreSet
from harness.records import Run
from harness.runners._operations import pick, recorded, rows, truth_of
from harness.runners._published_sets import published_sets
from harness.runners._training import on, training_of
from harness.runs.config import Outcome, RunConfig
from harness.runs.place import Place, store_of
from harness.scorers import Score
from harness.spaces import Architecture, Decision, only


@dataclass(frozen=True)
class PublishedPlace(Place):
    """A place whose scores are those of a published set."""

    published: ScoreSet

    def provenance(self, run: Run) -> dict[str, Any]:
        """The same with the publication."""
        entry = operation_scores.entry(self.space.name)
        names = ("release", "source", "licence", "citation")
        publication = {name: getattr(entry, name) for name in names}
        publication |= {"set": self.published.name, "title": self.published.title}
        return super().provenance(run) | {"published": publication | {"place": self.published.source}}


def execute(config: RunConfig, estimating: bool = True) -> list[Outcome]:
    """One record for every published set that ``config`` asks for: one per proxy where the sets differ in it.

    Raises
    ------
    HarnessError
        Before anything is written, where such scores were not published for these settings and this seed.
    """
    store, benchmark = store_of(config), benchmarks.load(config.space["name"])
    space, label = spaces.load(config.space["name"]), benchmark.label(config.label)
    found = [
        (
            PublishedPlace(config, space, benchmark, label, store, each, estimating=estimating),
            operation_scores.load(space.name, each.name, config.seed),
        )
        for each in published_sets(config)
    ]
    return [_execute(place, scores) for place, scores in found]


def _execute(place: PublishedPlace, scores: OperationScores) -> Outcome:
    steps = scores.steps if place.config.task["progressive"] else 1
    return recorded(place, _run(place, steps), lambda: survey(place, scores, steps))


def _run(place: PublishedPlace, steps: int) -> Run:
    own = place.published.settings
    scorer = own["scorer.name"]
    kept = {
        name: value
        for name, value in own.items()
        if name not in ("scorer.name", "task.progressive") and value != "none"
    }
    name = f"{scorer}-{kept['proxy']}" if "proxy" in kept else scorer
    method = on(name, scorers.load(scorer), training_of(place.config))
    digest = operation_scores.entry(place.space.name).file.sha256
    return Run(
        task=place.config.task["name"],
        space=place.space.name,
        label=place.label.name,
        method=f"{method}-published",
        seed=place.config.seed,
        settings={
            "truth": place.benchmark.digest(place.label.name),
            "source": "published",
            "published": {"set": place.published.name, "digest": digest},
            "scorer": scorer,
            "progressive": steps > 1,
            **kept,
        },
    )


def survey(place: Place, scores: OperationScores, steps: int) -> tuple[pd.DataFrame, dict[str, Architecture]]:
    """Rows of the first ``steps`` steps, and the architectures that the scores pick.

    A decision is made as the publication says. Where it does not say, neither is known what can
    still be reached at later steps. ``selected`` and ``selected_progressive`` are picked where every
    decision of the space was scored, or made.
    """
    space, truth = place.space, truth_of(place)
    mask = space.full_mask
    overall = list(zip(truth.best(mask), truth.mean(mask), strict=True))
    unknown = [[[math.nan] * len(decision.candidates)] * 2 for decision in space.decisions]
    found: list[dict[str, object]] = []
    for step in range(steps):
        remaining = unknown
        if mask is not None:
            remaining = list(zip(truth.best(mask), truth.mean(mask), truth.count(mask), strict=True))
        made = [scores.chosen[step]] if step in scores.chosen else []
        for index in range(step, len(space.decisions)):
            if (step, index) in scores.scores:
                own = {number: _score(value) for number, value in scores.scores[step, index].items()}
                taken = made if index == step else ()
                found.extend(rows(step, space.decisions[index], own, taken, overall[index], remaining[index]))
        mask = only(mask, step, tuple(made)) if made and mask is not None else None
    return pd.DataFrame(found), _selected(place, scores, steps)


def _selected(place: Place, scores: OperationScores, steps: int) -> dict[str, Architecture]:
    space, selected = place.space, {}
    everywhere = range(len(space.decisions))
    if all((0, index) in scores.scores for index in everywhere):
        picks = [_pick(space.decisions[index], scores.scores[0, index]) for index in everywhere]
        selected["selected"] = space.normalise(tuple(picks))
    if steps > 1 and all(index in scores.chosen for index in everywhere):
        picks = [(scores.chosen[index],) for index in everywhere]
        selected["selected_progressive"] = space.normalise(tuple(picks))
    return selected


def _pick(decision: Decision, scores: dict[int, float]) -> tuple[int, ...]:
    return pick(decision, {number: _score(value) for number, value in scores.items()})


def _score(value: float) -> Score:
    if math.isfinite(value):
        return Score(value)
    return Score(None, "skipped", "the publication has no valid score")
