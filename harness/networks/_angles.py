"""Weight vectors of a supernet's children, at two moments: what angles are made of.

Hu et al., "Angle-based Search Space Shrinking for Neural Architecture Search", ECCV 2020, in the forms that
its authors released for each space (AngleNAS: ``NAS-Bench-201/exps/angle/weight_angle.py``,
``SPOS/shrinking/shrinking.py``, ``DARTS/shrinking/angle.py``), and what Zhang, Hou, Zhang and Sun, "Neural
Architecture Search with Random Labels", CVPR 2021, made of them (RLNAS: ``weight_angle.py`` of NAS-Bench-201,
``test_server.py`` of the MobileNet-like space and of DARTS). What is read of which module is in
:mod:`harness.networks._angle_parts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from harness.errors import ConfigError
from harness.networks._angle_parts import PARTS, Inner
from harness.networks._supernet import Supernet

ABSENT = -1
"""A pick that says that the child has no such edge."""

FORMS = ("abs", "rlnas")
"""Whose weight vectors they are."""


@dataclass(frozen=True)
class VectorProducts:
    """Inner products ``<V_0, V>``, ``<V_0, V_0>`` and ``<V, V>`` of children's parts.

    ``V`` is put together from what every child has, and for each of the ``paths`` that no operation breaks
    the parts of all its decisions: one that is on two paths counts twice.

    Attributes
    ----------
    fixed
        Of the parts that every child has, (3,).
    operations
        Of the candidates of every operation decision, summed over the cells, (D, K, 3).
    breaking
        Which candidates leave a path out, (D, K).
    paths
        Of every path its decisions, by number among those of operations.
    empty
        Whether a child without a path is the vector 0, and not what every child has.
    """

    fixed: np.ndarray
    operations: np.ndarray
    breaking: np.ndarray
    paths: tuple[tuple[int, ...], ...]
    empty: bool = False

    def of(self, picks: np.ndarray) -> np.ndarray:
        """Those of whole children, (N, 3), by each one's picks, (N, D); :data:`ABSENT` breaks paths too."""
        decisions = np.arange(picks.shape[1])
        parts = self.operations[decisions, picks]
        passes = (picks != ABSENT) & ~self.breaking[decisions, picks]
        whole = np.tile(self.fixed, (len(picks), 1))
        alive = np.zeros(len(picks), dtype=bool)
        for path in map(list, self.paths):
            runs = passes[:, path].all(1)
            whole[runs] += parts[runs][:, path].sum(1)
            alive |= runs
        if self.empty:
            whole[~alive] = 0.0
        return whole


def vector_products(supernet: Supernet, base: Mapping[str, Tensor], form: str = "abs") -> VectorProducts:
    """Of ``supernet``: ``V_0`` of the weights ``base``, by name, ``V`` of those it has; in double precision.

    Parameters
    ----------
    supernet
        Of a family that :data:`harness.networks._angle_parts.PARTS` has.
    base
        Earlier weights of all its parameters.
    form
        One of :data:`FORMS`.

    Raises
    ------
    ConfigError
        For another family.
    """
    family = supernet.space.family
    if family not in PARTS:
        raise ConfigError(
            f"Angles are defined for supernets of the families {', '.join(sorted(PARTS))}; received one of "
            f"{family}: take a space of these."
        )
    return VectorProducts(*PARTS[family](supernet, Inner(base, dict(supernet.named_parameters())), form))
