"""Gates in training: which sets are drawn, what gradients they get, what is dropped, and interruptions."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from harness import networks, spaces, training
from harness.inputs import digits
from harness.networks import Gate
from harness.seeding import generator
from harness.training import Gated, Images, Length, Round, _gated, fit
from harness.training._gated import left_of, subsets_of
from tests.unit.training.toy import CPU, Interrupted, everything, same, stopping_at

NBMACRO = spaces.load("nbmacro")
NONE = tuple((False,) * 3 for _ in range(8))
FREE = ((0.0,) * 3,) * 8


def gated(epochs: int = 1, costs=FREE, fixed: float = 1.0, mask=NBMACRO.full_mask, inherited=NONE) -> Gated:
    """The smallest supernet on a few digits: four steps an epoch."""
    return Gated(
        networks.build_supernet(NBMACRO, "tiny"),
        Images(digits.open(10, 16), 64, 8, 0, CPU),
        training.load("gates"),
        Length(epochs, 1),
        0,
        Round(0, mask, inherited, costs, fixed, 1.0),
    )


def test_sets_of_what_is_left():
    assert subsets_of((True, False, True), True) == [(), (0,), (2,), (0, 2)]
    assert subsets_of((True, False, True), False) == [(0,), (2,), (0, 2)]
    assert subsets_of((False, False, False), True) == [()]


@pytest.mark.parametrize(
    ("alpha", "inherited", "passes", "left"),
    [
        ((-3.0, 0.0, -1.9), (), True, (1, 2)),
        ((-3.0, 0.0, -2.5), (0,), True, (0, 1)),
        ((-3.0, -3.0, -3.0), (), True, ()),
        ((-3.0, -3.0, -3.0), (), False, (1, 2)),  # the last two stay, however many fall at once
    ],
)
def test_what_is_hardly_ever_open_goes(alpha, inherited, passes, left):
    row = left_of((True,) * 3, [each in inherited for each in range(3)], passes, alpha)
    assert tuple(np.flatnonzero(row)) == left


def test_pairs_are_drawn_by_their_probabilities_without_replacement():
    made = gated()
    made._draws = generator(0, "pairs")
    alpha = torch.tensor([1.0, 0.0, -1.0], requires_grad=True)
    subsets = subsets_of((True, False, True), True)
    p = (1 / (1 + np.exp(-alpha.detach().double().numpy()))) * 0.999 + 5e-4
    chances = {
        (): (1 - p[0]) * (1 - p[2]),
        (0,): p[0] * (1 - p[2]),
        (2,): (1 - p[0]) * p[2],
        (0, 2): p[0] * p[2],
    }
    assert sum(chances.values()) == pytest.approx(1)
    seen = Counter()
    for _ in range(1500):
        pair = made._pair(alpha, subsets)
        seen[pair.chosen, pair.other] += 1
        q = chances[pair.chosen] / (chances[pair.chosen] + chances[pair.other])
        assert float(pair.share.detach()) == pytest.approx(q, rel=1e-5)
    for (first, second), count in seen.items():
        expected = 1500 * chances[first] * chances[second] / (1 - chances[first])
        assert abs(count - expected) < 5 * np.sqrt(expected) + 5
    assert len(seen) == 12
    alone = made._pair(alpha, [(0,)])
    assert alone == Gate((0,))


def test_a_pair_that_costs_more_than_the_target_closes_what_costs():
    """The accuracy's share of the gradient is small beside that of so steep a cost."""
    costs = ((0.0, 0.0, 50.0),) * 8
    made = gated(costs=costs)
    batch = next(made.images.shuffled("valid", "batch"))
    made._draws = generator(0, "draws")
    slopes = made.gate_gradient(batch)
    drawn = [slope[2] for slope in slopes if slope[2] != 0]
    assert len(drawn) >= 4
    assert all(slope > 0 for slope in drawn)
    assert made._cost([Gate((2,)), *[Gate(())] * 7]) == pytest.approx(51.0)
    half = Gate((2,), (0,), torch.tensor(0.25))
    assert made._cost([half, *[Gate(())] * 7]) == pytest.approx(1 + 0.25 * 50)
    assert made.round.cost(((False, True, True), *NONE[1:])) == 51.0


def test_every_second_step_moves_gates_and_every_step_half_of_the_branches(monkeypatch):
    made, moved, ran = gated(), [], []
    before = [alpha.detach().clone() for alpha in made.alphas]
    step, logits = made._step_weights, made._logits

    def noting(optimiser, train, mask):
        moved.append(any(not torch.equal(a, b) for a, b in zip(before, made.alphas, strict=True)))
        before[:] = [alpha.detach().clone() for alpha in made.alphas]
        return step(optimiser, train, mask)

    monkeypatch.setattr(made, "_step_weights", noting)
    monkeypatch.setattr(made, "_logits", lambda batch, mask: ran.append(mask) or logits(batch, mask))
    made.epoch(*made.optimisers(0.1), ("epoch", 0))
    assert moved == [False, True, False, True]
    assert len(ran) == 4
    many = [mask for mask, _ in zip(made.paths("many"), range(400), strict=False)]
    for index, passes in enumerate(made.passing):
        rows = np.array([mask[index] for mask in many])
        assert rows.any(1).all() != passes
        half = 0.5 if passes else 4 / 7
        assert rows.mean(0) == pytest.approx(half, abs=0.12)
    # Adam without a first moment moves by the rate where there was a slope, and by nothing elsewhere.
    assert max(float(alpha.detach().abs().max()) for alpha in made.alphas) < 2.5 * 0.005


def test_what_is_not_in_the_sub_space_neither_runs_nor_learns():
    mask = tuple((False, True, True) for _ in range(8))
    made = gated(mask=mask)
    made.epoch(*made.optimisers(0.1), ("epoch", 0))
    assert all(float(alpha.detach()[0]) == 0 for alpha in made.alphas)
    assert all(gate[0] == 0 and (gate[1:] > 0.4).all() for gate in made.gates())
    assert not any(row[0] for chosen, _ in zip(made.paths("a"), range(50), strict=False) for row in chosen)


def test_interrupted_it_ends_with_the_same_bytes_and_what_was_dropped_stays_dropped(tmp_path, monkeypatch):
    monkeypatch.setattr(_gated, "LOWEST", -1e-3)
    whole = gated(2)
    fit(whole, tmp_path / "whole.pt")
    assert sum(map(sum, whole.mask)) < 24
    for stop in (2, whole.images.steps + 1):
        with pytest.raises(Interrupted):
            fit(gated(2), tmp_path / "taken_up.pt", progress=stopping_at(stop))
    taken_up = gated(2)
    fit(taken_up, tmp_path / "taken_up.pt")
    assert (tmp_path / "taken_up.pt").read_bytes() == (tmp_path / "whole.pt").read_bytes()
    assert same(everything(whole), everything(taken_up))
    read = gated(2)
    fit(read, tmp_path / "whole.pt")
    assert read.mask == taken_up.mask == whole.mask
    assert all((a == b).all() for a, b in zip(read.gates(), whole.gates(), strict=True))
