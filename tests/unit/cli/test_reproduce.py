"""``python -m harness.cli.reproduce``: a record's run once more."""

from __future__ import annotations

import pytest

from harness import proxies, records
from harness.cli.reproduce import main
from harness.cli.run import main as run
from harness.records import Store

SMALL = ("fidelity=tiny", "batch_size=4", "space=nbmacro")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    root = tmp_path_factory.mktemp("results")
    assert run([*SMALL, "task.population=3", "proxy=snip", f"results={root}"]) == 0
    assert run([*SMALL, "task=search", "searcher=local_search", "searcher.queries=3", f"results={root}"]) == 0
    return root


@pytest.fixture
def record(results):
    return next(each.path for each in Store(results).records() if each.run.method == "snip")


def test_every_record_is_the_same_again(results, capfd):
    for each in Store(results).records():
        assert main([str(each.path)]) == 0
        assert f"The same: all {each.rows_entry['count']} rows" in capfd.readouterr().out


def test_what_moved_is_told(record, capfd, monkeypatch):
    module = proxies.load("snip")
    score = module.score
    monkeypatch.setattr(module, "score", lambda passes: 2 * score(passes))
    assert main([str(record)]) == 1
    out = capfd.readouterr().out
    assert "Not the same: 3 of 3 rows differ." in out
    assert "relative difference 5.0e-01" in out


def test_the_new_record_can_be_kept(record, tmp_path):
    assert main([str(record), "threads=1", "--results", str(tmp_path)]) == 0
    assert len(list(Store(tmp_path).records())) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.json"], "RECORD is the JSON file of a record"),
        (["RECORD", "seed=1"], "only device, threads, workers, path, input.folder may be given"),
        (["RECORD", "device=abacus"], "abacus"),
        (["RECORD", "threads=0"], "threads"),
    ],
)
def test_bad_input(record, arguments, words, capfd):
    assert main([str(record) if each == "RECORD" else each for each in arguments]) == 2
    assert words in capfd.readouterr().err


def test_what_the_first_run_does_not_say_is_told(record, monkeypatch, capfd):
    provenance = records.provenance

    def newer(*arguments):
        found = provenance(*arguments)
        return found | {"kernels": "new", "code": found["code"] | {"proxies": "other"}}

    monkeypatch.setattr(records, "provenance", newer)
    assert main([str(record)]) == 0
    out = capfd.readouterr().out
    assert "  code.proxies: " in out
    assert out.splitlines()[-1] == "Not known of the first run: kernels."
