"""Shards of a run that was killed, and shards that are damaged or of another run."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from harness import records
from harness.errors import MachineFailure
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import shards as _shards
from harness.sharing.shards import Rows
from tests.children import CHILDREN
from tests.unit.runners.shards.conftest import (
    ALL,
    COUNT,
    PARAMS,
    SIZE,
    content,
    die,
    interrupted,
    statuses,
)


def at_call(number: int, function):
    """``function``, but its call ``number`` kills the process."""
    calls = iter(range(1, 10**9))

    def counting(*arguments, **keywords):
        if next(calls) == number:
            die()
        return function(*arguments, **keywords)

    return counting


def killed(config: RunConfig, moment: str, number: int) -> None:
    """Run in a process of its own: it kills itself at a call of what ``moment`` names."""
    arch_correlation.SIZE = SIZE
    owner, name = {
        "measuring": (measuring, "measure"),
        "renaming": (os, "replace"),
        "recording": (arch_correlation, "write"),
        "removing": (arch_correlation, "remove"),
    }[moment]
    setattr(owner, name, at_call(number, getattr(owner, name)))
    execute(config)


KILLS = [
    ("measuring", 2, 8 * [ALL]),
    ("measuring", 5, 4 * [ALL]),
    ("renaming", 3, 6 * [ALL]),  # the second shard's flops is staged, not there
    ("renaming", 4, 2 * [PARAMS] + 4 * [ALL]),  # it is there, params is not
    ("recording", 1, []),
    ("recording", 2, []),
    ("removing", 1, []),
]


@pytest.mark.parametrize(("moment", "number", "left"), KILLS, ids=[f"{kill[0]} {kill[1]}" for kill in KILLS])
def test_a_killed_run_goes_on_with_its_shards_and_ends_with_the_same_bytes(
    moment, number, left, made, measured, expected, capfd
):
    process = CHILDREN.Process(target=killed, args=(made, moment, number))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert content(made.results) != expected
    execute(made)
    assert measured == left
    assert content(made.results) == expected
    assert capfd.readouterr().err == ""


def rewritten(path: Path, **changed) -> bytes:
    """The shard with other content, under the right digest."""
    inner = json.loads(path.read_bytes())["content"] | changed
    text = json.dumps(inner, sort_keys=True, separators=(",", ":"))
    return json.dumps({"sha256": hashlib.sha256(text.encode()).hexdigest(), "content": inner}).encode()


def one_digit(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    place = data.index(b'"score": [') + len(b'"score": [')
    data[place] = ord("7") if data[place] != ord("7") else ord("8")
    return bytes(data)


DAMAGES = [
    (lambda path, other: path.read_bytes()[:-9], "is damaged ("),
    (lambda path, other: b"", "is damaged ("),
    (lambda path, other: one_digit(path), "its SHA-256 is not that of its content"),
    (lambda path, other: other.read_bytes(), "belongs to another run"),
    (lambda path, other: rewritten(path, format=1), "was written in another format"),
    (lambda path, other: rewritten(path, number=7), "is another shard than its name says"),
    (lambda path, other: rewritten(path, made="00000000"), "was made by other code"),
    (lambda path, other: rewritten(path, architectures=["a", "b"]), "holds other architectures"),
    (lambda path, other: rewritten(path, score=[1.0]), "does not hold one outcome per architecture"),
    (lambda path, other: rewritten(path, score=["1", "2"]), "does not hold one outcome per arch"),
    (lambda path, other: rewritten(path, seconds=None), "does not hold one outcome per architecture"),
    (lambda path, other: rewritten(path, origins=[1]), "does not hold one outcome per architecture"),
    (lambda path, other: b"[" * 10**6, "is damaged ("),
    (lambda path, other: b"[1]", "it is no shard"),
    (lambda path, other: b" " * (_shards.LARGEST + 1), "it is far too large"),
    (lambda path, other: b"\xff\xfe\x00", "is damaged ("),
    (lambda path, other: path.read_bytes(), None),
]


@pytest.mark.parametrize("first", [0, 8, 9])
def test_damaged_and_foreign_shards_are_named_and_measured_again(first, made, measured, expected, capfd):
    paths = interrupted(made)
    others = [*paths[4:], *paths[:4]]
    damages = DAMAGES[first : first + 8]
    damaged = [make(path, other) for path, other, (make, _) in zip(paths, others, damages, strict=True)]
    for path, data in zip(paths, damaged, strict=True):
        path.write_bytes(data)
    del measured[:]
    assert statuses(execute(made)) == ["done", "done"]
    told = capfd.readouterr().err.splitlines()
    spoiled = [(path, words) for path, (_, words) in zip(paths, damages, strict=True) if words]
    assert len(told) == len(spoiled)
    for path, words in spoiled:
        (line,) = (line for line in told if str(path) in line)
        assert line.startswith("harness: ")
        assert words in line
        assert line.endswith("; it is measured again.")
    assert sum(map(len, measured)) == SIZE * len(spoiled)
    assert content(made.results) == expected


def test_shards_of_other_code_are_left_alone_and_told_of(made, measured, expected, capfd):
    paths = interrupted(made)
    for path in paths:
        path.rename(path.with_name(path.name.replace(path.stem[6:], "01234567")))
    del measured[:]
    execute(made)
    assert capfd.readouterr().err.startswith("harness: 8 shards of these runs in ")
    assert measured == COUNT * [ALL]
    assert content(made.results) == expected


def test_shards_made_in_another_place_are_measured_again(made, measured, monkeypatch):
    interrupted(made)
    del measured[:]
    provenance = records.provenance
    monkeypatch.setattr(records, "provenance", lambda *told: provenance(*told) | {"threads": 2})
    interrupted(made)
    assert measured == COUNT * [ALL]


def test_a_shard_of_another_size_is_not_used(made, measured, expected, monkeypatch, capfd):
    monkeypatch.setattr(arch_correlation, "SIZE", SIZE + 1)
    interrupted(made)
    monkeypatch.setattr(arch_correlation, "SIZE", SIZE)
    execute(made)
    assert "holds other architectures" in capfd.readouterr().err
    assert content(made.results) == expected


def test_force_starts_afresh(made, measured, expected):
    interrupted(made)
    del measured[:]
    execute(replace(made, force=True))
    assert measured == COUNT * [ALL]
    assert content(made.results) == expected


def test_a_proxy_that_is_asked_for_later_is_measured_alone(made, measured, expected):
    paths = interrupted(replace(made, proxy={"names": ["flops"]}), at=5)
    assert len(paths) == 2
    del measured[:]
    execute(made)
    assert measured == 4 * [PARAMS] + 4 * [ALL]
    assert content(made.results) == expected


def test_a_full_disk_is_told_in_a_sentence(made, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_shards.files, "replace", full)
    with pytest.raises(MachineFailure, match="cannot be written to .*: No space left on device"):
        execute(made)


def test_a_dry_run_leaves_shards_as_they_are(made):
    interrupted(made, at=5)
    before = content(made.results)
    assert statuses(execute(replace(made, dry_run=True))) == ["planned", "planned"]
    assert content(made.results) == before


def test_what_is_written_is_read_to_the_last_bit(tmp_path):
    run = records.Run("arch_correlation", "nb201", "cifar10_test_200", "nwot", 0)
    shards = _shards.Shards(tmp_path, run, "01234567", [("a", "b", "c", "d"), ("e",)])
    rows = Rows(
        [0.1 + 0.2, -5e-324, None, 1e300], ["ok", "ok", "nan", "ok"], ["", "", 'é "\ud800"', ""], 0.25
    )
    shards.folder.mkdir(parents=True)
    shards.write(0, rows)
    assert shards.read(0) == rows
    assert shards.read(1) is None
    assert shards.written() == {0}
    assert shards.made_otherwise() == 0
    assert replace(shards, made="76543210").made_otherwise() == 1


def test_made_is_told_by_every_part_of_the_provenance():
    told = records.provenance("cpu", 1, "table", "input")
    origin = ("package", "commit", "dirty")
    parts = [told | {name: "other"} for name in told if name not in (*origin, "code")]
    layers = [told | {"code": told["code"] | {layer: "other"}} for layer in records.MEASURING]
    made = {_shards.made_by(each) for each in [told, *parts, *layers]}
    assert len(made) == 1 + len(parts) + len(layers)
    same = [told | dict.fromkeys(origin, "other"), told | {"code": told["code"] | {"reports": "other"}}]
    assert {_shards.made_by(each) for each in same} == {_shards.made_by(told)}
