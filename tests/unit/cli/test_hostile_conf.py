"""YAML files of conf/ that somebody else has changed: they hold settings, and nothing they say is run."""

from __future__ import annotations

import shutil

import pytest

from harness import folders
from harness.cli import bench, run

TINY = ["space=nbmacro", "fidelity=tiny", "batch_size=4", "proxy=params", "task.population=3"]
CALLS = [
    "!!python/object/apply:os.mkdir ['{made}']",
    "!!python/object/new:pathlib.PosixPath ['{made}']",
    "!!python/name:os.mkdir",
]


@pytest.fixture
def conf(tmp_path, monkeypatch):
    copy = tmp_path / "conf"
    shutil.copytree(folders.CONF, copy)
    monkeypatch.setattr(folders, "CONF", copy)
    return copy


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("file", ["proxy/params.yaml", "preset/smoke.yaml"])
def test_objects_are_refused_in_a_sentence(file, call, conf, tmp_path, capsys):
    made = tmp_path / "made"
    (conf / file).write_text(f"names: [params]\nseeds: [0]\nruns: {call.format(made=made)}\n")
    results = f"results={tmp_path / 'results'}"
    if file.startswith("preset"):
        asked = ["--space", "nbmacro", "--preset", "smoke", "--results", str(tmp_path / "results")]
        assert bench.main(asked) == 2
    else:
        assert run.main([*TINY, results]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"harness: {conf / file}, line ")
    assert "python/" in told
    assert len(told.splitlines()) == 1
    assert not made.exists()


def test_a_target_is_a_setting_like_any_other_and_nobody_calls_it(conf, tmp_path, capsys):
    made = tmp_path / "made"
    with (conf / "proxy/params.yaml").open("a") as file:
        file.write(f"_target_: os.mkdir\npath: {made}\n")
    assert run.main([*TINY, "dry_run=true", f"results={tmp_path / 'results'}"]) in (0, 2)
    assert not made.exists()
    capsys.readouterr()
    assert run.main([*TINY, "dry_run=true", "proxy=nwot", "proxy._target_=os.mkdir"]) == 2
    assert "Unknown setting 'proxy._target_'" in capsys.readouterr().err
