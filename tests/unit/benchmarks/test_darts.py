"""The trained DARTS genotypes: which labels, whose, and how well trivial baselines rank them."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, spaces, stats
from harness.networks import darts as networks
from harness.stats.rank_correlation import kendall, spearman

BEST, DEFAULT, SGAS = "cifar10_test_600_best", "cifar10_test_600_mean_last10", "cifar10_test_600_sgas"


@pytest.fixture(scope="module", params=["darts", "darts_s5"])
def table(request):
    return benchmarks.load(request.param)


def known(table, label):
    """The genotypes of ``label``, and their figures."""
    values = table.values(table.keys, label)
    there = np.isfinite(values)
    return [arch for arch, is_known in zip(table.architectures, there, strict=True) if is_known], values[
        there
    ]


def counted(table, arch, word, cells=(0, 1)):
    """How many operations of some cells have a name with ``word``."""
    both = table.space.cells(arch)
    return sum(word in operation for cell in cells for node in both[cell] for operation, _ in node)


def test_no_label_pools_two_sources(table):
    assert not table.complete
    assert table.default_label.name == DEFAULT
    assert len(table.architectures) == len(table) == 234
    yang = {label: len(known(table, label)[0]) for label in table.labels if label != SGAS}
    assert set(yang.values()) == {214}
    assert len(known(table, SGAS)[0]) == 20
    assert not set(known(table, BEST)[0]) & set(known(table, SGAS)[0])


def test_the_published_range(table):
    values = known(table, BEST)[1]
    assert (values.min(), values.max(), len(set(values))) == (96.18, 97.56, 78)
    assert (known(table, DEFAULT)[1] < values).all()
    assert kendall(known(table, DEFAULT)[1], values) == pytest.approx(0.917, abs=5e-4)
    assert known(table, SGAS)[1].max() == pytest.approx(97.61)


def test_both_spaces_have_the_same_keys():
    first, second = benchmarks.load("darts"), benchmarks.load("darts_s5")
    np.testing.assert_array_equal(first.held, second.held)
    assert [first.space.format(arch) for arch in first.architectures] == [
        second.space.format(arch) for arch in second.architectures
    ]


def test_what_nobody_trained_is_unknown(table):
    arch = table.space.sample(np.random.default_rng(0))
    assert np.isnan(table.value(arch, DEFAULT))


def test_trivial_baselines(table):
    archs, values = known(table, BEST)
    size = networks.Size(36, 20)
    params = np.array([networks.parameter_count(table.space, arch, size, 10) for arch in archs])
    assert kendall(params, values) == pytest.approx(0.168, abs=5e-4)
    assert spearman(params, values) == pytest.approx(0.242, abs=5e-4)
    assert kendall(params, known(table, DEFAULT)[1]) == pytest.approx(0.167, abs=5e-4)
    separable = np.array([counted(table, arch, "sep_conv") for arch in archs])
    assert kendall(separable, values) == pytest.approx(0.195, abs=5e-4)
    fewest = -np.array([counted(table, arch, "skip", cells=(0,)) for arch in archs])
    assert kendall(fewest, values) == pytest.approx(-0.238, abs=5e-4)


def test_the_ceiling_is_the_published_one(table):
    ceiling = table.label(DEFAULT).ceiling
    assert (ceiling.kendall, ceiling.spearman, ceiling.n) == (0.476, 0.643, 32)
    assert "NAS-Benchmark" in ceiling.source
    assert table.label(SGAS).ceiling is None
    assert stats.ceiling(table.runs(table.keys, DEFAULT))["kendall"] is None
    assert spaces.load(table.space.name).listing() is None
