"""Benchmarks of a few figures, and those of other packages."""

from __future__ import annotations

import types
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, registry, spaces
from harness.benchmarks import Dataset, Label, of_values
from harness.errors import ConfigError, DataError, UnknownNameError

SPACE = spaces.load("nbmacro")
LABEL = Label("cifar10_test_1", "cifar10", "test", 1, "one run", ("accuracy",), "made up")
LATENCY = replace(LABEL, name="latency", columns=("ms",), metric="latency", unit="ms", higher_is_better=False)
DATASETS = {"cifar10": Dataset(10, 32)}
ARCHS = ["22212220", [0] * 8, "11111111"]
FIGURES = {"accuracy": [90.0, np.nan, 80.0], "ms": [3.0, 1.0, 2.0]}


def made(archs=ARCHS, **columns):
    return of_values(SPACE, [LABEL, LATENCY], archs, FIGURES | columns, DATASETS)


def test_values_of_any_form_and_nan_for_what_is_not_known():
    table = made()
    asked = [SPACE.parse("11111111"), "22212220", "00000000", "12121212"]
    np.testing.assert_array_equal(table.values(asked, "cifar10_test_1"), [80, 90, np.nan, np.nan])
    assert table.value("00000000", "latency") == 1.0
    assert table.runs(asked, "latency") is None
    assert (table.complete, table.default_label, table.dataset("latency").classes) == (False, LABEL, 10)


def test_what_can_be_drawn_is_what_is_known_in_the_order_given():
    table = made()
    assert table.architectures == tuple(SPACE.parse(arch) for arch in ARCHS)
    assert table.keys.tolist() == [SPACE.key(arch) for arch in table.architectures]
    assert len(set(table.classes.tolist())) == 3
    assert set(table.population.sample_distinct(10, np.random.default_rng(0))) == set(table.architectures)


def test_ranking_goes_by_the_label_s_direction():
    table = made()
    assert table.goodness(ARCHS, "latency").tolist() == [-3.0, -1.0, -2.0]
    np.testing.assert_array_equal(table.goodness(ARCHS, "cifar10_test_1"), FIGURES["accuracy"])


def test_all_architectures_of_a_space_are_a_complete_benchmark():
    archs = SPACE.listing()
    columns = {name: np.arange(len(archs)) for name in FIGURES}
    assert of_values(SPACE, [LABEL], archs, columns, DATASETS).complete


def test_the_digest_is_of_figures_and_keys_and_not_of_their_order():
    table, label = made(), "cifar10_test_1"
    other = made(ARCHS[::-1], **{name: values[::-1] for name, values in FIGURES.items()})
    assert other.digest(label) == table.digest(label) != table.digest("latency")
    assert made(accuracy=[90.0, np.nan, 80.5]).digest(label) != table.digest(label)
    assert made(["22212220", "00000001", "11111111"]).digest(label) != table.digest(label)


@pytest.mark.parametrize(
    ("archs", "columns", "why"),
    [
        (ARCHS, {"ms": [1.0]}, "column ms has another length"),
        (["22212220", "2" * 8, "22212220"], {}, "one comes twice"),
        ([], {"accuracy": [], "ms": []}, "there is none"),
        (["22212220", "3" * 8, "11111111"], {}, "received '33333333'"),
    ],
)
def test_figures_that_do_not_fit(archs, columns, why):
    with pytest.raises(ConfigError, match=why):
        made(archs, **columns)


def test_a_label_without_figures_and_a_population_beyond_what_is_known():
    table = made(accuracy=[np.nan] * 3)
    with pytest.raises(DataError, match=r"cifar10_test_1 of nbmacro has no figures.*cifar10_test_1, latency"):
        table.require_known("cifar10_test_1")
    table.require_known("latency")
    table.require_as_many("latency", 3)
    table.require_as_many("latency", "all")
    with pytest.raises(ConfigError, match=r"known for 2 architectures.*received 3"):
        made().require_as_many("cifar10_test_1", 3)
    benchmarks.load("nbmacro").require_as_many("cifar10_test_50", 10**6)


@pytest.fixture
def theirs(monkeypatch):
    """A benchmark of another package, of a space that has no table."""

    def install(opened, name="theirs"):
        module = types.SimpleNamespace(open=lambda: opened, __name__="their_nas.benchmark")
        point = types.SimpleNamespace(name=name, value="their_nas.benchmark", load=lambda: module)
        monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.benchmarks"))

    benchmarks._opened.cache_clear()
    yield install
    benchmarks._opened.cache_clear()


def test_another_package_s_benchmark_is_known_everywhere(theirs):
    space = type(SPACE)()
    space.name = "theirs"
    table = of_values(space, [LABEL], ARCHS[:1], {"accuracy": [1.0]}, DATASETS)
    theirs(table)
    assert set(benchmarks.names()) == {*benchmarks.tables(), "theirs"}
    assert benchmarks.load("theirs") is table
    assert list(benchmarks.labels("theirs")) == ["cifar10_test_1"]
    benchmarks.require("theirs")
    benchmarks.require_label("theirs", "cifar10_test_1")
    with pytest.raises(UnknownNameError, match=r"label of theirs 'x'.*cifar10_test_1"):
        benchmarks.require_label("theirs", "x")
    with pytest.raises(UnknownNameError, match="Did you mean 'theirs'"):
        benchmarks.load("their")


def test_a_table_of_ours_is_no_other_package_s(theirs):
    theirs(made(), "nbmacro")
    assert len(benchmarks.load("nbmacro").architectures) == 6_561


@pytest.mark.parametrize("opened", [None, made()])
def test_another_package_s_benchmark_that_is_none(theirs, opened):
    theirs(opened)
    with pytest.raises(
        ConfigError, match=r"benchmark 'theirs' comes from another package.*mend that package"
    ):
        benchmarks.load("theirs")
