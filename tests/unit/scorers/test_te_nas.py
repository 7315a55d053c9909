"""TE-NAS's ranks, and those of the shortcut, on numbers made up by hand and on random ones."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import rankdata

from harness.scorers import ProxyScores, Score, best_candidates, te_nas, te_nas_shortcut
from harness.spaces import Decision, without

SPACE = SimpleNamespace(
    decisions=(
        Decision("a", ("skip", "conv", "pool")),
        Decision("b", ("none", "conv")),
        Decision("c", ("none", "conv", "pool")),
        Decision("parents", ("0", "1", "2"), picks=2, kind="input"),
    )
)
FULL = tuple((True,) * len(decision.candidates) for decision in SPACE.decisions)
BEGUN = ((True,) * 3, (False, True), (False, True, True), (True,) * 3)
PAIRS = [(0, 0), (0, 1), (0, 2), (2, 1), (2, 2)]


class Numbers:
    """A proxy's scores by removed pair; ``None`` is the supernet itself. Keeps the masks it is asked for."""

    def __init__(self, mask, whole, removals):
        self.by_mask = {mask: whole} | {without(mask, *pair): value for pair, value in removals.items()}
        self.asked = []

    def __call__(self, masks):
        self.asked.append(list(masks))
        return [self.of(self.by_mask[mask]) for mask in masks]

    def of(self, value):
        return Score(value) if value is not None else Score(None, "inf", "the tangent kernel is singular")


def scores(kappa, regions, mask=BEGUN, pairs=PAIRS):
    """Of repeats: each a list of kappa, or of R, for the supernet and then without each of ``pairs``."""

    def numbers(values, sign):
        signed = [None if value is None else sign * value for value in values]
        return Numbers(mask, signed[0], dict(zip(pairs, signed[1:], strict=True)))

    return ProxyScores(
        SPACE,
        {
            "ntk": [numbers(values, -1.0) for values in kappa],
            "linear_regions": [numbers(values, 1.0) for values in regions],
        },
    )


def totals(found):
    return {candidate: score.value for candidate, score in found.items()}


def test_rank_sums_by_hand():
    given = scores([[10, 5, 20, 10, 5, 8]], [[100, 90, 50, 100, 110, 90]])
    # Changes of kappa: 0.5, -1, 0, 0.5, 0.2, falling ranks 0 3 2 0 1.
    # Changes of R: 0.1, 0.5, 0, -0.1, 0.1, rising ranks 2 3 1 0 2.
    assert totals(te_nas.score(given, FULL, 0)) == {0: 2, 1: 6, 2: 3}
    assert totals(te_nas.score(given, FULL, 2)) == {0: None, 1: 0, 2: 3}
    found = te_nas.importances(given, BEGUN, "operation")
    ranks = {pair: (each.kappa_rank, each.regions_rank) for pair, each in found.items()}
    assert ranks == {(0, 0): (0, 2), (0, 1): (3, 3), (0, 2): (2, 1), (2, 1): (0, 0), (2, 2): (1, 2)}
    assert found[0, 1].kappa.value == -1
    assert found[0, 1].regions.value == 0.5


def test_changes_of_a_repeat_are_rounded_to_three_decimals():
    # 0.1004 and 0.0996 become 0.1; without that they and their means would differ.
    given = scores([[1, 0.8996, 0.9004, 0.9, 0.5, 0.4]], [[100] * 6])
    found = te_nas.importances(given, BEGUN, "operation")
    assert [found[pair].kappa.value for pair in PAIRS] == [0.1, 0.1, 0.1, 0.5, 0.6]
    assert [found[pair].kappa_rank for pair in PAIRS] == [2, 2, 2, 1, 0]
    assert {found[pair].regions_rank for pair in PAIRS} == {0}


