"""Every network of every space as modules without storage: about 9 minutes on one core in all.

The formula of ``parameter_count`` is held equal to the modules' parameters for every
architecture at the small size and for every tenth at the benchmark's (the tests beside the formulas hold
them equal to the tables for all); and to the table's for every cell of NAS-Bench-1Shot1's spaces 1 and 3,
loose ends included; in space 2 isomorphic cells may differ (``nb1shot1.network``).
"""

from __future__ import annotations

import importlib

import numpy as np
import pytest
import torch

from harness import benchmarks, families, networks, spaces

LISTED = [name for name in spaces.names() if type(spaces.load(name)).listing is not spaces.Space.listing]
"""The listing itself takes a while to make, for which collecting tests need not wait."""


@pytest.mark.slow
@pytest.mark.parametrize("name", LISTED)
def test_formula_equals_the_modules_for_every_network(name):
    space = spaces.load(name)
    family = importlib.import_module(f"harness.networks.{space.family}")
    graph_of = space.cell if space.family == "nb1shot1" else space.format
    distinct = {graph_of(arch): arch for arch in space.listing()}
    for position, arch in enumerate(distinct.values()):
        for fidelity in ("small", "benchmark") if position % 10 == 0 else ("small",):
            with torch.device("meta"):
                module = family.network(space, arch, families.size_of(space, fidelity), 10)
            assert networks.count_parameters(module) == networks.parameter_count(space, arch, fidelity)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nb1shot1_1", "nb1shot1_3"])
def test_formula_equals_the_table_for_every_cell_with_loose_ends(name):
    space = spaces.load(name)
    table = benchmarks.load(name)
    cells = [arch for arch in space.encodings() if space.normalise(arch) == arch]
    assert len(cells) == len(table)
    assert np.array_equal(table.params(cells), [networks.parameter_count(space, arch) for arch in cells])
