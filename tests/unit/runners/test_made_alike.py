"""Numbers are joined only where they were made alike, and a record says where else they come from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness import folders, records
from harness.cli._compose import composing, run_config
from harness.errors import DataError
from harness.evidence import _trained, training_of
from harness.runners import RunConfig, arch_correlation, arithmetic, execute
from harness.runs import context, numerics, origins
from harness.runs import measured as measuring
from harness.runs.setup import prepare
from harness.training import Trained, _checkpoint

TINY = ["space=nbmacro", "fidelity=tiny", "batch_size=4", "device=cpu"]
LEARNING = ["input=digits", "training.images=16", "training.batch_size=4", "training.epochs=3"]
DARTS = ["task=search", "searcher=darts", *LEARNING]
ELSEWHERE = {"host": "elsewhere", "commit": "c0ffee", "dirty": False}


def config(root, *overrides: str) -> RunConfig:
    with composing():
        return run_config([*TINY, *overrides, f"results={root}"])


def changed(**parts):
    """``records.provenance``, but for these parts."""
    provenance = records.provenance

    def told(*arguments, **keywords):
        found = provenance(*arguments, **keywords)
        return {**found, **parts, "code": found["code"] | parts.get("code", {})}

    return told


@pytest.fixture
def measured(monkeypatch) -> list[tuple[str, ...]]:
    calls, measure = [], measuring.measure

    def counting(module, batch, names, *rest):
        calls.append(tuple(names))
        return measure(module, batch, names, *rest)

    monkeypatch.setattr(measuring, "measure", counting)
    return calls


# --- what a record says ------------------------------------------------------------------------------------


def test_a_record_says_what_it_was_made_with(tmp_path):
    (outcome,) = execute(config(tmp_path, "task.population=3", "proxy=params"))
    told = records.read_record(outcome.path).provenance
    with arithmetic("cpu"):
        assert told["numerics"] == numerics.numerics(torch.device("cpu"))
    assert told["numerics"]["cpu_capability"] == torch.backends.cpu.get_cpu_capability()
    assert told["numerics"]["device_model"] is None
    assert told["code"] == dict(records.code.layers())
    assert told["foreign"] == {}
    assert "commits" not in told


def test_limits_of_the_processor_and_precision_are_told(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    monkeypatch.setattr(numerics, "facts", lambda device: {"device_model": f"of {device}"})
    told = numerics.numerics(torch.device("cuda:1"))
    assert told["limits"]["ONEDNN_MAX_CPU_ISA"] == "AVX2"
    assert told["device_model"] == "of cuda:1"


# --- parts of a population's score -------------------------------------------------------------------------


def vote(root) -> RunConfig:
    return replace(config(root, "task.population=4"), proxy={"names": ["vote"], "of": ["params", "snip"]})


OTHERS = [
    ({"threads": 2}, "threads"),
    ({"processor": "another"}, "processor"),
    ({"numerics": {"cpu_capability": "another"}}, "numerics.cpu_capability"),
    ({"code": {"proxies": "0" * 16}}, "code.proxies"),
]


@pytest.mark.parametrize(("parts", "name"), OTHERS, ids=[each[1] for each in OTHERS])
def test_parts_that_were_made_otherwise_are_measured_again(
    parts, name, tmp_path, measured, monkeypatch, capfd
):
    first = config(tmp_path, "task.population=4", "proxy.names=[params,snip]")
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(**parts))
        execute(first)
    del measured[:]
    (outcome,) = execute(vote(tmp_path))
    assert measured == 4 * [("params", "snip")]
    told = capfd.readouterr().err.splitlines()
    assert len(told) == 2
    assert all(f"was made by other {name}" in line for line in told)
    alone = execute(vote(tmp_path / "alone"))[0].path
    assert outcome.path.read_bytes() == alone.read_bytes()


def test_parts_of_another_commit_of_the_same_code_are_joined_and_told(tmp_path, measured, monkeypatch, capfd):
    first = config(tmp_path, "task.population=4", "proxy.names=[snip]")
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(commit="c0ffee", dirty=False, code={"reports": "0"}))
        patch.setattr(context, "gethostname", lambda: "elsewhere")
        execute(first)
    del measured[:]
    (outcome,) = execute(vote(tmp_path))
    assert measured == 4 * [("params",)]
    record = records.read_record(outcome.path)
    assert record.provenance["commits"] == {"part.snip": [{"commit": "c0ffee", "dirty": False}]}
    assert record.timing["joined"] == {"part.snip": [ELSEWHERE]}
    assert capfd.readouterr().err == ""


def test_records_of_older_versions_are_measured_again(tmp_path, measured, monkeypatch):
    first = config(tmp_path, "task.population=4", "proxy.names=[params,snip]")

    def older(*arguments, **keywords):
        found = records_provenance(*arguments, **keywords)
        return {name: found[name] for name in found if name not in ("code", "foreign", "numerics")}

    records_provenance = records.provenance
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", older)
        patch.setattr(arch_correlation, "made_by", lambda _: "01234567")
        execute(first)
    del measured[:]
    execute(vote(tmp_path))
    assert measured == 4 * [("params", "snip")]


# --- shards ------------------------------------------------------------------------------------------------


def interrupted(made: RunConfig) -> None:
    def stopped(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arch_correlation, "finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            execute(made)


def test_shards_of_another_host_and_commit_are_told_of(tmp_path, measured, monkeypatch):
    made = config(tmp_path, "task.population=4", "proxy=snip")
    with monkeypatch.context() as patch:
        patch.setattr("harness.sharing.team.here", lambda: dict(ELSEWHERE))
        interrupted(made)
    del measured[:]
    (outcome,) = execute(made)
    assert measured == []
    record = records.read_record(outcome.path)
    assert record.provenance["commits"] == {"score": [{"commit": "c0ffee", "dirty": False}]}
    assert record.timing["joined"] == {"score": [ELSEWHERE]}


def test_another_host_of_the_same_commit_changes_no_byte(tmp_path, monkeypatch):
    one, two = (config(tmp_path / name, "task.population=4", "proxy=snip") for name in ("one", "two"))
    execute(one)
    with monkeypatch.context() as patch:
        patch.setattr("harness.sharing.team.here", lambda: origins.here() | {"host": "elsewhere"})
        interrupted(two)
    (outcome,) = execute(two)
    assert records.read_record(outcome.path).timing["joined"]["score"][0]["host"] == "elsewhere"
    (alone,) = (path for path in Path(one.results).rglob("*.json") if "timing" not in path.name)
    assert outcome.path.read_bytes() == alone.read_bytes()


@pytest.mark.parametrize("layer", ["proxies", "runners"])
def test_shards_of_other_code_are_measured_again(layer, tmp_path, measured, monkeypatch):
    made = config(tmp_path, "task.population=4", "proxy=snip")
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(code={layer: "0" * 16}))
        interrupted(made)
    del measured[:]
    execute(made)
    assert len(measured) == 4


# --- trained supernets -------------------------------------------------------------------------------------


@pytest.fixture
def epochs(monkeypatch) -> list[int]:
    """Numbers of the epochs that this process trains."""
    trained, epoch = [], Trained.epoch

    def counting(self, weights, alphas, names, tick=lambda: None):
        trained.append(names[-1])
        return epoch(self, weights, alphas, names, tick)

    monkeypatch.setattr(Trained, "epoch", counting)
    return trained


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"code": {"training": "0" * 16}}, "code.training"),
        ({"code": {"networks": "0" * 16}}, "code.networks"),
        ({"threads": 2}, "threads"),
        ({"numerics": {"deterministic": True}}, "numerics."),
        ({"device": "cuda"}, "device"),
    ],
)
def test_a_training_by_other_code_is_trained_anew_beside_it(
    parts, name, tmp_path, epochs, monkeypatch, capfd
):
    made = config(tmp_path, *DARTS)
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(**parts))
        execute(made)
    (old,) = (tmp_path / "checkpoints").glob("*.pt")
    data = old.read_bytes()
    del epochs[:]
    execute(replace(made, force=True))
    assert epochs == [0, 1, 2]
    assert old.read_bytes() == data
    assert len(list((tmp_path / "checkpoints").glob("*.pt"))) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"harness: {old} holds the same supernet, trained with other {name}")
    assert line.endswith("the supernet is trained anew beside it.")


@pytest.mark.parametrize("layer", ["proxies", "runners"])
def test_a_training_outlives_changes_that_do_not_touch_it(layer, tmp_path, epochs, monkeypatch, capfd):
    made = config(tmp_path, *DARTS)
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(code={layer: "0" * 16}, commit="c0ffee"))
        patch.setattr(_trained, "here", lambda: dict(ELSEWHERE))
        execute(made)
    del epochs[:]
    (outcome,) = execute(replace(made, force=True))
    assert epochs == []
    record = records.read_record(outcome.path)
    assert record.provenance["commits"] == {"training": [{"commit": "c0ffee", "dirty": False}]}
    assert record.timing["joined"] == {"training": [ELSEWHERE]}
    assert capfd.readouterr().err == ""


def test_an_interrupted_training_goes_on_by_the_same_code_alone(tmp_path, epochs, monkeypatch, capfd):
    made = config(tmp_path, *DARTS)

    def stop(words, done, total):
        if done == 5:  # of six steps
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(made, stop)
    del epochs[:]
    with monkeypatch.context() as patch:
        patch.setattr(records, "provenance", changed(code={"training": "0" * 16}))
        execute(replace(made, results=made.results, force=True))
    assert epochs == [0, 1, 2]
    del epochs[:]
    execute(replace(made, force=True))
    assert epochs == [2]


def test_a_checkpoint_under_anothers_name_is_refused(tmp_path):
    made = config(tmp_path, *DARTS)
    execute(made)
    (path,) = (tmp_path / "checkpoints").glob("*.pt")
    setup = prepare(made)
    asked = training_of(made)
    with setup.computing:
        described = _trained._described(setup, asked) | {"made": _trained.made_with(setup, asked)}
    assert _checkpoint.description(path) == json.loads(json.dumps(described))
    described["made"]["code"]["training"] = "0" * 16
    with pytest.raises(DataError, match="holds another supernet than its name says"):
        _checkpoint.read(path, described)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"a\nb\n{\nd", b"a\nb\n[1]\nd"])
def test_a_file_that_does_not_say_what_it_is(data, tmp_path):
    (tmp_path / "a.pt").write_bytes(data)
    assert _checkpoint.description(tmp_path / "a.pt") == {}
    assert _checkpoint.description(tmp_path / "missing.pt") == {}


# --- origins -----------------------------------------------------------------------------------------------


def test_origins_of_this_process_are_not_told():
    own = origins.here()
    assert (own["commit"], own["dirty"]) == tuple(records.clone_state(folders.ROOT).values())
    assert origins.other_commits({"score": [own]}) == origins.other_places({"score": [own]}) == {}
    assert origins.distinct([own, ELSEWHERE, own]) in ([own, ELSEWHERE], [ELSEWHERE, own])


@pytest.mark.parametrize(
    ("value", "right"), [([], True), ([ELSEWHERE], True), ([{"host": "a"}], False), ({}, False), ([1], False)]
)
def test_what_origins_look_like(value, right):
    assert origins.well_formed(value) is right
