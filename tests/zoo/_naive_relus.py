"""The proxies of ReLU codes, written from their formulas."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo._naive import NoValue, Subject, params
from tests.zoo._naive_counts import ReluSigns


def _signs(subject: Subject, training: bool, smooth: bool = False) -> list[np.ndarray]:
    """Of every call of a ReLU, or of any activation, whether its input is positive: (samples, units)."""
    network = subject.network(training)
    with ReluSigns(smooth) as watch:
        network(subject.images)
    return [signs.reshape(len(subject.images), -1).numpy() for signs in watch.signs]


def _log_determinant(subject: Subject, training: bool, smooth: bool = False) -> float:
    codes = [signs.astype(np.float64) for signs in _signs(subject, training, smooth)]
    if not codes:
        raise NoValue("inf")
    kernel = sum(c @ c.T + (1 - c) @ (1 - c).T for c in codes)
    if np.linalg.matrix_rank(kernel, hermitian=True) < len(kernel):
        raise NoValue("inf")
    return float(np.linalg.slogdet(kernel)[1])


def nwot(subject: Subject) -> float:
    return _log_determinant(subject, training=True)


def nwot_eval(subject: Subject) -> float:
    return _log_determinant(subject, training=False)


def nwot_smooth(subject: Subject) -> float:
    return _log_determinant(subject, training=True, smooth=True)


def _patterns(subject: Subject, training: bool) -> float:
    codes = _signs(subject, training)
    return float(len({row.tobytes() for row in np.concatenate(codes, axis=1)})) if codes else 1.0


def linear_regions(subject: Subject) -> float:
    return _patterns(subject, training=True)


def linear_regions_eval(subject: Subject) -> float:
    return _patterns(subject, training=False)


def swap(subject: Subject) -> float:
    codes = _signs(subject, training=True)
    return float(len({unit.tobytes() for unit in np.concatenate(codes, axis=1).T})) if codes else 0.0


def swap_reg(subject: Subject) -> float:
    different = swap(subject)
    if not different:
        raise NoValue("inf")
    return math.log(different) - (params(subject) - 1e6) ** 2 / 1e12
