"""What a shrinker says of single architectures, compared with the truth, which it does not see."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness import stats
from harness.evidence import Evidence
from harness.searchers import Tools
from harness.seeding import generator
from harness.spaces import Architecture, Space


def agreement(read: Evidence, tools: Tools) -> dict[str, Any]:
    """Kendall's tau-b of what is told with the truth of the run's label; empty where nothing is told.

    ``all`` is of the architectures whose truth is known, ``convolutions`` of those among them that have no
    other operations (:func:`only_convolutions`), since counts of the others decide most of a rank. Each has
    ``n``, ``tau``, and ``tau_params`` of the number of parameters in the place of what is told; ``None``
    where there is none. Where it takes long, each is of a draw.
    """
    if not hasattr(read.method.module, "told"):
        return {}
    told, truth = read.method.module.told(tools, read.options), read.context.truth
    archs = truth.known
    rows = {
        "all": np.arange(len(archs)),
        "convolutions": np.flatnonzero([only_convolutions(tools.space, arch) for arch in archs]),
    }
    found = {}
    for name, members in rows.items():
        taken = members
        if told.most is not None and len(members) > told.most:
            rng = generator(tools.seed, "told", name)
            taken = np.sort(rng.choice(members, told.most, replace=False))
        chosen, accuracies = [archs[row] for row in taken], truth.accuracies[taken]
        said = {
            "tau": told.of(chosen) if chosen else np.zeros(0),
            "tau_params": np.array([tools.parameters(arch) for arch in chosen], dtype=float),
        }
        taus = {key: stats.kendall(values, accuracies) for key, values in said.items()}
        found[name] = {"n": len(chosen), **taus}
    return {"told": found}


def only_convolutions(space: Space, arch: Architecture) -> bool:
    """Whether every operation that has an effect is a convolution: none, skip, noise and pooling are not."""
    return all(
        name is None or (name not in space.identity_candidates and "pool" not in name)
        for name in space.operations(arch)
    )
