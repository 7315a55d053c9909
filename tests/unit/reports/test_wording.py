"""Numbers, seeds and settings in words."""

from __future__ import annotations

import pytest

from harness.records import Run
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.sections import label_words
from harness.stats import mean_with_interval


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(None, 3, "–"), (0.61249, 3, "0.612"), (-0.5, 2, "−0.50"), (-0.0001, 3, "0.000"), (15625, 0, "15,625")],
)
def test_number(value, digits, text):
    assert wording.number(value, digits) == text


@pytest.mark.parametrize(
    ("values", "text", "note"),
    [
        ([0.5], "0.500", ""),
        ([0.5, 0.6], "0.550 ± 0.071", ""),
        ([0.5, None], "0.500", "1 of 2 undefined"),
        ([None], "–", "undefined"),
    ],
)
def test_mean_cell(values, text, note):
    cell = wording.mean_cell(mean_with_interval(values), 3)
    assert (cell.text, cell.note) == (text, note)


def test_whole_numbers():
    assert wording.mean_cell(mean_with_interval([10, 10]), 0, whole=True).text == "10"
    assert wording.mean_cell(mean_with_interval([10, 13]), 0, whole=True).text == "11.5 ± 2.1"


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], "no seed"),
        ([3], "seed 3"),
        ([0, 1], "seeds 0, 1"),
        ([2, 0, 1], "seeds 0–2"),
        ([0, 2, 5], "seeds 0, 2, 5"),
    ],
)
def test_seeds(numbers, text):
    assert wording.seeds(numbers) == text


@pytest.mark.parametrize(("values", "text"), [([], "–"), ([None], "–"), ([7, 7], "7"), ([9, None, 5], "5–9")])
def test_spread(values, text):
    assert wording.spread(values) == text


def group(method, **settings):
    return Group(Run("search", "nb201", "l", method, 0, settings))


def test_settings():
    groups = [
        group("pt-nwot", proxy="nwot", batch=64, table="ab" * 32),
        group("pt-snip", proxy="snip", batch=64, table="ab" * 32),
        group("pt-snip", proxy="snip", batch=128, table="ab" * 32),
        group("random", proxy=None, batch=64, table="ab" * 32, samples=10),
    ]
    assert wording.own_settings(groups[0], groups) == ""
    assert wording.own_settings(groups[1], groups) == "batch=64"
    assert wording.own_settings(groups[2], groups) == "batch=128"
    assert wording.own_settings(groups[3], groups) == "samples=10"
    assert wording.settings_sentence(groups) == (
        "Settings, where a row does not say otherwise: batch=64, table=abababab."
    )


def test_two_groups_of_one_method_are_always_told_apart():
    groups = [group("pt-nwot", proxy="nwot"), group("pt-nwot", proxy=None)]
    assert wording.own_settings(groups[0], groups) != wording.own_settings(groups[1], groups)


def test_label_words():
    assert label_words("toy", "accuracy") == ""
    assert label_words("nb201", "no such label") == ""
    from harness import benchmarks

    label = benchmarks.load("nb201").default_label
    assert f"{label.epochs} epochs" in label_words("nb201", label.name)
