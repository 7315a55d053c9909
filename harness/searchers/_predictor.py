"""Ensembles that predict accuracy from an architecture's picks."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from harness.seeding import derive
from harness.spaces import Architecture, Space

MEMBERS = 5
PREDICTORS = ("mlp", "ridge")


def predicted(
    space: Space,
    known: Sequence[tuple[Architecture, float]],
    asked: Sequence[Architecture],
    predictor: str,
    seed: int,
) -> np.ndarray:
    """Predicted accuracies of ``asked`` (n,): the mean of five members, each fit on 4/5 of ``known``.

    ``mlp`` members have two layers of 100 ReLUs on the picks (:func:`features`), scikit-learn's, with squared
    error and L-BFGS; ``ridge`` members are linear in picks and pairs of picks, with a penalty of 1 on squared
    weights. Accuracies are standardised first. With fewer than ten known ones every member sees all.
    """
    from sklearn.exceptions import ConvergenceWarning  # loads SciPy

    rng = np.random.default_rng(derive(seed, "predictor", len(known)))
    archs, told = zip(*known, strict=True)
    pairs = predictor == "ridge"
    inputs, questions = features(space, archs, pairs), features(space, asked, pairs)
    values = np.asarray(told, dtype=np.float64)
    centre, scale = values.mean(), values.std() or 1.0
    parts = np.array_split(rng.permutation(len(archs)), MEMBERS)
    found = np.zeros(len(questions))
    for number, part in enumerate(parts):
        rows = np.setdiff1d(np.arange(len(archs)), part) if len(archs) >= 2 * MEMBERS else slice(None)
        model = _member(predictor, derive(seed, "member", number) % 2**32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(inputs[rows], (values[rows] - centre) / scale)
        found += model.predict(questions)
    return centre + scale * found / MEMBERS


def _member(predictor: str, seed: int) -> Any:
    from sklearn.linear_model import Ridge
    from sklearn.neural_network import MLPRegressor

    if predictor == "ridge":
        return Ridge(alpha=1.0)
    return MLPRegressor(hidden_layer_sizes=(100, 100), solver="lbfgs", max_iter=100, random_state=seed)


def features(space: Space, archs: Sequence[Architecture], pairs: bool) -> np.ndarray:
    """A column for every candidate of every decision, 1 where it is picked and has an effect, float64 (n, f).

    With ``pairs`` also their products for every two decisions.
    """
    sizes = [len(decision.candidates) for decision in space.decisions]
    blocks = [np.zeros((len(archs), size)) for size in sizes]
    for row, arch in enumerate(archs):
        for block, picks, active in zip(blocks, arch, space.active(arch), strict=True):
            block[row, list(picks)] = active
    if pairs:
        blocks += [
            (one[:, :, None] * other[:, None, :]).reshape(len(archs), -1)
            for one, other in combinations(blocks, 2)
        ]
    return np.concatenate(blocks, axis=1)
