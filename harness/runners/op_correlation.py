"""Task ``op_correlation``: operation scores of the supernet, against accuracy by operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache, partial
from types import ModuleType
from typing import Any

import pandas as pd

from harness import groups, scorers
from harness.records import Run
from harness.runners._evaluate import supernet_scores
from harness.runners._operations import pick, recorded, rows, truth_of
from harness.runners._te_nas import proxy_scores, run_of
from harness.runners._trained import curve, estimate, require, train
from harness.runners._training import on, training_of
from harness.runs.config import Outcome, Progress, Training
from harness.runs.setup import Setup
from harness.scorers import OperationTruth, Score, Work
from harness.spaces import Architecture, Mask, only
from harness.training import Trained

ScoreDecision = Callable[[Mask, int, int], dict[int, Score]]
"""``(mask, decision, step) -> {candidate: Score}``"""


def run(setup: Setup, progress: Progress) -> list[Outcome]:
    """Score every (decision, candidate) with one scorer, per proxy where it reads proxies."""
    name = setup.config.scorer["name"]
    scorer = scorers.load(name)
    truth = cache(partial(truth_of, setup))
    if scorer.READS == "truth":
        oracle = setup.run(name, _settings(setup), measured=False)
        return [_run(setup, truth, oracle, partial(_oracle, scorer, truth), progress)]
    training = training_of(setup.config)
    if training is not None:
        require(setup, scorer, training)
    if scorer.READS == "trained":
        return [_run_trained(setup, scorer, training, truth, progress)]
    if scorer.READS == "proxies":
        settings = groups.settings("scorer", setup.config.scorer)
        named = run_of(setup, name, scorer.SUPERNETS, {**_settings(setup), **settings})
        return [_run(setup, truth, named, partial(_by_proxies, setup, scorer, settings, progress), progress)]
    return [
        _run_measured(setup, scorer, proxy, training, truth, progress)
        for proxy in setup.config.proxy["names"]
    ]


def _run_measured(
    setup: Setup,
    scorer: ModuleType,
    proxy: str,
    training: Training | None,
    truth: Callable[[], OperationTruth],
    progress: Progress,
) -> Outcome:
    settings = {**_settings(setup), "proxy": proxy, "masking": setup.masking, **setup.counted(proxy)}
    name = on(f"{setup.config.scorer['name']}-{proxy}", scorer, training)
    if training is None:
        run = setup.run(name, settings)
        return _run(setup, truth, run, partial(_measured, setup, scorer, proxy, None), progress)
    trained = cache(partial(train, setup, training, progress))
    return recorded(
        setup,
        setup.run(name, {**settings, "training": asdict(training)}),
        lambda: survey(setup, truth(), _measured(setup, scorer, proxy, trained()), progress),
        partial(estimate, setup, training),
        lambda: {"training": curve(trained())},
        lambda: {"training": trained().origins},
    )


def _run_trained(
    setup: Setup,
    scorer: ModuleType,
    training: Training,
    truth: Callable[[], OperationTruth],
    progress: Progress,
) -> Outcome:
    trained = cache(partial(train, setup, training, progress))

    def made() -> tuple[pd.DataFrame, dict[str, Architecture]]:
        own = trained()
        return survey(
            setup,
            truth(),
            lambda mask, decision, step: scorer.score(own, mask, decision),
            progress,
            lambda mask: scorer.advance(own, mask),
        )

    return recorded(
        setup,
        setup.trained_run(on(setup.config.scorer["name"], scorer, training), _settings(setup), training),
        made,
        partial(estimate, setup, training, _work(setup, scorer)),
        lambda: {"training": curve(trained())},
        lambda: {"training": trained().origins},
    )


def _work(setup: Setup, scorer: ModuleType) -> Work:
    """What a survey asks of a trained supernet."""
    masks = [setup.space.full_mask]
    for decision, spec in enumerate(setup.space.decisions[:-1] if setup.config.task["progressive"] else ()):
        masks.append(only(masks[-1], decision, tuple(range(spec.picks))))
    total = Work(0, len(masks) - 1)
    for step, mask in enumerate(masks):
        for decision in range(step, len(mask)):
            total += scorer.work(mask, decision)
    return total


def _oracle(scorer: ModuleType, truth: Callable[[], OperationTruth]) -> ScoreDecision:
    return lambda mask, decision, step: scorer.score(truth(), mask, decision)


def _measured(setup: Setup, scorer: ModuleType, proxy: str, trained: Trained | None) -> ScoreDecision:
    evaluate = supernet_scores(setup, proxy, trained)
    return lambda mask, decision, step: scorer.score(lambda masks: evaluate(masks, step), mask, decision)


def _by_proxies(
    setup: Setup, scorer: ModuleType, settings: Mapping[str, Any], progress: Progress
) -> ScoreDecision:
    scores = proxy_scores(setup, scorer.SUPERNETS, settings, progress)
    return lambda mask, decision, step: scorer.score(scores(step), mask, decision)


def _settings(setup: Setup) -> dict[str, object]:
    return {"scorer": setup.config.scorer["name"], "progressive": setup.config.task["progressive"]}


def _run(
    setup: Setup,
    truth: Callable[[], OperationTruth],
    run: Run,
    make: Callable[[], ScoreDecision],
    progress: Progress,
) -> Outcome:
    return recorded(setup, run, lambda: survey(setup, truth(), make(), progress))


def survey(
    setup: Setup,
    truth: OperationTruth,
    score: ScoreDecision,
    progress: Progress,
    advance: Callable[[Mask], None] = lambda mask: None,
) -> tuple[pd.DataFrame, dict[str, Architecture]]:
    """Score all open decisions, make the first of them, and go on until none is open.

    Step ``i`` uses batch ``i``; ``advance`` is called with the mask between two steps. ``selected`` is what
    the scores of the initial supernet pick, ``selected_progressive`` what is left at the end. Without
    ``task.progressive`` there is one step.
    """
    space, mask = setup.space, setup.space.full_mask
    steps = len(space.decisions) if setup.config.task["progressive"] else 1
    total = sum(len(space.decisions) - step for step in range(steps))
    overall = list(zip(truth.best(mask), truth.mean(mask), strict=True))
    found: list[dict[str, object]] = []
    initial: list[tuple[int, ...]] = []
    done = 0
    for step in range(steps):
        if step:
            advance(mask)
        remaining = list(zip(truth.best(mask), truth.mean(mask), truth.count(mask), strict=True))
        made = None
        for decision in range(step, len(space.decisions)):
            progress("operation scores", done, total)
            done += 1
            scores = score(mask, decision, step)
            picks = pick(space.decisions[decision], scores)
            if step == 0:
                initial.append(picks)
            if decision == step:
                made = picks
            taken = picks if decision == step else ()
            found.extend(
                rows(step, space.decisions[decision], scores, taken, overall[decision], remaining[decision])
            )
        mask = only(mask, step, made)
    selected = {"selected": space.normalise(tuple(initial))}
    if steps == len(space.decisions):
        selected["selected_progressive"] = space.normalise(space.arch_of(mask))
    return pd.DataFrame(found), selected
