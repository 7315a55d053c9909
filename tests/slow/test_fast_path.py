"""The fast path decides what the exact one decides."""

from __future__ import annotations

import pytest
import torch

from harness import networks, spaces
from harness.inputs import noise
from harness.proxies import measure_each
from harness.scorers import Score, best_candidates
from harness.spaces import Mask, only, without

pytestmark = pytest.mark.slow


def removals(space: spaces.Space, mask: Mask, decision: int) -> dict[int, Mask]:
    return {
        candidate: without(mask, decision, candidate)
        for candidate, alive in enumerate(mask[decision])
        if alive
    }


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1", "nb1shot1_2", "nb1shot1_3"])
def test_every_decision_of_a_proposal_is_the_same(name: str, seed: int) -> None:
    """All decisions at the initial supernet, and one proposal in fixed order, a fresh batch for each."""
    space = spaces.load(name)
    supernet = networks.build_supernet(space, "small", seed)
    source, proposed = noise.open(10, 32), space.full_mask
    torch.set_num_threads(1)
    for decision, spec in enumerate(space.decisions):
        for mask in (space.full_mask, proposed):
            batch = source.batch(seed, decision, 64)
            removed = removals(space, mask, decision)
            views = [supernet.masked(one) for one in removed.values()]
            picks = []
            values = []
            for path in ("exact", "fast"):
                found = [one["nwot_eval"].value for one in measure_each(views, batch, ["nwot_eval"], 0, path)]
                values.append(found)
                drops = {one: Score(-value) for one, value in zip(removed, found, strict=True)}
                picks.append(best_candidates(drops, spec.picks))
            assert picks[0] == picks[1]
            assert values[1] == pytest.approx(values[0], rel=1e-5)
        proposed = only(proposed, decision, picks[0])
