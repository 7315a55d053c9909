"""What fails: the machine (no row is kept, the next try ends as if nothing had been), a network, a proxy."""

from __future__ import annotations

import errno
import multiprocessing
import os
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from harness import networks, proxies, records, registry
from harness.cli._compose import composing, run_config
from harness.errors import MachineFailure, RunFailed
from harness.evidence import _te_nas
from harness.processes import children
from harness.proxies import _measure
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import workers
from harness.training import Trained
from tests.children import CHILDREN

TINY = ["fidelity=tiny", "batch_size=4", "space=nbmacro"]
LEARNING = ["input=digits", "training.images=8", "training.batch_size=4", "training.epochs=1"]
ARCHS = ["task.population=6", "proxy.names=[params,snip]"]


def config(root, *overrides: str) -> RunConfig:
    with composing():
        return run_config([*TINY, *overrides, f"results={root}"])


def content(root) -> dict[str, bytes]:
    """All but when and how long, and the records of failures."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in Path(root).rglob("*")
        if path.is_file()
        and not path.name.endswith((".timing.json", ".lock"))
        and ".failed-" not in path.name
        and path.read_bytes() not in _empty(root)
    }


def _empty(root) -> list[bytes]:
    """The files of rows that belong to records of failures."""
    failed = [each for each in records.Store(root).records() if each.status == "failed"]
    return [(each.path.parent / each.rows_entry["file"]).read_bytes() for each in failed]


def failed(root) -> list[records.Record]:
    return [each for each in records.Store(root).records() if each.status == "failed"]


def at_call(number: int, function: Callable, error: BaseException) -> Callable:
    """``function``, but its call ``number`` raises ``error``."""
    calls = iter(range(1, 10**9))

    def counting(*arguments, **keywords):
        if next(calls) == number:
            raise error
        return function(*arguments, **keywords)

    return counting


# --- the machine -------------------------------------------------------------------------------------------

ERRORS = [
    MachineFailure("the device is gone"),
    MemoryError("Unable to allocate 7.11 PiB"),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: 4 bytes"),
    OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
]


@pytest.mark.parametrize("error", ERRORS, ids=[type(error).__name__ for error in ERRORS])
def test_of_the_machine_nothing_is_kept_and_the_next_try_measures_again(error, tmp_path, monkeypatch):
    monkeypatch.setattr(arch_correlation, "SIZE", 2)
    undisturbed, disturbed = (config(tmp_path / name, *ARCHS) for name in ("one", "two"))
    execute(undisturbed)
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "measure", at_call(4, proxies.measure, error))
        with pytest.raises(MachineFailure, match=str(error).partition("] ")[2] or str(error)):
            execute(disturbed)
    assert {each.run.method for each in failed(disturbed.results)} == {"params", "snip"}
    assert all(str(error) in each.reason for each in failed(disturbed.results))
    assert {each.rows_entry["count"] for each in failed(disturbed.results)} == {0}
    shards = sorted(path.name[:5] for path in Path(disturbed.results).glob("shards/*/*.json"))
    assert shards == ["00000", "00000"], "the second one, in which it happened, is not written"
    assert [each.status for each in execute(disturbed)] == ["done", "done"]
    assert content(disturbed.results) == content(undisturbed.results)


def out_of_memory(job, number, pipe):
    measuring.measure = at_call(2, proxies.measure, MemoryError("no more"))
    workers._work(job, number, pipe)


def test_a_worker_that_meets_it_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(arch_correlation, "SIZE", 2)
    undisturbed, disturbed = (config(tmp_path / name, *ARCHS) for name in ("one", "two"))
    execute(undisturbed)
    with monkeypatch.context() as patch:
        patch.setattr(children.multiprocessing, "get_context", lambda _: CHILDREN)
        patch.setattr(workers, "_work", out_of_memory)
        with pytest.raises(MachineFailure, match="MemoryError: no more"):
            execute(replace(disturbed, workers=2))
    assert multiprocessing.active_children() == []
    execute(disturbed)
    assert content(disturbed.results) == content(undisturbed.results)


VALIDATED = ["task=search", "proxy=nwot_eval", "space=nb201", "searcher.proposals=5"]
SMALLEST = [
    "searcher.repeats=1",
    "searcher.ntk_batch_size=4",
    "searcher.region_batches=1",
    "searcher.region_batch_size=100",
]
ELSEWHERE = {
    "operation scores": (["task=op_correlation", "task.progressive=false"], measuring, "measure_each"),
    "proposals": (["task=search", "searcher.proposals=1"], measuring, "measure_each"),
    "validation": ([*VALIDATED, "searcher.validation_batches=1"], measuring, "measure"),
    "several proxies": (["task=search", "searcher=te_nas", *SMALLEST], _te_nas, "measure"),
    "training": (["task=search", "searcher=darts", *LEARNING], Trained, "step"),
    "accuracies": (
        ["task=op_correlation", "scorer=disc_acc", "task.progressive=false", *LEARNING],
        Trained,
        "measured_accuracy",
    ),
    "fine-tuning": (["task=search", "searcher=darts_pt", *LEARNING], Trained, "fine_tune"),
    "checkpoints": (["task=search", "searcher=darts", *LEARNING], torch, "save"),
}


@pytest.mark.parametrize(("overrides", "owner", "name"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_wherever_it_happens_the_run_fails_and_is_tried_again(overrides, owner, name, tmp_path, monkeypatch):
    made = config(tmp_path, *overrides)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, at_call(1, getattr(owner, name), MemoryError("no more")))
        with pytest.raises(MachineFailure, match="MemoryError: no more"):
            execute(made)
    assert [each.reason for each in failed(tmp_path)] == ["MemoryError: no more"]
    (outcome,) = execute(made)
    assert outcome.status == "done"


# --- a network, a proxy ------------------------------------------------------------------------------------


def test_one_network_that_cannot_be_built_takes_no_others_value(tmp_path, monkeypatch):
    (expected,) = execute(config(tmp_path / "all", "task.population=6", "proxy=snip"))
    made = config(tmp_path / "one", "task.population=6", "proxy=snip")
    build = networks.build
    monkeypatch.setattr(networks, "build", at_call(3, build, ValueError("a width of\n0")))
    (outcome,) = execute(made)
    assert outcome.headline.endswith(", 1 of 6 failed")
    rows, all_rows = (records.read_record(each.path).rows for each in (outcome, expected))
    assert rows["status"].tolist()[2:3] == ["failed"]
    assert rows["reason"].tolist()[2:3] == ["ValueError: a width of 0"]
    assert rows.drop(index=2).equals(all_rows.drop(index=2))


def test_one_network_that_cannot_be_validated_takes_no_others_score(tmp_path, monkeypatch):
    asked = [*VALIDATED, "searcher.validation_batches=2"]
    (whole,) = execute(config(tmp_path / "all", *asked))
    monkeypatch.setattr(networks, "build", at_call(1, networks.build, ValueError("too wide")))
    (outcome,) = execute(config(tmp_path / "one", *asked))
    assert ", 1 of " in outcome.headline
    rows, all_rows = (records.read_record(each.path).rows for each in (outcome, whole))
    lost = rows["status"] == "failed"
    assert rows["stage"][lost].tolist() == ["validation", "total"]
    assert rows[~lost].equals(all_rows[~lost])


def foreign(score: Callable, monkeypatch) -> None:
    card = proxies.About("anything", "nobody", "never")
    item = types.SimpleNamespace(ABOUT=card, score=score)
    point = types.SimpleNamespace(name="foreign", value="elsewhere:it", load=lambda: item)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.proxies"))
    _measure.load.cache_clear()


@pytest.fixture
def _cleared():
    yield
    _measure.load.cache_clear()


@pytest.mark.usefixtures("_cleared")
def test_a_proxy_that_fails_everywhere_is_a_failed_run_and_the_others_are_done(tmp_path, monkeypatch):
    (alone,) = execute(config(tmp_path / "alone", "task.population=5", "proxy=snip"))
    foreign(lambda passes: {}["key"], monkeypatch)
    made = config(tmp_path / "both", "task.population=5", "proxy.names=[foreign,snip]")
    lost, kept = execute(made)
    assert (lost.method, lost.status, kept.method, kept.status) == ("foreign", "failed", "snip", "done")
    assert lost.headline == "None of the 5 architectures could be measured: KeyError: 'key'"
    assert kept.path.read_bytes() == alone.path.read_bytes()
    (record,) = failed(made.results)
    assert (record.run.method, record.reason, record.path) == ("foreign", lost.headline, lost.path)
    assert not (Path(made.results) / "shards").exists()
    foreign(lambda passes: 1.0, monkeypatch)
    assert [each.status for each in execute(made)] == ["done", "skipped"], "it is tried again"


@pytest.mark.usefixtures("_cleared")
def test_what_the_formula_says_of_every_network_is_a_result(tmp_path, monkeypatch):
    foreign(lambda passes: float("nan"), monkeypatch)
    (outcome,) = execute(config(tmp_path, "task.population=4", "proxy.names=[foreign]"))
    assert (outcome.status, outcome.headline) == (
        "done",
        "tau undefined, n 0 of 4, the value is not a finite number",
    )


@pytest.mark.usefixtures("_cleared")
@pytest.mark.parametrize("task", ["op_correlation", "search"])
def test_some_scores_that_failed_are_told_and_no_scores_at_all_are_a_failure(task, tmp_path, monkeypatch):
    calls = iter(range(1, 10**6))
    foreign(lambda passes: 1 / (next(calls) % 7), monkeypatch)
    asked = [f"task={task}", "proxy.names=[foreign]", "searcher.proposals=1"]
    asked += ["task.progressive=false"] * (task == "op_correlation")
    (outcome,) = execute(config(tmp_path / "some", *asked))
    found = records.failures(records.read_record(outcome.path).rows)
    assert 0 < found.failed < found.total
    assert outcome.headline.endswith(f", {found.failed} of {found.total} failed")
    assert found.why == "ZeroDivisionError: division by zero"
    foreign(lambda passes: 1 / 0, monkeypatch)
    with pytest.raises(RunFailed, match="0 of . have a score: ZeroDivisionError: division by zero"):
        execute(config(tmp_path / "none", *asked))
    assert len(failed(tmp_path / "none")) == 1
