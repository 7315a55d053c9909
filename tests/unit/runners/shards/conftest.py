"""A small population in small shards, and what an uninterrupted run of it leaves."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from harness import proxies, records
from harness.cli._compose import composing, run_config
from harness.processes import children
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import team as _team
from harness.sharing import workers as _workers
from tests.children import CHILDREN

COUNT, SIZE = 8, 2
NAMES = ("params", "flops")
ALL, PARAMS = ("flops", "params"), ("params",)


@pytest.fixture(scope="session")
def composed() -> RunConfig:
    small = ["fidelity=tiny", "batch_size=4", "space=nbmacro", f"task.population={COUNT}"]
    with composing():
        return run_config([*small, "proxy.names=[params,flops]"])


@pytest.fixture
def made(composed, tmp_path) -> RunConfig:
    return replace(composed, results=str(tmp_path / "results"))


@pytest.fixture(scope="session")
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
    monkeypatch.setattr(children.multiprocessing, "get_context", lambda _: CHILDREN)


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


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
