"""Scores of several supernets, averaged."""

from __future__ import annotations

import pytest

from harness.scorers import SCALES, Score, averaged, undecided

ONE = {0: Score(1.0), 1: Score(3.0), 4: Score(5.0)}
OTHER = {0: Score(30.0), 1: Score(10.0), 4: Score(20.0)}


@pytest.mark.parametrize(
    ("scale", "means"),
    [
        ("raw", (15.5, 6.5, 12.5)),
        ("rank", (2.0, 1.5, 2.5)),
        ("z", (0.0, -(0.75**0.5) / 2**0.5, 0.75**0.5 / 2**0.5)),
    ],
)
def test_by_hand(scale: str, means: tuple[float, ...]) -> None:
    found = averaged([ONE, OTHER], scale)
    assert list(found) == [0, 1, 4]
    assert [score.value for score in found.values()] == pytest.approx(means)


@pytest.mark.parametrize("scale", SCALES)
def test_of_one_supernet_the_order_stays(scale: str) -> None:
    found = averaged([OTHER], scale)
    assert sorted(OTHER, key=lambda each: OTHER[each].value) == sorted(
        found, key=lambda each: found[each].value
    )


def test_equal_scores_say_nothing() -> None:
    flat = dict.fromkeys(ONE, Score(7.0))
    assert [score.value for score in averaged([flat, flat], "z").values()] == [0, 0, 0]


def test_what_one_could_not_score_has_no_mean() -> None:
    failed = Score(None, "inf", "singular")
    found = averaged([ONE, OTHER | {1: failed}], "raw")
    assert found[1] is failed
    assert [found[0].value, found[4].value] == [15.5, 12.5]


def test_nothing_scored() -> None:
    failed = Score(None, "nan", "no value")
    assert averaged([{2: failed}, {2: failed}], "z") == {2: failed}


def test_what_supernets_cannot_tell_from_the_best() -> None:
    steady = [{0: Score(3.0 + m), 1: Score(2.0 + m), 2: Score(0.0 + m)} for m in (0.0, 1.0, 2.0)]
    assert undecided(steady, "raw", 2.0) == {0}
    wavering = [{0: Score(3.0), 1: Score(2.0 + m), 2: Score(0.0)} for m in (-1.0, 0.0, 1.5)]
    assert undecided(wavering, "raw", 2.0) == {0, 1}
    assert undecided(wavering, "raw", 1e-9) == {0}


def test_equal_scores_are_all_as_good() -> None:
    flat = [dict.fromkeys(ONE, Score(7.0))] * 3
    assert undecided(flat, "z", 1e-9) == {0, 1, 4}


def test_what_has_no_score_is_not_among_the_best() -> None:
    scores = [{0: Score(None, "nan", "singular"), 1: Score(1.0)}, {0: Score(3.0), 1: Score(1.0)}]
    assert undecided(scores, "z", 2.0) == {1}
    assert undecided([{0: Score(None, "nan", "singular")}] * 3, "z", 2.0) == set()
