"""What ``op_correlation`` makes of operation scores, wherever they come from: picks, rows, a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from harness import stats
from harness.errors import RunFailed
from harness.records import Run, failures
from harness.runners._judge import judge
from harness.runs.config import Estimate, Outcome
from harness.runs.origins import Origin
from harness.runs.place import Clock, Place, once
from harness.scorers import OperationTruth, Score, best_candidates
from harness.spaces import Architecture, Decision


def pick(decision: Decision, scores: Mapping[int, Score]) -> tuple[int, ...]:
    """The best-scored candidates of ``decision``; an error names it."""
    try:
        return best_candidates(scores, decision.picks)
    except RunFailed as error:
        raise RunFailed(f"Decision {decision.name}: {error}") from error


def rows(
    step: int,
    decision: Decision,
    scores: Mapping[int, Score],
    taken: Sequence[int],
    overall: Sequence[Sequence[float]],
    remaining: Sequence[Sequence[float]],
) -> list[dict[str, object]]:
    """One row for every scored candidate of ``decision``.

    ``taken`` are the candidates picked in this step, ``overall`` best and mean accuracy by candidate,
    ``remaining`` both among the architectures that can still be reached and, where it is known which these
    are, how many.
    """
    best, mean, *counts = remaining
    return [
        {
            "step": step,
            "decision": decision.name,
            "candidate": decision.candidates[candidate],
            "kind": decision.kind,
            "score": np.nan if score.value is None else score.value,
            "status": score.status,
            "reason": score.reason,
            "best_acc": overall[0][candidate],
            "avg_acc": overall[1][candidate],
            "best_acc_remaining": best[candidate],
            "avg_acc_remaining": mean[candidate],
            "count": int(counts[0][candidate]) if counts else None,
            "chosen": candidate in taken,
        }
        for candidate, score in scores.items()
    ]


def truth_of(place: Place) -> OperationTruth:
    """Accuracy by operation under the run's label."""
    benchmark = place.benchmark
    accuracies = benchmark.goodness(benchmark.keys, place.label.name)
    return OperationTruth(benchmark.population, accuracies, benchmark.complete)


def recorded(
    place: Place,
    run: Run,
    survey: Callable[[], tuple[pd.DataFrame, Mapping[str, Architecture]]],
    estimate: Callable[[], Estimate] | None = None,
    further: Callable[[], Mapping[str, object]] = dict,
    origins: Callable[[], Mapping[str, Sequence[Origin]]] = dict,
) -> Outcome:
    """Write the rows of ``survey``, their statistics and what the table says of the architectures picked.

    ``estimate`` is :meth:`Place.existing`'s, ``further`` returns statistics that are not of the rows,
    ``origins`` what :meth:`Place.write` takes of that name.
    """

    def work(clock: Clock) -> Outcome:
        found, selected = survey()
        statistics = {**stats.operation_agreement(found), **further()}
        for name, arch in selected.items():
            statistics[name] = judge(place, arch)
        path = place.write(run, found, statistics, clock.timing(), origins=origins())
        tau = statistics["steps"][0]["best_acc"]["kendall"]
        headline = "undefined" if tau is None else f"{tau:.3f}"
        words = [f"tau with best-acc {headline} at the initial supernet"]
        words.append(failures(found).words)
        return Outcome(run.method, "done", path, ", ".join(filter(None, words)))

    return once(place, run, work, estimate)
