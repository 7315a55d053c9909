"""A run's result in the words of its label."""

from __future__ import annotations

import pytest

from harness import benchmarks, tasks

FOUND = {"accuracy": -1.4825, "rank": 411, "size": 15625}


@pytest.mark.parametrize(
    ("label", "goodness", "words"),
    [
        ("cifar10_test_200", 94.3733, "accuracy 94.37 %"),
        ("cifar10_latency_pixel3", -1.4825, "latency on a Pixel 3 1.482 ms"),
    ],
)
def test_a_figure_is_told_in_its_own_unit_and_direction(label, goodness, words):
    assert benchmarks.labels("nb201")[label].told(goodness) == words


def test_a_search_for_low_latency_found_no_accuracy():
    told = benchmarks.labels("nb201")["cifar10_latency_pixel3"].told
    headline = tasks.load("search").headline(FOUND, told)
    assert headline == "latency on a Pixel 3 1.482 ms, rank 411 of 15625"


@pytest.mark.parametrize(("space", "label"), [("nb201", "nobody"), ("nowhere", "cifar10_test_200")])
def test_what_nobody_knows_any_more_is_no_label(space, label):
    assert benchmarks.find_label(space, label) is None
