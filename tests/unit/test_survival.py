"""Full disks, read-only and moved folders, two runs at once; fifty kills are in tests/slow."""

from __future__ import annotations

import errno
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from harness import files
from harness.cli import report, reproduce, status
from harness.errors import MachineFailure, ResultsError
from harness.records import Store, read_record
from harness.runners import RunConfig, arch_correlation, execute
from harness.seeding import generator
from tests import survival
from tests.children import CHILDREN
from tests.survival import content, on_a_disk_of, survives, whole_records

SCENARIOS = ["arch_correlation", "training"]


def made(scenario: str, root: Path) -> RunConfig:
    return replace(survival._composed(scenario), results=str(root))


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(arch_correlation, "SIZE", 2)


@pytest.fixture(scope="module")
def expected(tmp_path_factory) -> dict[str, dict[str, bytes]]:
    found = {}
    for scenario in SCENARIOS:
        root = tmp_path_factory.mktemp(scenario)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(arch_correlation, "SIZE", 2)
            execute(made(scenario, root))
        found[scenario] = content(root)
    return found


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(tmp_path):
    told = survives("arch_correlation", tmp_path, 2, generator(3, "kill"))
    assert told["kills"] == 2


# --- a full disk -----------------------------------------------------------------------------------------


def full_from(number: int, patch: pytest.MonkeyPatch, code: int = errno.ENOSPC) -> list[Path]:
    """From file ``number`` on nothing more than half of its bytes can be written."""
    stage, calls = files.os.fsync, []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) >= number:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            raise OSError(code, os.strerror(code))
        stage(descriptor)

    patch.setattr(files.os, "fsync", fsync)
    return calls


SMALL_DISKS = [
    pytest.param(size, marks=() if size in (12, 96) else pytest.mark.slow)
    for size in (4, 8, 12, 16, 24, 32, 48, 64, 80, 96, 112, 128)
]
FULL = [
    pytest.param("arch_correlation", 3, marks=pytest.mark.slow),
    pytest.param("arch_correlation", 14, marks=pytest.mark.slow),
    ("training", 2),
]


@pytest.mark.parametrize(("scenario", "number"), FULL)
def test_a_disk_that_is_full_is_told_and_leaves_nothing_half_written(scenario, number, tmp_path, expected):
    config = made(scenario, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        calls = full_from(number, patch)
        try:
            execute(config)
        except MachineFailure as error:
            assert "No space left on device" in str(error)  # noqa: PT017
            assert len(calls) >= number
        else:
            assert len(calls) < number or content(tmp_path) == expected[scenario]
    assert not list(tmp_path.rglob(".staged-*"))
    found = whole_records(tmp_path)
    assert all(expected[scenario][path] == data for path, data in found.items())
    execute(config)
    assert content(tmp_path) == expected[scenario]


@pytest.mark.parametrize("kilobytes", SMALL_DISKS)
def test_a_real_disk_that_is_full(kilobytes, tmp_path, expected):
    kept = tmp_path / "kept"
    ended = on_a_disk_of(kilobytes * 1024, "arch_correlation", tmp_path / "disk", kept)
    if ended is None:
        pytest.skip("this system does not let a process have a disk of its own")
    assert ended.code == 1
    (sentence,) = ended.told.strip().splitlines()
    assert sentence.startswith("harness: ")
    assert "No space left on device" in sentence
    assert not list(kept.rglob(".staged-*"))
    found = whole_records(kept)
    assert all(expected["arch_correlation"][path] == data for path, data in found.items())
    execute(made("arch_correlation", kept))
    final = content(kept)
    assert expected["arch_correlation"].items() <= final.items()
    assert all(".rows-" in path for path in final.keys() - expected["arch_correlation"].keys())


def limited(scenario: str, root: Path, most: int) -> None:
    import resource

    arch_correlation.SIZE = 2
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        execute(made(scenario, root))
    except MachineFailure as error:
        os._exit(3 if "File too large" in str(error) else 4)
    os._exit(0)


def test_files_that_may_not_grow_are_told(tmp_path, expected):
    process = CHILDREN.Process(target=limited, args=("arch_correlation", tmp_path, 2000))
    process.start()
    process.join()
    assert process.exitcode == 3
    assert not list(tmp_path.rglob(".staged-*"))
    execute(made("arch_correlation", tmp_path))
    found = content(tmp_path)
    assert expected["arch_correlation"].items() <= found.items()
    # Rows of a record of the failure, which did not fit either.
    assert all(".rows-" in path for path in found.keys() - expected["arch_correlation"])


# --- folders ---------------------------------------------------------------------------------------------


def test_a_read_only_folder_is_told_before_anything_runs(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(files, "stage", refused)
    monkeypatch.setattr(arch_correlation, "run", lambda *_: pytest.fail("it ran"))
    with pytest.raises(ResultsError, match="cannot be written to .*Read-only file system"):
        execute(made("arch_correlation", tmp_path / "results"))
    assert not (tmp_path / "results").exists()


def test_a_real_read_only_disk(tmp_path, expected):
    kept = tmp_path / "kept"
    execute(made("arch_correlation", kept))
    ended = on_a_disk_of(0, "arch_correlation", tmp_path / "disk", kept)
    if ended is None:
        pytest.skip("this system does not let a process have a disk of its own")
    assert ended.code == 2
    told = "harness: Results cannot be written to .*disk: Read-only file system. Name another folder, .*"
    assert re.fullmatch(told, ended.told.strip())


def test_a_moved_folder_is_read_as_it_was(tmp_path, expected, capsys):
    first, second = tmp_path / "here", tmp_path / "some where" / "else"
    execute(made("arch_correlation", first))
    assert report.main(["--results", str(first), "--out", str(tmp_path / "a"), "--figures", "none"]) == 0
    second.parent.mkdir()
    shutil.move(first, second)
    assert content(second) == expected["arch_correlation"]
    assert report.main(["--results", str(second), "--out", str(tmp_path / "b"), "--figures", "none"]) == 0
    assert (tmp_path / "a" / "report.md").read_bytes() == (tmp_path / "b" / "report.md").read_bytes()
    assert status.main(["--results", str(second)]) == 0
    assert "3 runs" in (told := capsys.readouterr().out)
    assert "3 done" in told
    assert {outcome.status for outcome in execute(made("arch_correlation", second))} == {"skipped"}
    (record, *_) = Store(second).records()
    assert str(tmp_path) not in record.path.read_text()
    capsys.readouterr()
    assert reproduce.main([str(record.path)]) == 0
    assert "The same: all 8 rows" in capsys.readouterr().out


def both(scenario: str, root: Path) -> None:
    arch_correlation.SIZE = 2
    execute(made(scenario, root))


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_two_at_once_on_one_folder_leave_what_one_leaves(scenario, tmp_path, expected):
    processes = [CHILDREN.Process(target=both, args=(scenario, tmp_path)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert content(tmp_path) == expected[scenario]
    for path in expected[scenario]:
        if path.endswith(".json"):
            assert read_record(tmp_path / path).status == "ok"


@pytest.mark.slow
def test_two_sweeps_at_once_leave_what_one_leaves(tmp_path):
    alone, together = tmp_path / "alone", tmp_path / "together"
    assert survival.go("sweep", alone).code == 0
    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(lambda _: survival.go("sweep", together), range(2)))
    assert [each.code for each in ended] == [0, 0], [each.told for each in ended]
    assert content(together) == content(alone)
    assert all("4 settings, 4 runs: " in each.told for each in ended)
    done = sum(each.told.count("done: nbmacro") for each in ended)
    assert done >= 4, "each run was done by one of them, or by both together"
