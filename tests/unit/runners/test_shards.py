"""Populations in shards: killed, damaged, shared, spread over workers, and always the same bytes."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import multiprocessing
import os
import shutil
import signal
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from harness import proxies, records, stats
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, MachineFailure, RunFailed
from harness.processes import claims
from harness.reports.analysis.groups import collect
from harness.runners import RunConfig, _shards, _team, _workers, arch_correlation, execute
from harness.runners._shards import Rows
from harness.runs import measured as measuring

COUNT, SIZE = 8, 2
NAMES = ("params", "flops")
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(["harness.runners.arch_correlation", "harness.cli._compose", "pytest"])


@pytest.fixture(scope="module")
def composed() -> RunConfig:
    small = ["fidelity=tiny", "batch_size=4", "space=nbmacro", f"task.population={COUNT}"]
    with composing():
        return run_config([*small, "proxy.names=[params,flops]"])


@pytest.fixture
def made(composed, tmp_path) -> RunConfig:
    return replace(composed, results=str(tmp_path / "results"))


@pytest.fixture(scope="module")
def expected(composed, tmp_path_factory) -> dict[str, bytes]:
    """What an uninterrupted run leaves."""
    root = tmp_path_factory.mktemp("expected")
    execute(replace(composed, results=str(root)))
    return content(root)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(arch_correlation, "SIZE", SIZE)
    monkeypatch.setattr(_team, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(_workers, "POLL_SECONDS", 0.02)


@pytest.fixture
def measured(monkeypatch) -> list[tuple[str, ...]]:
    """The proxies of every call that measures a network in this process."""
    calls = []

    def counting(module, batch, names, *rest):
        calls.append(tuple(names))
        return proxies.measure(module, batch, names, *rest)

    monkeypatch.setattr(measuring, "measure", counting)
    return calls


@pytest.fixture
def quick_workers(monkeypatch):
    """Workers that need no second to start."""
    monkeypatch.setattr(_workers.multiprocessing, "get_context", lambda _: CHILDREN)


def content(root) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in Path(root).rglob("*")
        if path.is_file() and not path.name.endswith(".timing.json")
    }


def statuses(outcomes) -> list[str]:
    return [outcome.status for outcome in outcomes]


def interrupted(config: RunConfig, at: int | None = None) -> list[Path]:
    """Run ``config``, break it off at ``at`` architectures or before any record, and return its shards."""

    def stop(words, done, total):
        if done == at:
            raise KeyboardInterrupt

    def stopped(*_):
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arch_correlation, "finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            execute(config, stop)
    return sorted(Path(config.results).glob("shards/*/*.json"))


def record(config: RunConfig, method: str) -> records.Record:
    (found,) = (each for each in records.Store(config.results).records() if each.run.method == method)
    return found


# --- kill -9 -----------------------------------------------------------------------------------------------


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


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


ALL, PARAMS = ("flops", "params"), ("params",)
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


# --- shards that cannot be used ----------------------------------------------------------------------------


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


# --- the file ----------------------------------------------------------------------------------------------


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


# --- claims ------------------------------------------------------------------------------------------------


def test_a_claim_is_one_processes_until_it_ends(tmp_path):
    path = tmp_path / "claim"
    with claims.claim(path) as first, claims.claim(path) as second:
        assert first
        assert not second
        assert path.exists()
    assert not path.exists()
    with claims.claim(path) as third:
        assert third


def test_a_claim_that_ends_in_an_error_is_free_again(tmp_path):
    with pytest.raises(ValueError, match="broken"), claims.claim(tmp_path / "claim"):
        raise ValueError("broken")
    with claims.claim(tmp_path / "claim") as again:
        assert again


def test_a_folder_is_removed_when_nobody_is_inside(tmp_path):
    folder = tmp_path / "shards" / "run"
    with claims.inside(folder), claims.inside(folder):
        claims.remove(folder)
        assert folder.is_dir()
    claims.remove(folder)
    assert list(tmp_path.iterdir()) == []
    claims.remove(folder)


def test_whoever_waits_for_a_folder_that_is_removed_enters_a_new_one(tmp_path, monkeypatch):
    folder, lock = tmp_path / "run", fcntl.flock
    removals = []

    def removed_first(file, how):
        if not removals:
            removals.append(folder)
            shutil.rmtree(folder)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with claims.inside(folder):
        claims.remove(folder)
        assert folder.is_dir()


def test_without_locks_everybody_works(tmp_path, monkeypatch, made, expected):
    def missing(file, how):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    with claims.claim(tmp_path / "claim") as first, claims.claim(tmp_path / "claim") as second:
        assert first
        assert second
    execute(made)
    assert content(made.results) == expected


# --- several processes -------------------------------------------------------------------------------------


def beside_another(config: RunConfig, barrier, log: Path) -> None:
    """Run ``config``; the first measurement waits until the other process has come to its own."""
    arch_correlation.SIZE = SIZE
    _team.POLL_SECONDS = 0.02

    def waiting(*arguments):
        if not log.exists():
            barrier.wait(30)
        with log.open("a") as file:
            file.write("measured\n")
        return proxies.measure(*arguments)

    measuring.measure = waiting
    log.with_suffix(".done").write_text(" ".join(statuses(execute(config))))


def test_two_processes_share_the_work(made, expected, tmp_path):
    barrier = CHILDREN.Barrier(2)
    logs = [tmp_path / "0.log", tmp_path / "1.log"]
    runs = [CHILDREN.Process(target=beside_another, args=(made, barrier, log)) for log in logs]
    for process in runs:
        process.start()
    for process in runs:
        process.join(60)
    assert [process.exitcode for process in runs] == [0, 0]
    counts = [len(log.read_text().splitlines()) for log in logs]
    assert sum(counts) == COUNT
    assert min(counts) >= SIZE
    ended = sorted(log.with_suffix(".done").read_text() for log in logs)
    assert sorted(" ".join(ended).split()) == ["done", "done", "skipped", "skipped"]
    assert content(made.results) == expected


def test_what_was_written_between_a_look_and_the_claim_is_not_measured(made, measured, expected, monkeypatch):
    interrupted(made)
    del measured[:]
    monkeypatch.setattr(_team.Team, "look", lambda team: None)
    execute(made)
    assert measured == []
    assert content(made.results) == expected


def test_what_others_write_meanwhile_counts(made, measured, expected):
    paths = interrupted(replace(made, results=made.results + "-others"))
    del measured[:]
    seen = []

    def copy(words, done, total):
        seen.append(done)
        if done == 1:
            for path in paths:
                shutil.copy(path, Path(made.results, "shards", path.parent.name))

    execute(made, copy)
    assert seen == [0, 1, 2, COUNT]
    assert measured == SIZE * [ALL]
    assert content(made.results) == expected


def test_a_run_ends_when_others_have_written_its_record(made, expected, measured):
    def copy(words, done, total):
        if done == 3:
            for name, data in expected.items():
                path = Path(made.results, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)

    assert statuses(execute(made, copy)) == ["skipped", "skipped"]
    assert measured == 2 * SIZE * [ALL]
    assert content(made.results) == expected


# --- workers -----------------------------------------------------------------------------------------------


def test_workers_change_no_byte(made, measured, capfd):
    seen = []
    made = replace(made, proxy={"names": ["nwot", "synflow", "params"]})
    execute(made)
    del measured[:]
    spread = replace(made, results=made.results + "-spread", workers=2)
    assert statuses(execute(spread, lambda *told: seen.append(told))) == 3 * ["done"]
    assert content(spread.results) == content(made.results)
    assert measured == [], "this process measures nothing itself"
    assert {(words, total) for words, _, total in seen} == {("architectures", COUNT)}
    counts = [done for _, done, _ in seen]
    assert counts == sorted(counts)
    assert counts[-1] == COUNT
    assert any(done % SIZE for done in counts), "architectures are counted, not shards alone"
    assert capfd.readouterr().err == ""
    assert multiprocessing.active_children() == []


class Deadly:
    """A pipe that kills its process behind the first architecture."""

    def __init__(self, pipe):
        self._pipe = pipe

    def send(self, message):
        if message[1]:
            die()
        self._pipe.send(message)


def one_dies(job, number, pipe):
    """One worker of several is killed in the middle of a shard, before another can take any."""
    _team.POLL_SECONDS = 0.02
    mark = Path(job.config.results) / "killed"
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        while not list(Path(job.config.results).glob("shards/*/*.lock")) or not mark.read_text():
            time.sleep(0.01)
        _workers._work(job, number, pipe)
    else:
        mark.write_text("in a moment")
        _workers._work(job, number, Deadly(pipe))


def all_die(job, number, pipe):
    _workers._work(job, number, Deadly(pipe))


def test_the_others_take_the_shard_of_a_worker_that_is_killed(
    made, expected, quick_workers, monkeypatch, capfd
):
    work = _workers._work
    monkeypatch.setattr(_workers, "_work", one_dies)
    execute(replace(made, workers=2))
    monkeypatch.setattr(_workers, "_work", work)
    mark = Path(made.results, "killed")
    mark.unlink()
    assert content(made.results) == expected
    assert capfd.readouterr().err == "harness: A worker process died (signal SIGKILL); 1 others go on.\n"


def test_workers_that_all_die_are_told_of(made, expected, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", all_die)
    told = r"All 2 worker processes died \(2 x signal SIGKILL\).*fewer workers"
    with pytest.raises(MachineFailure, match=told):
        execute(replace(made, workers=2))
    (failed,) = {each.reason for each in records.Store(made.results).records()}
    assert "All 2 worker processes died" in failed


class NotSent(Exception):
    """Cannot be made anew from what it keeps."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def raises(error):
    def batches(*_):
        raise error

    _team.batches = batches


