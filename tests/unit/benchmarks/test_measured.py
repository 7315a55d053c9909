"""Truth by a function: any architecture may be asked about, or those that are taken for all."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import numpy as np
import pytest

from harness import spaces
from harness.benchmarks import Measured, Recipe
from harness.errors import ConfigError, UnknownNameError

SPACE = spaces.load("nb201")
RECIPE = Recipe(
    space="nb201", input="digits", digest="ab" * 32, classes=10, image_size=8, images=101,
    network={"channels": 4, "cells": 1}, epochs=2, batch_size=16, rate=0.05, seeds=(3, 4),
)  # fmt: skip
ARCHS = tuple(sorted(SPACE.listing()[:5]))
OTHERS = {
    "space": "nbmacro", "input": "cifar10", "digest": "cd" * 32, "classes": 11, "image_size": 16,
    "images": 102, "network": {"channels": 5, "cells": 1}, "epochs": 3, "batch_size": 17, "rate": 0.06,
    "seeds": (3, 4, 5), "arithmetic": "fastest", "convolutions": "xnor",
}  # fmt: skip


class Figures:
    """Made-up ones, and who was asked about."""

    def __init__(self) -> None:
        self.origins, self.asked = [], []

    def __call__(self, archs):
        self.asked += archs
        return np.array([[SPACE.key(arch) % 50, SPACE.key(arch) % 50 + 1] for arch in archs], float)

    def estimate(self, archs, more=0):
        return 1.0, f"{len(archs) + more}"


def measured(**more) -> Measured:
    return Measured(SPACE, RECIPE, Figures(), SPACE.listing(), **more)


def test_the_labels_name_says_the_fidelity():
    assert RECIPE.name == "trained_digits_4channels_1cells_8px_101images_2epochs_batch16_sgd0.05_seeds3-4"
    for words in ("not a published figure", "4 channels, 1 cells", "8 x 8 pixels", "50 images of digits",
                  "51 to validate", "2 epochs", "batch 16", "SGD", "0.05", "seeds 3, 4"):  # fmt: skip
        assert words in RECIPE.words


def test_settings_lead_back_to_the_recipe():
    again = Recipe.of_settings(json.loads(json.dumps(RECIPE.settings | {"architectures": "any"})))
    assert again.settings == RECIPE.settings
    assert (again.name, again.digest_of({})) == (RECIPE.name, RECIPE.digest_of({}))


def test_binary_convolutions_are_told_and_real_ones_leave_older_truths_what_they_were():
    binary = replace(RECIPE, convolutions="xnor")
    assert "convolutions" not in RECIPE.settings
    assert "convolutions" not in RECIPE.training
    assert binary.name == RECIPE.name.replace("1cells", "1cells_xnor")
    assert "xnor convolutions" in binary.words
    assert Recipe.of_settings(binary.settings) == replace(binary, seeds=[3, 4])


@pytest.mark.parametrize("name", [field.name for field in fields(Recipe)])
def test_every_part_of_a_recipe_makes_another_truth(name):
    other = replace(RECIPE, **{name: OTHERS[name]})
    assert other.digest_of({}) != RECIPE.digest_of({})
    assert (other.training == RECIPE.training) == (name == "seeds")


def test_values_are_means_of_the_seeds_and_runs_are_known():
    benchmark = measured()
    label = benchmark.default_label.name
    values, runs = benchmark.values(ARCHS, label), benchmark.runs(ARCHS, label)
    np.testing.assert_array_equal(values, runs.mean(axis=1))
    assert benchmark.value(SPACE.format(ARCHS[0]), label) == values[0]
    one = Measured(SPACE, replace(RECIPE, seeds=(0,)), Figures())
    assert one.runs(ARCHS, one.default_label.name) is None
    with pytest.raises(UnknownNameError, match="Unknown label of nb201 'x'"):
        benchmark.values(ARCHS, "x")


def test_nothing_is_trained_before_it_is_asked_for():
    benchmark = measured()
    benchmark.require_known(benchmark.default_label.name)
    benchmark.require_as_many(benchmark.default_label.name, 20)
    assert benchmark.population.size == 15_625
    assert len(benchmark.digest(benchmark.default_label.name)) == 64
    assert benchmark.figures.asked == []


def test_what_needs_all_of_them_is_refused_where_any_may_be_asked():
    benchmark = measured()
    for asked in (lambda: benchmark.keys, lambda: benchmark.require_as_many(RECIPE.name, "all")):
        with pytest.raises(ConfigError, match=r"15,625 of nb201 would all have to be .*architectures=20"):
            asked()


def test_some_can_be_taken_for_all():
    benchmark = measured(architectures=ARCHS)
    label = benchmark.default_label.name
    np.testing.assert_array_equal(benchmark.values(benchmark.keys, label), benchmark.values(ARCHS, label))
    assert benchmark.population.size == len(ARCHS)
    benchmark.require_as_many(label, "all")
    with pytest.raises(ConfigError, match=r"truth.architectures=5 are known, .* received 6"):
        benchmark.require_as_many(label, 6)
    assert benchmark.digest(label) != measured().digest(label)