def test_means_are_rounded_to_three_significant_digits():
    # Means over the repeats: 1.2343.., 1.2336.., 1.2346.., -0.001, -0.0013..
    first, second, third = (1.234, 1.234, 1.235), (1.233, 1.234, 1.234), (1.235, 1.235, 1.234)
    rest = (-0.001, -0.001, -0.001), (-0.001, -0.001, -0.002)
    changes = list(zip(first, second, third, *rest, strict=True))
    given = scores([[1, *(1 - change for change in repeat)] for repeat in changes], [[100] * 6] * 3)
    found = te_nas.importances(given, BEGUN, "operation")
    assert found[0, 0].kappa.value == pytest.approx(3.703 / 3, abs=1e-9)
    assert [found[pair].kappa_rank for pair in PAIRS] == [0, 0, 0, 1, 2]


def test_changes_that_cancel_tie_with_none():
    changes = ((0.01, 0, 0.1, 0.1, 0.2), (-0.02, 0, 0.2, 0.1, 0.2), (0.01, 0, 0.3, 0.4, 0.2))
    given = scores([[1, *(1 - change for change in repeat)] for repeat in changes], [[100] * 6] * 3)
    found = te_nas.importances(given, BEGUN, "operation")
    assert [found[pair].kappa_rank for pair in PAIRS] == [1, 1, 0, 0, 0]


def test_changes_are_relative_to_their_own_repeat():
    given = scores([[10, 5, 10, 10, 10, 10], [1000, 1000, 900, 1000, 1000, 1000]], [[100] * 6, [50] * 6])
    found = te_nas.importances(given, BEGUN, "operation")
    assert (found[0, 0].kappa.value, found[0, 1].kappa.value) == (0.25, 0.05)


def authors_ranks(kappa, regions):
    """As in ``prune_tenas.py``: sort each list, walk down it, raise the rank where the value changes."""
    ranks = {pair: 0 for pair in kappa}
    for values, falling in ((kappa, True), (regions, False)):
        ordered = sorted(values, key=values.get, reverse=falling)
        rank = 0
        for previous, pair in zip([None, *ordered], ordered, strict=False):
            rank += previous is not None and values[pair] != values[previous]
            ranks[pair] += rank
    return ranks


@pytest.mark.parametrize("seed", range(20))
def test_ranks_are_the_authors(seed):
    draw = np.random.default_rng(seed)
    kappa, regions = draw.integers(5, 15, (3, 6)).tolist(), draw.integers(900, 910, (3, 6)).tolist()

    def means(table):
        changes = [[round((row[0] - value) / row[0], 3) for value in row[1:]] for row in table]
        return dict(zip(PAIRS, [float(f"{mean:.3g}") for mean in np.mean(changes, 0)], strict=True))

    expected = authors_ranks(means(kappa), means(regions))
    given = scores(kappa, regions)
    found = te_nas.importances(given, BEGUN, "operation")
    assert {pair: each.total.value for pair, each in found.items()} == expected


def test_none_is_gone_and_made_decisions_are_not_ranked():
    given = scores([[10, 5, 20, 10, 5, 8]], [[100, 90, 50, 100, 110, 90]])
    for decision, gone in ((2, 0), (1, 0), (1, 1)):
        score = te_nas.score(given, FULL, decision)[gone]
        assert (score.value, score.status) == (None, "skipped")
    for (own,) in given.repeats.values():
        assert {mask for masks in own.asked for mask in masks} == set(own.by_mask)
    assert set(te_nas.score(given, BEGUN, 2)) == {1, 2}
    assert te_nas.without_none(SPACE, FULL) == BEGUN
    alone = without(FULL, 1, 1)
    assert te_nas.without_none(SPACE, alone)[1] == (True, False)


def test_inputs_are_ranked_among_themselves():
    pairs = [(3, 0), (3, 1), (3, 2)]
    given = scores([[10, 10, 12, 6]], [[100, 99, 98, 97]], pairs=pairs)
    assert totals(te_nas.score(given, FULL, 3)) == {0: 1 + 0, 1: 2 + 1, 2: 0 + 2}
    made = without(BEGUN, 3, 1)
    assert te_nas.importances(scores([[1]], [[1]], mask=made, pairs=[]), made, "input") == {}


