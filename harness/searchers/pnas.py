"""PNAS: architectures grown from small to large, the next ones chosen by a predictor of those that are known.

Liu, Zoph, Neumann, Shlens, Hua, Li, Fei-Fei, Yuille, Huang and Murphy, "Progressive Neural Architecture
Search", ECCV 2018. Theirs grows cells of up to five blocks; here a space says how its own grow
(:meth:`harness.spaces.Space.grown`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import Any

import numpy as np

from harness.errors import RunFailed
from harness.options import Option
from harness.scorers import ANY
from harness.searchers._budget import Budget
from harness.searchers._predictor import PREDICTORS, predicted
from harness.searchers._tools import Found, Queries
from harness.seeding import derive, generator
from harness.spaces import Architecture

EVIDENCE = "queries"
KINDS = ANY
GROWS = True
OPTIONS = {
    "beam": Option(int, 32, "K: networks that are looked up at every stage behind the first, and grow on"),
    "predictor": Option(PREDICTORS, "mlp", "of which the five members of the ensemble are"),
}

Networks = dict[str, list[Architecture]]
"""By isomorphism class its encodings, each of which may grow into other networks."""


def search(tools: Queries, settings: Mapping[str, Any]) -> Found:
    """The most accurate network of the last stage that was looked up.

    All networks of the smallest stage are looked up. Then, stage by stage, an ensemble
    (:func:`harness.searchers._predictor.predicted`) is fit to all accuracies that are known, every encoding
    of the stage's networks grows, and of the new networks that this makes the ``beam`` (K) with the highest
    prediction are looked up and grow on; of equal predictions a draw decides. A cell without a way from input
    to output, or one outside of the limits, is left out. In NAS-Bench-201 that is 4 + 3 K queries. The
    predictor is asked about architectures that are larger than all it knows.

    Raises
    ------
    RunFailed
        Where no accuracy is known of all that a stage looked up, or nothing is within the limits.
    """
    space, budget = tools.space, Budget(tools)
    rng = generator(tools.seed, "pnas")
    stage = _networks(tools, budget, space.grown(None, 0))
    known = _looked_up(budget, stage)
    for number in range(1, space.stages):
        grown = (child for each in stage.values() for arch in each for child in space.grown(arch, number))
        children = _networks(tools, budget, grown)
        if not children:
            break
        if not known:
            raise RunFailed(
                f"No accuracy is known of the networks of stage {number}: there is nothing to fit."
            )
        asked = [each[0] for each in children.values()]
        guesses = predicted(space, known, asked, settings["predictor"], derive(tools.seed, "pnas", number))
        order = rng.permutation(len(asked))
        chosen = order[np.argsort(-guesses[order], kind="stable")][: settings["beam"]]
        names = list(children)
        stage = {names[int(place)]: children[names[int(place)]] for place in chosen}
        known += _looked_up(budget, stage)
    trace = budget.found().trace
    return Found(max((each[0] for each in stage.values()), key=budget.accuracy), trace)


def _networks(tools: Queries, budget: Budget, archs: Iterable[Architecture]) -> Networks:
    """The networks of ``archs`` that are new, within the limits, and lead from input to output."""
    space, found = tools.space, Networks()
    for arch in dict.fromkeys(map(space.normalise, archs)):
        if space.connected(arch) and not budget.knows(arch) and tools.limits.within(arch):
            found.setdefault(space.canonical(arch), []).append(arch)
    return found


def _looked_up(budget: Budget, networks: Networks) -> list[tuple[Architecture, float]]:
    """What a stage's networks are told to have, where that is known."""
    told = [(each[0], budget.accuracy(each[0])) for each in networks.values()]
    return [(arch, accuracy) for arch, accuracy in told if accuracy > -inf]
