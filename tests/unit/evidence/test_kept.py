"""Scores of a method that was interrupted: kept, taken up again, and told of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

import pytest

from harness.cli import _states
from harness.cli._compose import composing, run_config
from harness.evidence import _kept
from harness.proxies import measure, measure_each
from harness.records import read_record
from harness.runners import execute
from harness.runs import measured

SMALL = ["fidelity=tiny", "batch_size=4", "proxy=nwot_eval"]
SEARCH = ["task=search", "searcher.proposals=2", "searcher.validation_batches=2"]
METHODS = {
    "zero_cost_pt": [*SEARCH, "space=nbmacro"],
    "zero_cost_disc": [*SEARCH, "searcher=zero_cost_disc", "space=nb201"],
    "two kinds of decisions": [*SEARCH, "space=nb1shot1_1", "searcher.order=global_op_iter"],
    "as released": [*SEARCH, "space=nb201", "variant=as_released"],
    "op_correlation": ["task=op_correlation", "space=nbmacro", "task.progressive=false"],
}
QUICK = "zero_cost_pt"


class Killed(BaseException):
    """Ends a run without letting it put anything in order, as a kill does."""


@pytest.fixture
def calls(monkeypatch):
    """Counts measurements, and kills the run at the one that ``calls.die_at`` names."""
    counted = Counter()
    counted.die_at = None

    def watched(function):
        def counting(*arguments, **keywords):
            if counted.total() == counted.die_at:
                raise Killed
            counted[function.__name__] += 1
            return function(*arguments, **keywords)

        return counting

    for function in (measure, measure_each):
        monkeypatch.setattr(measured, function.__name__, watched(function))
    return counted


def killed(*_):
    raise Killed


def config(root, *asked):
    with composing():
        return run_config([*asked, *SMALL, f"results={root}"])


def whole(root):
    return {
        path.relative_to(root): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith(".timing.json")
    }


@pytest.mark.parametrize(
    "method", [pytest.param(name, marks=() if name == QUICK else pytest.mark.slow) for name in METHODS]
)
def test_a_method_killed_again_and_again_ends_with_the_bytes_of_one_left_alone(method, tmp_path, calls):
    execute(config(tmp_path / "alone", *METHODS[method]))
    total = calls.total()
    disturbed = config(tmp_path / "killed", *METHODS[method])
    calls.clear()
    for share in (0, 0.3, 0.6, 0.9):
        calls.die_at = int(share * total)
        with pytest.raises(Killed):
            execute(disturbed)
    calls.die_at = None
    execute(disturbed)
    assert calls.total() == total, "every score is measured once"
    assert whole(tmp_path / "killed") == whole(tmp_path / "alone")


@pytest.fixture
def interrupted(tmp_path, calls):
    """A run that was killed after three measurements, and its file of scores."""
    made = config(tmp_path, *METHODS[QUICK])
    calls.die_at = 3
    with pytest.raises(Killed):
        execute(made)
    calls.die_at = None
    calls.clear()
    (path,) = tmp_path.glob("shards/*/scores-*.jsonl")
    return made, path


def test_it_is_told_how_many_scores_are_kept(interrupted, tmp_path):
    (line,) = _states.found(tmp_path)
    assert (line.state, line.words) == ("interrupted", "9 scores kept; run it again to go on")


def test_force_starts_afresh(interrupted, calls):
    made, _ = interrupted
    execute(replace(made, force=True))
    afresh = calls.total()
    execute(replace(made, force=True))
    assert calls.total() == 2 * afresh


def test_a_line_that_is_cut_off_is_measured_again_without_a_word(interrupted, calls, capsys):
    made, path = interrupted
    path.write_bytes(path.read_bytes()[:-5])
    (outcome,) = execute(made)
    assert capsys.readouterr().err == ""
    assert read_record(outcome.path).status == "ok"


@pytest.mark.parametrize("damage", [b"\xff", b"\n"])
def test_a_damaged_line_is_told_of_and_measured_again(interrupted, tmp_path, damage, capsys, monkeypatch):
    made, path = interrupted
    data = path.read_bytes()
    place = data.index(b"supernet") - 30
    path.write_bytes(data[:place] + damage + data[place + 1 :])
    (outcome,) = execute(made)
    assert f"{path} is damaged; the scores that cannot be read are measured again." in capsys.readouterr().err
    (alone,) = execute(replace(made, results=str(tmp_path / "alone")))
    assert outcome.path.read_bytes() == alone.path.read_bytes()


def test_a_changed_score_is_not_taken(interrupted):
    made, path = interrupted
    assert len(path.read_bytes().splitlines()) == 10
    digest, _, text = path.read_text().splitlines()[1].partition(" ")
    kind, step, key, _, *rest = json.loads(text)
    forged = json.dumps([kind, step, key, 1e6, *rest])
    path.write_text(f"{digest} {forged}\n")
    (outcome,) = execute(made)
    assert 1e6 not in set(read_record(outcome.path).rows["score"])


def test_scores_of_other_code_stay_and_are_measured_again(interrupted, calls, capsys, monkeypatch):
    made, path = interrupted
    monkeypatch.setattr(_kept, "FORMAT", _kept.FORMAT + 1)
    calls.die_at = 3
    with pytest.raises(Killed):
        execute(made)
    assert "were measured by other code" in capsys.readouterr().err
    assert path.exists()


def test_scores_of_another_commit_are_named_in_the_record(interrupted, monkeypatch):
    made, path = interrupted
    line = path.read_bytes().splitlines()[0].partition(b" ")[2]
    elsewhere = json.loads(line)[1] | {"commit": "f" * 40}
    monkeypatch.setattr(_kept, "here", lambda: elsewhere)
    monkeypatch.setattr(measured, "measure_each", killed)
    with pytest.raises(Killed):
        execute(made)  # another process comes, and is killed at once
    monkeypatch.undo()
    (outcome,) = execute(made)
    assert read_record(outcome.path).provenance["commits"]["score"] == [
        {name: elsewhere[name] for name in ("commit", "dirty")}
    ]
