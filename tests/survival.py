"""Runs and sweeps in processes of their own that die at a random moment, and what they leave."""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import shutil
import signal
import sys
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

import numpy as np

from harness.cli._compose import composing, run_config
from harness.records import Store
from harness.runners import RunConfig
from tests.children import CHILDREN

SMALL = ["fidelity=tiny", "batch_size=4"]
LEARNING = [
    "input=digits", "training.images=64", "training.batch_size=16", "training.epochs=3",
    "training.fine_tuning_epochs=1",
]  # fmt: skip
SCENARIOS = {
    "arch_correlation": ["space=nbmacro", "task.population=8", "proxy.names=[nwot,params,synflow]"],
    "workers": ["space=nbmacro", "task.population=8", "proxy.names=[nwot,params,synflow]", "workers=2"],
    "op_correlation": ["task=op_correlation", "space=nbmacro", "proxy=nwot_eval", "task.progressive=false"],
    "search": [
        "task=search", "space=nb201", "proxy=nwot_eval", "searcher.proposals=2",
        "searcher.validation_batches=2",
    ],
    "search on DARTS": [
        "task=search", "searcher=zero_cost_disc", "space=darts_s5", "proxy=nwot_eval", "searcher.proposals=2",
        "searcher.validation_batches=2",
    ],
    "shrink": ["task=shrink", "space=nbmacro", "shrinker=cp_nas", "task.then=queries", "task.queries=200"],
    "rounds": ["task=shrink", "space=nbmacro", "shrinker=nse_supernet", "shrinker.paths=4", *LEARNING],
    "training": ["task=search", "searcher=darts", "space=nbmacro", *LEARNING],
    "truth": [
        "space=nbmacro", "task.population=3", "proxy=params", "input=digits", "truth=train", "truth.epochs=3",
        "truth.fidelity=tiny", "truth.image_size=16", "truth.images=128",
    ],
    "fits": [
        "task=search", "space=nas_dip_2", "searcher=genetic_algorithm", "searcher.population=4",
        "searcher.generations=3", "truth=restore", "truth.fidelity=tiny", "truth.image_size=16",
        "truth.iterations=20",
    ],
    "sweep": ["-m", "space=nbmacro", "task.population=6", "proxy=params,synflow", "seed=0,1"],
}  # fmt: skip
"""By name the arguments of ``python -m harness``; a sweep goes through it, the others go to their runner."""

SWEEP = "sweep"

FILES = ("open", "os.", "fcntl.", "shutil.")
"""Beginnings of the events of Python's audit that tell of files."""


@dataclass(frozen=True)
class Ended:
    """How a process ended; if it was not killed, its seconds, events of files, and what it printed."""

    killed: bool
    code: int
    seconds: float = 0.0
    files: int = 0
    told: str = ""


def go(scenario: str, root: Path, seconds: float | None = None, files: int = 0) -> Ended:
    """Run a scenario on the results folder ``root`` in a new process.

    It is killed after so many ``seconds``, or before its event number ``files`` of opening, renaming,
    linking, locking, ... a file, if it comes to that.
    """
    mine, theirs = CHILDREN.Pipe(duplex=False)
    asked = SCENARIOS[scenario] if scenario == SWEEP else replace(_composed(scenario), results=str(root))
    process = CHILDREN.Process(target=_run, args=(asked, root, files, theirs))
    process.start()
    theirs.close()
    try:
        mine.recv()  # it begins
        if seconds is not None and not mine.poll(seconds):
            process.kill()
        told = mine.recv()
    except EOFError:
        told = ()
    process.join()
    return Ended(process.exitcode == -signal.SIGKILL, process.exitcode, *told)


@cache
def _composed(scenario: str) -> RunConfig:
    with composing():
        return run_config([*SCENARIOS[scenario], *SMALL])


def _run(asked: list[str] | RunConfig, root: Path, die_at: int, pipe: Connection) -> None:
    from harness.cli import run
    from harness.runners import arch_correlation, execute

    arch_correlation.SIZE = 2
    files = 0

    def count(event: str, _: tuple) -> None:
        nonlocal files
        if event.startswith(FILES):
            files += 1
            if files == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    told = io.StringIO()
    pipe.send("begins")
    started = perf_counter()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        sys.addaudithook(count)
        if isinstance(asked, RunConfig):
            code = 0 if execute(asked) else 1
        else:
            code = run.main([*asked, *SMALL, f"results={root}"])
    pipe.send((perf_counter() - started, files, told.getvalue()))
    sys.exit(code)