@pytest.mark.parametrize("scorer", [te_nas, te_nas_shortcut])
def test_every_repeat_is_asked_once_for_all_masks_of_a_decision(scorer):
    mask, pairs = (FULL, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)])
    if scorer is te_nas:
        mask, pairs = BEGUN, PAIRS
    repeats = 3 if scorer is te_nas else 1
    values = list(range(10, 11 + len(pairs)))
    given = scores([values] * repeats, [values] * repeats, mask, pairs)
    scorer.score(given, FULL, 0)
    whole = [mask] if scorer is te_nas else []
    for each in (*given.repeats["ntk"], *given.repeats["linear_regions"]):
        assert each.asked == [[*whole, *(without(mask, *pair) for pair in pairs)]]


def test_a_removal_that_cannot_be_measured_has_no_score_and_no_rank():
    given = scores([[10, 5, None, 10, 5, 8]], [[100, 90, 50, 100, 110, 90]])
    found = te_nas.score(given, FULL, 0)
    assert found[1] == Score(None, "inf", "the tangent kernel is singular")
    assert totals(found) == {0: 0 + 2, 1: None, 2: 2 + 1}
    assert best_candidates(found, 1) == (2,)
    broken = scores([[None, 5, 20, 10, 5, 8]], [[100, 90, 50, 100, 110, 90]])
    assert {score.status for score in te_nas.score(broken, FULL, 0).values()} == {"inf"}


ALL = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]


def test_the_shortcuts_rank_sums_by_hand():
    kappa = [10, 5, 20, 5, 7, 8, 9, 10, 11]
    regions = [100, 90, 50, 100, 110, 90, 91, 92, 93]
    given = scores([kappa], [regions], FULL, ALL)
    # Ascending mean ranks of kappa: 1.5 8 1.5 3 4 5 6 7; of R: 2.5 1 7 8 2.5 4 5 6.
    # 8 - int(rank of kappa) + rank of R.
    expected = [7 + 2.5, 0 + 1, 7 + 7, 5 + 8, 4 + 2.5, 3 + 4, 2 + 5, 1 + 6]
    for decision, sums in ((0, expected[:3]), (1, expected[3:5]), (2, expected[5:])):
        assert list(totals(te_nas_shortcut.score(given, FULL, decision)).values()) == [-each for each in sums]


@pytest.mark.parametrize("seed", range(5))
def test_the_shortcut_is_the_released_formula(seed):
    kappa, regions = np.random.default_rng(seed).integers(5, 12, (2, 8))
    given = scores([[1, *kappa.tolist()]], [[1, *regions.tolist()]], FULL, ALL)
    sums = len(kappa) - rankdata(kappa).astype(int) + rankdata(regions)
    found = te_nas_shortcut.score(given, FULL, 0)
    assert totals(found) == dict(enumerate((-sums[:3]).tolist()))
    # The released code takes the argmin of its sums: the first best candidate of ours.
    assert best_candidates(found, 1) == (int(np.argmin(sums[:3])),)


def test_the_shortcut_ranks_none_and_te_nas_does_not():
    kappa, regions = [10, 5, 20, 10, 30, 9, 30, 5, 8], [100, 90, 50, 100, 10, 99, 10, 110, 90]
    shortcut = te_nas_shortcut.score(scores([kappa], [regions], FULL, ALL), FULL, 2)
    assert best_candidates(shortcut, 1) == (0,)
    own = [0, 1, 2, 3, 7, 8]
    full = scores([[kappa[place] for place in own]], [[regions[place] for place in own]])
    assert best_candidates(te_nas.score(full, FULL, 2), 1) == (2,)


def test_the_shortcut_keeps_the_reason_of_a_failure():
    kappa = [10, 5, None, 5, 7, 8, 9, 10, 11]
    given = scores([kappa], [[100, 90, 50, 100, 110, 90, 91, 92, 93]], FULL, ALL)
    found = te_nas_shortcut.score(given, FULL, 0)
    assert found[1] == Score(None, "inf", "the tangent kernel is singular")
    assert totals(found) == {0: -(7 - 1 + 1.5), 1: None, 2: -(7 - 1 + 6)}
