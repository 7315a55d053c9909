"""Rows that could not be measured are told with their reasons, on the page, in the text and on a terminal."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from harness import reports, stats
from harness.records import Failures, failures
from tests.unit.reports.conftest import arch_statistics, architectures, operations

REASON = "ValueError: an odd number of channels"


def spoiled(rows: pd.DataFrame, count: int) -> pd.DataFrame:
    if "reason" not in rows:
        rows["reason"] = None
    rows.loc[: count - 1, ["score", "status", "reason"]] = float("nan"), "failed", REASON
    return rows


@pytest.fixture
def built(results, tmp_path):
    for seed in range(2):
        rows = spoiled(architectures(seed, "snip"), 3)
        results.write("arch_correlation", "snip", seed, rows, arch_statistics(rows))
        results.arch("nwot", seed, failures=4)
    rows = spoiled(operations(), 1)
    results.write(
        "op_correlation", "zero_cost_pt-nwot", 0, rows, stats.operation_agreement(rows), proxy="nwot"
    )
    rows = pd.DataFrame(
        {
            "stage": ["proposal", "validation", "total"],
            "status": [None, "failed", "failed"],
            "score": [1.0] * 3,
        }
    )
    results.search(rows=rows.assign(arch="a", reason=[None, REASON, REASON]))
    return reports.build(results.root, tmp_path / "report", formats=())


SENTENCES = [
    f"Rows that could not be measured: snip, 6 of 120 failed ({REASON}).",
    f"Rows that could not be measured: zero_cost_pt-nwot, 1 of 24 failed ({REASON}).",
    f"Rows that could not be measured: zero_cost_pt-nwot, 1 of 1 failed ({REASON}).",
]


def test_they_are_told_wherever_tables_are(built):
    told = io.StringIO()
    reports.print_tables(built, Console(file=told, width=10_000))
    for text in (
        told.getvalue(),
        built.paths["markdown"].read_text(),
        built.paths["page"].read_text(),
    ):
        for sentence in SENTENCES:
            assert text.count(sentence) == 1, sentence
    assert "nwot, 4 of" not in told.getvalue(), "disconnected networks are an outcome"


def test_the_most_frequent_reasons_come_first_and_the_others_are_counted():
    found = failures(
        {"status": ["failed"] * 6 + ["nan", None], "reason": ["a", "b", "b", "c", "d", None, "e", "f"]}
    )
    assert (found.words, found.why) == ("6 of 7 failed", "b; a; and 3 other reasons")
    assert not found.all
    twice = found + found
    assert (twice.failed, twice.total, twice.reasons[0]) == (12, 14, ("b", 4))


def test_no_rows_and_no_statuses_are_no_failures():
    for rows in ({}, {"score": [1.0]}, {"status": [], "reason": []}):
        assert failures(rows) == Failures(0, 0, ())
    assert not failures({}).all
    assert failures({"status": ["failed"], "reason": ["a"]}).all
