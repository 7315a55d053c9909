"""Operation scores that Zero-Cost-PT's authors published, from tidy copies of their logs and notebooks.

Xiang et al., "Zero-Cost Operation Scoring in Differentiable Architecture Search", AAAI 2023; repository
zerocostptnas/zerocost_operation_score at commit 48f48c9 (MIT licence). Scores of NAS-Bench-201 are from

* the logs of experiments/corr_time: all open edges are scored before every decision, and the decisions are
  made in the fixed order 0 to 5. ``chosen`` is the logged decision; zc-pt and disc-zc took it on a fresh
  batch, so it may differ from the best of the list;
* the figure op_correl_time.pdf: the same for disc-acc and synflow, with no decision logged;
* op_strength.ipynb: scores of the initial supernet alone, seed 1.

Those of NAS-Bench-1Shot1 are from the logs of notebooks_1shot1, of operations alone: parents were not scored.

Which sets are kept: :mod:`harness.benchmarks.importers._operation_score_sets`.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from harness import spaces
from harness.benchmarks._files import Column
from harness.benchmarks._score_sets import ScoreSet
from harness.benchmarks.importers._imported import ImportedScores, Track, untracked
from harness.benchmarks.importers._operation_score_sets import (
    DISC_ACC,
    INITIAL,
    NB1SHOT1,
    NB1SHOT1_SETS,
    NB201,
    PLACES,
    PROGRESSIVE,
    SYNFLOW,
    Kept,
)
from harness.benchmarks.importers._source import DAMAGE, damaged, read_bytes
from harness.errors import DataError
from harness.spaces import Space

FORMAT = f"folder with {PROGRESSIVE}, {DISC_ACC}, {SYNFLOW}, {INITIAL} and {NB1SHOT1}"

INITIAL_SEED = 1
"""Of op_strength.ipynb, whose table does not repeat it."""

CITATION = (
    "Xiang, Dudziak, Abdelfattah, Chau, Lane, Wen: Zero-Cost Operation Scoring in Differentiable "
    "Architecture Search. AAAI 2023."
)
SHARED_NOTES = (
    "Higher is better: figures of sets with lower_is_better are stored negated.",
    "Column chosen marks the logged decision; sets without a mark do not say what was chosen.",
)
NOTES = {
    "nb201": (
        "The logs of zc-pt and disc-zc, on untrained and on trained supernets, are those of seeds 0 and 1; "
        "the authors' means are over seeds 0 to 3.",
        "The authors' figure leaves out zc-pt with synflow of four seeds.",
        "disc-acc after 25 epochs: the source has -1 for seed 3, step 1, edge 3<-2, avg_pool_3x3, which is "
        "no accuracy; NaN here.",
    ),
    "nb1shot1": (
        "Operations alone: there are no scores of parents.",
        "The logs are those of seeds 0 and 1; the authors' means are over seeds 0 to 3.",
    ),
}


Line = Mapping[str, str | None]
Rows = dict[tuple[int, int, int, int], tuple[float, bool]]
"""(Score, chosen) by (seed, step, index of the decision, index of the candidate)."""


def read(source: Path, partial: bool = False, track: Track = untracked) -> tuple[ImportedScores, ...]:
    """The scores of the four spaces from the folder ``source``; see :mod:`harness.benchmarks.importers`.

    With ``partial``, sets that ``source`` has no scores of are left out.

    Raises
    ------
    DataError
        Where a file is missing, damaged or incomplete.
    """
    lines = {file: _lines(source / file, track) for file in PLACES}
    imported = [_imported(spaces.load("nb201"), NB201, lines, source, partial)]
    for number in ("1", "2", "3"):
        space = spaces.load(f"nb1shot1_{number}")
        own = {NB1SHOT1: [line for line in lines[NB1SHOT1] if line.get("space") == number]}
        imported.append(_imported(space, NB1SHOT1_SETS, own, source, partial))
    return tuple(imported)


def _lines(path: Path, track: Track) -> list[Line]:
    try:
        text = io.StringIO(read_bytes(path).decode("utf-8"))
        return list(track(csv.DictReader(text, strict=True), path.name, None))
    except (csv.Error, UnicodeDecodeError) as error:
        raise damaged(path, error) from error


def _imported(
    space: Space, kept: Sequence[Kept], lines: Mapping[str, list[Line]], source: Path, partial: bool
) -> ImportedScores:
    found: dict[str, Rows] = {}
    for each in kept:
        path = source / each.file
        try:
            rows = _rows(space, each, lines[each.file])
            _check(space, rows)
        except DAMAGE as error:
            raise damaged(path, f"{each.method}: {error}") from error
        if rows:
            found[each.name] = rows
        elif not partial:
            raise DataError(
                f"{path} holds no scores of {each.method} on {space.name}; fetch it again, or add --partial "
                "and a folder of your own with --out to import what there is."
            )
    return ImportedScores(
        space=space.name,
        importer="operation_scores",
        release="zerocostptnas/zerocost_operation_score, commit 48f48c9, logs and notebooks",
        source="https://github.com/zerocostptnas/zerocost_operation_score",
        licence="MIT",
        citation=CITATION,
        sets=tuple(_set(each, found[each.name]) for each in kept if each.name in found),
        files={f"{space.name}_operation_scores.parquet": _columns(space, found)},
        notes=(*SHARED_NOTES, *NOTES[space.family]),
    )


def _rows(space: Space, kept: Kept, lines: Sequence[Line]) -> Rows:
    rows: Rows = {}
    for line in lines:
        if (line.get("method") or line.get("raw_method")) == kept.method:
            place, scored = _row(space, kept, line)
            if place in rows:
                raise ValueError(f"seed, step, edge and operation {place} stand there twice")
            rows[place] = scored
    return dict(sorted(rows.items()))


def _row(space: Space, kept: Kept, line: Line) -> tuple[tuple[int, int, int, int], tuple[float, bool]]:
    defaults = {"seed": str(INITIAL_SEED), "step": "0"} if kept.file == INITIAL else {}
    seed, step, decision, candidate = (
        int(line.get(name) or defaults[name]) for name in ("seed", "step", "edge", "op")
    )
    if min(seed, step, decision, candidate) < 0:
        raise ValueError("seeds, steps, edges and operations are counted from 0")
    if space.decisions[decision].candidates[candidate] != line["op_name"]:
        raise ValueError(f"operation {candidate} of {space.name} is called {line['op_name']}")
    if line.get("better") not in (None, "low" if kept.lower_is_better else "high"):
        raise ValueError(f"better must be {'low' if kept.lower_is_better else 'high'}")
    score = float(line["score"] or "nan")
    if score == kept.missing:
        score = math.nan
    elif not math.isfinite(score):
        raise ValueError(f"a score is a finite number, received {line['score']!r}")
    chosen = float(line.get("chosen") or 0) == 1
    return (seed, step, decision, candidate), (-score if kept.lower_is_better else score, chosen)


def _check(space: Space, rows: Rows) -> None:
    """Every seed scores all open operations, at step 0 or at all steps; all decisions are logged or none."""
    operations = [index for index, decision in enumerate(space.decisions) if decision.kind == "operation"]
    for seed in {place[0] for place in rows}:
        own = {place[1:]: chosen for place, (_, chosen) in rows.items() if place[0] == seed}
        steps = 1 + max(step for step, _, _ in own)
        expected = {
            (step, index, candidate)
            for step in range(steps)
            for index in operations[step:]
            for candidate in range(len(space.decisions[index].candidates))
        }
        if steps not in (1, len(operations)) or set(own) != expected:
            raise ValueError(f"seed {seed} has {len(own)} scores, which are not all that its steps need")
        chosen = sorted(place[:2] for place, kept in own.items() if kept)
        if chosen and chosen != [(step, operations[step]) for step in range(steps)]:
            raise ValueError(f"seed {seed} does not choose one operation at every step, in order")


def _set(kept: Kept, rows: Rows) -> ScoreSet:
    settings = {}
    for override in kept.settings.split():
        key, _, text = override.partition("=")
        name = f"{key}.name" if key in ("scorer", "training") else key
        settings[name] = {"true": True, "false": False}.get(text, int(text) if text.isdigit() else text)
    return ScoreSet(
        name=kept.name,
        title=kept.title,
        settings=settings,
        seeds=tuple(sorted({place[0] for place in rows})),
        lower_is_better=kept.lower_is_better,
        source=PLACES[kept.file],
    )


def _columns(space: Space, found: Mapping[str, Rows]) -> dict[str, Column]:
    """The columns of :data:`harness.published.operation_scores.COLUMNS`."""
    places = [(name, *place, *scored) for name, rows in found.items() for place, scored in rows.items()]
    names, seeds, steps, decisions, candidates, scores, chosen = zip(*places, strict=True)
    return {
        "set": list(names),
        "seed": np.array(seeds),
        "step": np.array(steps),
        "decision": [space.decisions[index].name for index in decisions],
        "candidate": [
            space.decisions[index].candidates[number]
            for index, number in zip(decisions, candidates, strict=True)
        ],
        "score": np.array(scores),
        "chosen": np.array(chosen),
    }