def on_a_disk_of(size: int, scenario: str, root: Path, kept: Path) -> Ended | None:
    """Run a scenario on ``root``, a disk of its own of ``size`` bytes, and copy what is on it to ``kept``.

    The disk is in memory and in a name space of the child's, so that nobody else sees it. ``size`` 0 is one
    that what lies below ``kept`` is on already, and that can only be read. ``None`` where the system does
    not let a process have such disks.
    """
    mine, theirs = CHILDREN.Pipe(duplex=False)
    process = CHILDREN.Process(target=_run_on_a_disk, args=(size, scenario, root, kept, theirs))
    process.start()
    theirs.close()
    try:
        allowed, told = mine.recv(), mine.recv()
    finally:
        process.join()
    return Ended(False, process.exitcode, told=told) if allowed else None


def _run_on_a_disk(size: int, scenario: str, root: Path, kept: Path, pipe: Connection) -> None:
    from harness.cli import run
    from harness.runners import arch_correlation

    arch_correlation.SIZE = 2
    root.mkdir(exist_ok=True)
    if not _mounted(root, f"size={size}" if size else ""):
        pipe.send(False)
        pipe.send("")
        return
    if not size:
        shutil.copytree(kept, root, dirs_exist_ok=True)
        _mounted(root, flags=_REMOUNT | _READ_ONLY)
    pipe.send(True)
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = run.main([*SCENARIOS[scenario], *SMALL, f"results={root}"])
    if size:
        shutil.copytree(root, kept)
    pipe.send(told.getvalue())
    sys.exit(code)


_REMOUNT, _READ_ONLY = 32, 1
_NEW_USER, _NEW_MOUNTS = 0x10000000, 0x00020000


def _mounted(root: Path, options: str = "", flags: int = 0) -> bool:
    """Whether a disk in memory is at ``root`` now, as this process sees it (Linux)."""
    system = ctypes.CDLL(None)
    if not flags:
        user, group, own = os.getuid(), os.getgid(), Path("/proc/self")
        if not hasattr(system, "unshare") or system.unshare(_NEW_USER | _NEW_MOUNTS):
            return False
        try:
            (own / "setgroups").write_text("deny")
            (own / "uid_map").write_text(f"0 {user} 1")
            (own / "gid_map").write_text(f"0 {group} 1")
        except OSError:
            return False
    return system.mount(b"none", os.fsencode(root), b"tmpfs", flags, options.encode()) == 0


def content(root: Path) -> dict[str, bytes]:
    """All that has to be the same, by path: not when and how long, nor what a killed process was staging."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
        and not path.name.endswith((".timing.json", ".lock"))
        and not path.name.startswith(".staged-")
        and path.relative_to(root).parts[0] in ("records", "checkpoints", "shards", "truth")
    }


def whole_records(root: Path) -> dict[str, bytes]:
    """The bytes of every record that is there, each read back with its rows."""
    found = {}
    for record in Store(root).records():
        assert len(record.rows) == record.rows_entry["count"]
        assert record.status == "ok"
        found[str(record.path.relative_to(root))] = record.path.read_bytes()
    return found


def survives(scenario: str, folder: Path, kills: int, draw: np.random.Generator) -> dict[str, int]:
    """Kill a scenario ``kills`` times, up to three times on end, each time until it then ends by itself.

    Asserts that after every kill each record is whole and none is lost, and that in the end every byte is
    that of an uninterrupted run. Returns how often what happened.
    """
    whole = folder / "uninterrupted"
    ended = go(scenario, whole)
    assert ended.code == 0, ended.told
    expected = content(whole)
    assert not [path for path in expected if path.startswith("shards")]
    told = {"kills": 0, "runs killed": 0, "records kept over a kill": 0, "left staged": 0}
    while told["kills"] < kills:
        root, records = folder / f"killed-{told['runs killed']}", {}
        told["runs killed"] += 1
        for _ in range(min(3, kills - told["kills"])):
            if draw.integers(2):
                last = go(scenario, root, seconds=draw.uniform(0, ended.seconds))
            else:
                last = go(scenario, root, files=int(draw.integers(1, ended.files + 1)))
            if not last.killed:
                break
            told["kills"] += 1
            found = whole_records(root)
            assert records.items() <= found.items(), "a record was lost or changed"
            told["records kept over a kill"] += len(found)
            records = found
        last = go(scenario, root)
        assert last.code == 0, last.told
        assert records.items() <= whole_records(root).items()
        assert content(root) == expected
        told["left staged"] += len(list(root.rglob(".staged-*")))
    return told
