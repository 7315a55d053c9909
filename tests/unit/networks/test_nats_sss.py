"""NATS-Bench's networks of its size space: sizes against the table and the release, shapes."""

from __future__ import annotations

import numpy as np
import pytest

from harness import benchmarks, networks, spaces
from harness.errors import ConfigError
from harness.networks import count_flops, count_parameters

SPACE = spaces.load("nats_sss")


def test_every_network_has_the_tables_parameters_and_multiply_accumulates():
    table, archs = benchmarks.load_table("nats_sss"), SPACE.listing()[::7]
    assert np.array_equal(table.params(archs), [networks.parameter_count(SPACE, arch) for arch in archs])
    assert np.array_equal(table.flops(archs), [networks.table_flops(SPACE, arch) for arch in archs])


@pytest.mark.parametrize(
    ("index", "accuracy", "params"), [(0, 79.79, 11_714), (11, 85.77, 49_202), (284, 89.51, 144_834)]
)
def test_figures_of_the_authors_own_excerpt(index, accuracy, params):
    table, arch = benchmarks.load_table("nats_sss"), SPACE.listing()[index]
    assert table.value(arch, "cifar10_test_90") == accuracy
    assert table.params([arch]) == [params]


@pytest.mark.parametrize(("fidelity", "pixels"), [("benchmark", 32), ("small", 20), ("tiny", 16)])
def test_formulas_are_those_of_the_modules(fidelity, pixels):
    for seed in range(3):
        arch = SPACE.sample(np.random.default_rng(seed))
        module = networks.build(SPACE, arch, fidelity, classes=7)
        assert count_parameters(module) == networks.parameter_count(SPACE, arch, fidelity, 7)
        assert count_flops(module, pixels) == networks.flop_count(SPACE, arch, fidelity, 7, pixels)


def test_it_says_why_it_has_no_supernet():
    with pytest.raises(ConfigError, match=r"have no supernet \(candidates are widths, .*\); take a method"):
        networks.require_supernet(SPACE)


@pytest.mark.parametrize("form", ["8:16:64:32:8", (8, 16, 64, 32, 8), [[0], [1], [7], [3], [0]]])
def test_forms(form):
    assert SPACE.widths(SPACE.parse(form)) == (8, 16, 64, 32, 8)


@pytest.mark.parametrize(
    "text", ["8:16:64:32", "8:16:64:32:7", "08:16:64:32:8", "8:16:64:32:8:8", "8:16:64:32:72"]
)
def test_what_is_no_choice_of_widths(text):
    with pytest.raises(ConfigError, match="written like 8:16:64:32:8, five widths of 8, 16, .*; received"):
        SPACE.parse(text)
