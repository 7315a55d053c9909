"""Where records were made: what a report says of it, and where two that are compared differ."""

from __future__ import annotations

import types

import pytest

from harness.comparison.methods import compare
from harness.comparison.text import comparison_lines
from harness.records import code
from harness.reports import wording
from harness.reports.analysis.groups import collect
from harness.reports.analysis.origins import differing, origin_of
from tests.unit.reports import conftest

NUMERICS = {"cpu_capability": "AVX2", "limits": {"ONEDNN_MAX_CPU_ISA": "AVX2"}, "device_model": "NVIDIA H100",
            "cuda": "13.0", "cudnn": 91000, "deterministic": True, "precision": {"conv": "ieee"}}  # fmt: skip
PACKAGE = {"distribution": "other-package", "version": "1.2", "code": "0123456789abcdef"}
MADE = {
    **conftest.PROVENANCE, "code": {"proxies": "ab"}, "numerics": NUMERICS,
    "foreign": {"proxies.mine": PACKAGE},
}  # fmt: skip


def origin(**changes):
    return origin_of(types.SimpleNamespace(provenance=MADE | changes))


def test_what_is_told_of_a_provenance():
    found = origin()
    assert found["gpu"] == "NVIDIA H100"
    assert found["foreign"] == ["other-package 1.2 (01234567)"]
    assert found["numerics"] == (
        "kernels=AVX2 ONEDNN_MAX_CPU_ISA=AVX2 cuda=13.0 cudnn=91000 deterministic=True conv=ieee"
    )


@pytest.mark.parametrize("changes", [{"dirty": True}, {"commit": None, "dirty": None}])
def test_code_is_told_by_its_digest_where_the_commit_does_not_say_it(changes):
    assert origin()["code"] is None
    one, other = origin(**changes), origin(**changes, code={"proxies": "cd"})
    assert len(one["code"]) == 8
    assert one["code"] != other["code"]


def test_an_older_record_tells_what_it_has(results):
    results.arch()
    (group,) = collect(results.root)
    told = wording.provenance([group])
    assert told == "Provenance of the records: commits: c0ffee; torch: 2; devices: cpu; CPUs: a CPU."


def test_a_report_tells_of_gpus_precision_and_packages(results, monkeypatch):
    monkeypatch.setattr(conftest, "PROVENANCE", MADE | {"dirty": True})
    results.arch()
    (group,) = collect(results.root)
    told = wording.provenance([group])
    assert "GPUs: NVIDIA H100; CPUs: a CPU; kernels and precision: kernels=AVX2" in told
    assert "other packages: other-package 1.2 (01234567)" in told
    assert "digests of uncommitted or installed code: " in told


def test_what_was_not_made_alike_is_told(results, monkeypatch):
    results.arch("nwot")
    alike = comparison_lines(compare(results.root, "nwot", "params"))
    assert not any("made alike" in line for line in alike)
    monkeypatch.setattr(
        conftest, "PROVENANCE", conftest.PROVENANCE | {"commit": "beef", "versions": {"torch": "3"}}
    )
    results.arch("snip")
    lines = comparison_lines(compare(results.root, "nwot", "snip"))
    assert "Not all of these records were made alike: commits beef, c0ffee; torch 2, 3." in lines
    assert differing([]) == differing([origin(), origin()]) == ""


def test_layers_are_those_of_this_clone():
    assert {"networks", "proxies", "conf", "manifest"} <= code.layers().keys()