def broken_config(job, number, pipe):
    raises(ConfigError("That cannot be."))
    _workers._work(job, number, pipe)


def broken_code(job, number, pipe):
    raises(NotSent("so", "what"))
    _workers._work(job, number, pipe)


@pytest.mark.parametrize(
    ("work", "kind", "words"),
    [(broken_config, RunFailed, "^That cannot be.$"), (broken_code, RuntimeError, "^NotSent: so what")],
)
def test_what_a_worker_raises_is_raised(work, kind, words, made, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", work)
    with pytest.raises(kind, match=words) as caught:
        execute(replace(made, workers=2))
    notes = getattr(caught.value, "__notes__", [])
    assert ["in batches" in note for note in notes] == ([True] if kind is RuntimeError else [])
    assert multiprocessing.active_children() == []


def test_an_interrupt_ends_the_workers_and_keeps_their_shards(made, expected, quick_workers, measured):
    paths = interrupted(replace(made, workers=2), at=5)
    assert multiprocessing.active_children() == []
    assert len(paths) >= 2, "of 5, both workers may hold 2 in shards that are not yet written: one is"
    assert not Path(made.results, "records").exists()
    execute(made)
    assert len(measured) <= COUNT - SIZE
    assert content(made.results) == expected


def stuck(job, number, pipe):
    pipe.send((0, 1))
    time.sleep(60)


def test_an_interrupt_waits_for_no_worker(made, quick_workers, monkeypatch):
    monkeypatch.setattr(_workers, "_work", stuck)
    moments = []

    def stop(words, done, total):
        moments.append(time.monotonic())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(replace(made, workers=2), stop)
    assert time.monotonic() - moments[0] < 30
    assert multiprocessing.active_children() == []


def leads(config: RunConfig, pids: Path) -> None:
    """Run with workers that write down who they are and then do not get on."""
    arch_correlation.SIZE = SIZE
    _workers.multiprocessing.get_context = lambda _: multiprocessing.context.ForkContext()

    def waiting(*_):
        (pids / str(os.getpid())).touch()
        time.sleep(60)

    measuring.measure = waiting
    execute(config)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_workers_end_with_the_process_that_started_them(made, tmp_path):
    pids = tmp_path / "pids"
    pids.mkdir()
    process = CHILDREN.Process(target=leads, args=(replace(made, workers=2), pids))
    process.start()
    deadline = time.monotonic() + 30
    while len(list(pids.iterdir())) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    workers = [int(path.name) for path in pids.iterdir()]
    assert len(workers) == 2
    process.kill()
    process.join()
    while any(map(running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    left = [pid for pid in workers if running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def test_more_workers_than_shards_are_not_started(made, expected, measured):
    interrupted(made, at=7)
    del measured[:]
    execute(replace(made, workers=8))
    assert len(measured) == SIZE, "one shard is left, for this process"
    assert content(made.results) == expected


@pytest.mark.parametrize("workers", [0, -1, True])
def test_workers_are_checked(workers, made):
    with pytest.raises(ConfigError, match="workers must be a positive integer; received"):
        execute(replace(made, workers=workers))


# --- population proxies ------------------------------------------------------------------------------------


def ranking(made: RunConfig, *names: str) -> RunConfig:
    return replace(made, proxy={"names": list(names), "of": ["params", "flops"]})


def test_a_population_proxy_ranks_its_parts(made, expected, measured):
    config = ranking(made, "rank_sum")
    (outcome,) = execute(config)
    written = record(config, "rank_sum")
    rows = written.rows
    alone = {
        Path(name).parts[-3]: pd.read_parquet(io.BytesIO(data))
        for name, data in expected.items()
        if name.endswith(".parquet")
    }
    assert measured == COUNT * [ALL]
    assert list(rows.columns) == [*arch_correlation.TASK.columns, "part.flops", "part.params"]
    for part in ("flops", "params"):
        assert rows[f"part.{part}"].tolist() == alone[part]["score"].tolist()
    assert rows["score"].tolist() == (rankdata(rows["part.flops"]) + rankdata(rows["part.params"])).tolist()
    assert set(rows["status"]) == {"ok"}
    assert written.run.settings["of"] == ["flops", "params"]
    assert written.run.settings["population"] == COUNT
    assert (outcome.method, outcome.status) == ("rank_sum", "done")


def test_parts_are_measured_once_and_read_from_their_records(made, expected, measured):
    execute(ranking(made, "rank_sum"))
    alone = content(made.results)
    beside = replace(made, results=made.results + "-beside")
    execute(ranking(beside, "flops", "rank_sum", "params"))
    assert len(measured) == 2 * COUNT
    behind = replace(made, results=made.results + "-behind")
    execute(behind)
    del measured[:]
    assert statuses(execute(ranking(behind, "params", "rank_sum"))) == ["skipped", "done"]
    assert measured == []
    assert content(beside.results) == content(behind.results) == expected | alone
    both = [record(each, "rank_sum").timing for each in (beside, behind)]
    parts = [record(behind, part).timing["proxy_seconds"] for part in NAMES]
    assert both[1]["proxy_seconds"] == pytest.approx(sum(parts), abs=2e-3)
    assert {timing["architectures"] for timing in both} == {COUNT}
    execute(replace(ranking(behind, "rank_sum"), force=True))
    assert measured == COUNT * [ALL]


def test_parts_are_read_from_shards_that_are_there(made, measured):
    interrupted(made, at=5)
    del measured[:]
    execute(ranking(made, "rank_sum"))
    assert measured == 4 * [ALL]
    assert not Path(made.results, "shards").exists()


def test_a_part_that_is_missing_is_measured_and_the_recorded_one_is_not(made, measured):
    execute(replace(made, proxy={"names": ["flops"]}))
    del measured[:]
    execute(ranking(made, "rank_sum"))
    assert measured == COUNT * [PARAMS]


def test_the_order_of_the_list_is_no_part_of_the_run(made):
    execute(ranking(made, "rank_sum"))
    turned = replace(made, proxy={"names": ["rank_sum"], "of": ["flops", "params"]})
    assert statuses(execute(turned)) == ["skipped"]


def test_a_record_names_the_list_where_it_counts(made):
    config = ranking(made, "flops", "rank_sum")
    execute(config)
    assert record(config, "flops").config["proxy"] == {"names": ["flops"]}
    assert record(config, "rank_sum").config["proxy"] == config.proxy | {"names": ["rank_sum"]}
    assert "workers" not in record(config, "flops").config


def test_reports_read_records_with_columns_of_parts(made):
    execute(ranking(made, "flops", "rank_sum"))
    groups = {group.method: group for group in collect(Path(made.results))}
    assert set(groups) == {"flops", "rank_sum"}
    assert groups["rank_sum"].stat("score.n")["mean"] == COUNT


# --- what a record says ------------------------------------------------------------------------------------


def test_baselines_are_compared_once_and_a_record_holds_what_its_rows_give(made, monkeypatch):
    asked = []

    def counting(*arguments, names):
        asked.append(names)
        return stats.population_agreement.architecture_agreement(*arguments, names=names)

    monkeypatch.setattr(stats, "architecture_agreement", counting)
    execute(made)
    monkeypatch.undo()
    assert sorted(asked) == sorted([("score",), ("score",), tuple(arch_correlation.TASK.baselines)])
    for method in NAMES:
        written = record(made, method)
        fresh = json.loads(json.dumps(stats.architecture_agreement(written.rows)))
        assert {name: written.statistics[name] for name in fresh} == fresh
        assert list(written.statistics) == [*fresh, "ceiling", "population"]


def test_the_timing_is_that_of_all_shards(made, monkeypatch):
    def priced(module, batch, names, *rest):
        found = proxies.measure(module, batch, names, *rest)
        return {name: replace(each, seconds=0.5) for name, each in found.items()}

    monkeypatch.setattr(measuring, "measure", priced)
    interrupted(made, at=5)
    execute(made)
    timing = record(made, "flops").timing
    assert (timing["proxy_seconds"], timing["architectures"]) == (0.5 * COUNT, COUNT)


def test_rows_join_in_order():
    one = Rows([1.0], ["ok"], [""], 0.25, [{"host": "b"}])
    two = Rows([None], ["nan"], ["no"], 0.5, [{"host": "a"}, {"host": "b"}])
    assert asdict(_shards.joined([one, two])) == {
        "score": [1.0, None],
        "status": ["ok", "nan"],
        "reason": ["", "no"],
        "seconds": 0.75,
        "origins": [{"host": "a"}, {"host": "b"}],
    }
    assert np.isnan(pd.Series(_shards.joined([one, two]).score, dtype=float)[1])
