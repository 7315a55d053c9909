"""Shares of skips, noise and separable convolutions: counted, expected by chance, published, and shown."""

from __future__ import annotations

import numpy as np
import pytest

from harness import networks, records, reports, spaces
from harness.cli._compose import composing, run_config
from harness.published import reduced_genotypes
from harness.reports.analysis.operation_shares import by_chance, kinds_of, mean, shares
from harness.runners import execute


def test_shares_are_of_eight_operations():
    space = spaces.load("darts_s4")
    normal = "|noise~0|sep_conv_3x3~1|+|noise~0|sep_conv_3x3~1|+|noise~0|sep_conv_3x3~1|+|noise~0|noise~1|"
    reduce = "+".join(["|sep_conv_3x3~0|sep_conv_3x3~1|"] * 4)
    found = shares(space, space.parse(f"{normal}/{reduce}"))
    assert found["normal", "noise"] == 5 / 8
    assert found["normal", "sep. conv."] == 3 / 8
    assert (found["reduce", "noise"], found["reduce", "sep. conv."]) == (0, 1)
    assert kinds_of(space) == ("noise", "sep. conv.")
    assert kinds_of(spaces.load("darts_s2")) == ("skip", "sep. conv.")


@pytest.mark.parametrize("name", [name for name in spaces.names() if spaces.load(name).family == "darts"])
def test_chance_is_the_mean_of_many_draws(name):
    space, draws = spaces.load(name), np.random.default_rng(0)
    drawn = mean(shares(space, space.sample(draws)) for _ in range(600))
    for key, expected in by_chance(space).items():
        assert abs(drawn[key] - expected) < 0.03


def test_chance_by_hand():
    """S3 keeps two of its three operations; S1 has a separable convolution on few edges."""
    assert by_chance(spaces.load("darts_s3"))["normal", "skip"] == pytest.approx(1 / 2)
    edges = {(3, 1): "sep", (4, 1): "sep", (4, 2): "sep", (5, 0): "sep"}  # of the normal cell of S1
    expected = sum(2 / node / 2 for node, _ in edges) / 8
    assert by_chance(spaces.load("darts_s1"))["normal", "sep. conv."] == pytest.approx(expected)


def test_published_genotypes_are_of_their_spaces_and_as_large_as_they_say():
    theirs = reduced_genotypes.darts_pt()
    assert len(theirs) == 48
    assert {each.dataset for each in theirs} == {"cifar10", "cifar100", "svhn"}
    for each in theirs:
        space = spaces.load(each.space)
        arch = space.parse(each.text)
        assert space.format(arch) == each.text
        assert networks.trained_cost(space, arch)[0] == each.params
    for space in reduced_genotypes.SPACES:
        found = reduced_genotypes.of_space(space)
        assert [each.searcher for each in found].count("zero_cost_pt") == 6
        assert len(found) == 12 + 6
    assert reduced_genotypes.of_space("darts_s5") == ()


def test_a_report_has_a_row_for_every_seed_and_for_what_is_published(tmp_path):
    asked = ["task=search", "space=darts_s2", "searcher=random_by_proxy", "proxy=params", "fidelity=tiny"]
    found = []
    for seed in (0, 1):
        with composing():
            config = run_config(
                [*asked, "batch_size=4", "searcher.evaluations=2", f"seed={seed}", f"results={tmp_path}"]
            )
        found.append(records.read_record(execute(config)[0].path).statistics)
    reports.build(tmp_path, tmp_path / "report", formats=())
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    table = text[text.index("Operations of the genotypes found on darts_s2") :]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if "|" in line]
    ours = [row for row in rows if row[0].startswith("random_by_proxy-params")]
    space = spaces.load("darts_s2")
    for seed, statistics in enumerate(found):
        expected = shares(space, space.parse(statistics["arch"]))
        assert ours[seed][1] == str(seed)
        assert ours[seed][2:6] == [
            f"{100 * value:.0f}" for key, value in expected.items() if key[1] != "noise"
        ]
        assert ours[seed][6] == f"{statistics['published_size_params'] / 1e6:.2f}"
    for searcher in ("darts_pt", "blank_pt", "zero_cost_pt"):
        assert any(row[:2] == [f"published: {searcher}, svhn", "2 genotypes"] for row in rows)
    assert any(row[:3] == ["by chance", "–", "50"] for row in rows)
