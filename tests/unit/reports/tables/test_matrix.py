"""Every method on every space, with its rank there."""

from __future__ import annotations

import numpy as np

from harness.reports.analysis.groups import collect
from harness.reports.tables import matrix


def test_a_rank_is_among_the_methods_of_its_space(results):
    accuracies = {"a": (94.0, 90.0), "b": (93.0, 92.0), "c": (92.0,)}
    for method, values in accuracies.items():
        for space, accuracy in zip(("one", "two"), values, strict=False):
            for seed in range(2):
                results.search(method, seed, accuracy=accuracy + seed, space=space)
    (found,) = matrix.matrices(collect(results.root))
    ranks = {(place[0], method.name): rank for (place, method), rank in found.ranks.items()}
    assert ranks == {("one", "a"): 1, ("one", "b"): 2, ("one", "c"): 3, ("two", "a"): 2, ("two", "b"): 1}
    assert [method.name for method in found.methods] == ["a", "b", "c"]
    table = matrix.table(found)
    row = next(row for row in table.rows if row.cells[0].text == "b")
    assert [cell.text for cell in row.cells] == ["b", "1.50", "93.50 ± 0.71", "92.50 ± 0.71", "2"]
    assert row.cells[2].note == "rank 2, 2 seeds"
    last = next(row for row in table.rows if row.cells[0].text == "c")
    assert last.cells[3].text == "–"


def test_a_method_that_is_alone_in_its_space_is_ranked_with_nobody(results):
    for space in ("one", "two", "three"):
        results.search("a", 0, accuracy=94.0, space=space)
    results.search("b", 0, accuracy=93.0, space="one")
    assert matrix.matrices(collect(results.root)) == ()
    results.search("b", 0, accuracy=95.0, space="two")
    (found,) = matrix.matrices(collect(results.root))
    assert [space for space, _ in found.places] == ["one", "two"]


def test_one_space_alone_has_none(filled):
    groups = [group for group in collect(filled.root) if group.run.space == "toy"]
    assert matrix.matrices(groups) == ()


def test_baselines_are_counted_once_and_small_networks_said(results):
    for space in ("one", "two"):
        for method in ("nwot", "snip"):
            results.arch(method, 0, space=space, settings={"fidelity": "tiny"})
    (found,) = matrix.matrices(collect(results.root))
    base = next(method for method in found.methods if method.name == "parameters")
    assert {len(found.values[place, base]) for place in found.places} == {1}
    assert np.isfinite(found.mean(found.places[0], base))
    assert set(found.notes.values()) == {"fidelity tiny"}
