"""Operation scores that others measured and published: full-fidelity baselines that need no GPU here.

They are no ground truth, but lie with the tables and are described by the same ``MANIFEST.toml``: which
sets there are of a space, which settings and seeds each answers to, where the figures come from, and the
digest of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness import spaces
from harness.benchmarks import _files, _score_sets
from harness.benchmarks._score_sets import ScoresEntry, ScoreSet, seeds_of
from harness.errors import ConfigError, DataError
from harness.folders import BENCHMARKS_DATA
from harness.spaces import Space

__all__ = ["COLUMNS", "OperationScores", "ScoreSet", "ScoresEntry", "entry", "find", "load", "names"]

COLUMNS = ("set", "seed", "step", "decision", "candidate", "score", "chosen")
"""One row per operation scored; ``chosen`` marks the candidate the decision kept, where that is known."""


@dataclass(frozen=True)
class OperationScores:
    """One set's scores of one seed; higher is better.

    ``scores`` holds by (step, index of the decision) the score of every candidate's index, NaN where
    the publication has no valid one; decisions before the step are made. ``chosen`` holds by step
    the candidate that was kept, and is empty where the publication does not say.
    """

    scores: Mapping[tuple[int, int], Mapping[int, float]]
    chosen: Mapping[int, int]

    @property
    def steps(self) -> int:
        """How many steps were published: 1 where only the initial supernet was scored."""
        return 1 + max(step for step, _ in self.scores)


def names(folder: Path = BENCHMARKS_DATA) -> tuple[str, ...]:
    """Names of the spaces that ``folder`` holds operation scores for, sorted; errors as :func:`entry`."""
    return tuple(sorted(_score_sets.read(folder)))


def entry(space: str, folder: Path = BENCHMARKS_DATA) -> ScoresEntry:
    """What the manifest says of ``space``'s operation scores.

    Raises
    ------
    ConfigError
        Where there are none.
    DataError
        Where the manifest is missing or damaged.
    """
    found = _score_sets.read(folder)
    if space not in found:
        raise ConfigError(
            f"No operation scores of {space} were published; there are some of {', '.join(sorted(found))}: "
            "take one of these spaces, or source=measured."
        )
    return found[space]


def find(space: str, asked: Mapping[str, Any], folder: Path = BENCHMARKS_DATA) -> ScoreSet:
    """The set that answers to the settings ``asked`` for, by dotted name (``scorer.name``, ``proxy``, ...).

    Raises
    ------
    ConfigError
        Where no set fits, with those there are (of the same scorer, if there is one).
    DataError
        Where the manifest is missing or damaged.
    """
    sets = entry(space, folder).sets
    fitting = [each for each in sets if each.answers(asked)]
    if fitting:
        return fitting[0]
    scorer = asked.get("scorer.name")
    akin = [each for each in sets if each.settings["scorer.name"] == scorer]
    telling = dict.fromkeys(name for each in akin for name in each.settings) or ("scorer.name",)
    wanted = ScoreSet("", "", {name: asked.get(name) for name in telling}, (), False, "").overrides
    which = f" with scorer={scorer}" if akin else ""
    raise ConfigError(
        f"No operation scores of {space} with {wanted} were published; there are{which}: "
        f"{'; '.join(each.words for each in akin or sets)}. Take one of these, or source=measured."
    )


def load(space: str, name: str, seed: int, folder: Path = BENCHMARKS_DATA) -> OperationScores:
    """The scores of the set called ``name``.

    Raises
    ------
    ConfigError
        For a seed that was not published.
    DataError
        Where the manifest or the file is missing, damaged, or not what the manifest says.
    """
    described = entry(space, folder)
    (wanted,) = [each for each in described.sets if each.name == name]
    if seed not in wanted.seeds:
        raise ConfigError(
            f"The operation scores of {space} with {wanted.overrides} were published for "
            f"{seeds_of(wanted)}; received seed {seed}: take one of these, or source=measured."
        )
    where = str(folder / described.file.name)
    data = _files.read_checked(folder, described.file)
    columns = _files.decode(data, where, described.file.rows, COLUMNS)
    here = (columns["set"] == name) & (columns["seed"] == seed)
    if not here.any():
        raise DataError(f"{where} lacks the scores of {name}, seed {seed}; import the release again.")
    return _scores(spaces.load(space), {key: values[here] for key, values in columns.items()}, where)


def _scores(space: Space, rows: Mapping[str, np.ndarray], where: str) -> OperationScores:
    indices = {decision.name: index for index, decision in enumerate(space.decisions)}
    scores: dict[tuple[int, int], dict[int, float]] = {}
    chosen: dict[int, int] = {}
    for step, decision, candidate, score, kept in zip(
        *(rows[name].tolist() for name in COLUMNS[2:]), strict=True
    ):
        try:
            index = indices[decision]
            number = space.decisions[index].candidates.index(candidate)
        except (KeyError, ValueError):
            raise DataError(
                f"{where}: {space.name} has no candidate {candidate} of {decision}; import the release again."
            ) from None
        scores.setdefault((step, index), {})[number] = score
        if kept:
            chosen[step] = number
    return OperationScores(scores, chosen)
