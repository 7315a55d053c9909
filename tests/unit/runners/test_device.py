"""Which device a run is on, what torch is set to meanwhile, and what a record says of it; without a GPU."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from queue import Queue

import pytest
import torch

from harness import evidence
from harness.cli import _pool, bench
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, UnknownNameError
from harness.evidence import _te_nas, _trained
from harness.runners import RunConfig, execute
from harness.runs import setup as runs_setup
from harness.runs.config import Training
from harness.runs.device import WORKSPACE, arithmetic, cards, chosen, facts, on_own_card
from harness.runs.setup import prepare
from harness.sharing import workers
from tests.gpu.settings import settings

TRAINING = Training("darts", 1, 1, 4, 32)


def config(root, *overrides: str) -> RunConfig:
    small = ["space=nbmacro", "fidelity=tiny", "batch_size=4", f"results={root}"]
    with composing():
        return run_config([*small, *overrides])


@contextmanager
def changed(backend, precision: str):
    before = backend.fp32_precision
    backend.fp32_precision = precision
    yield
    backend.fp32_precision = before


@pytest.fixture(autouse=True)
def kept():
    """Whatever a test leaves behind is told; set up first, so that ``monkeypatch`` is undone before."""
    before = settings()
    yield
    assert settings() == before


@pytest.fixture(autouse=True)
def no_workspace(kept, monkeypatch):
    monkeypatch.delenv(WORKSPACE, raising=False)


@pytest.fixture
def two_cards(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_a_gpu_computes_in_float32_with_kernels_that_repeat_themselves():
    with arithmetic("cuda"):
        assert settings() == {
            "precision": ("ieee",) * 6,
            "benchmark": False,
            "cudnn": True,
            "deterministic": True,
            "warn": False,
            "fill": False,
            "workspace": ":4096:8",
        }


def test_the_fastest_arithmetic_rounds_and_chooses_freely():
    with arithmetic("cuda:1", "fastest"):
        inside = settings()
    assert inside["precision"] == ("tf32",) * 3 + ("ieee",) * 3
    assert (inside["benchmark"], inside["deterministic"], inside["workspace"]) == (True, False, None)


def test_settings_are_put_back_whatever_they_were_and_whatever_happens(monkeypatch):
    monkeypatch.setenv(WORKSPACE, ":16:8")
    inside = []

    def fail() -> None:
        with arithmetic("cuda"):
            inside.append(settings())
            raise ZeroDivisionError

    with changed(torch.backends.cuda.matmul, "tf32"), changed(torch.backends.cudnn.conv, "none"):
        torch.use_deterministic_algorithms(True, warn_only=True)
        before = settings()
        with pytest.raises(ZeroDivisionError):
            fail()
        after = settings()
        torch.use_deterministic_algorithms(False)
    assert after == before
    assert (inside[0]["workspace"], inside[0]["warn"], inside[0]["precision"][0]) == (":16:8", False, "ieee")


def test_on_the_cpu_only_the_precision_is_seen_to():
    with changed(torch.backends.mkldnn.matmul, "bf16"):
        before = settings()
        with arithmetic("cpu"):
            inside = settings()
    assert before["precision"][3] == "bf16"
    assert inside["precision"][3:] == ("ieee",) * 3
    assert {**inside, "precision": ()} == {**before, "precision": ()}


def test_the_cpus_products_are_those_without_any_setting():
    draw = torch.Generator().manual_seed(0)
    left, right = torch.randn(70, 300, generator=draw), torch.randn(300, 90, generator=draw)
    with arithmetic("cpu"):
        inside = left @ right
    assert torch.equal(inside, left @ right)


def test_a_workspace_that_does_not_repeat_itself_is_refused(monkeypatch):
    monkeypatch.setenv(WORKSPACE, ":0:0")
    with pytest.raises(ConfigError, match=r"CUBLAS_WORKSPACE_CONFIG=:0:0 .*allowed: :4096:8, :16:8"):
        arithmetic("cuda").__enter__()
    with arithmetic("cuda", "fastest"):
        assert os.environ[WORKSPACE] == ":0:0"


def test_the_fastest_arithmetic_is_no_cpus(tmp_path):
    with pytest.raises(ConfigError, match="arithmetic=fastest is for a GPU"):
        execute(config(tmp_path, "device=cpu", "arithmetic=fastest", "task.population=4"))
    with pytest.raises(UnknownNameError, match=r"Allowed: fastest, reproducible\."):
        config(tmp_path, "arithmetic=fast")


def test_devices(two_cards, tmp_path):
    assert chosen("auto") == torch.device("cuda")
    assert chosen("cuda:1") == torch.device("cuda:1")
    assert chosen("cpu") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"device=cuda:2 is not there; torch sees cuda:0, cuda:1"):
        chosen("cuda:2")
    assert config(tmp_path, "device=cuda:1").device == "cuda:1"


@pytest.mark.parametrize("name", ["gpu", "cuda1", "cuda:", "cuda:x", "mps", "cuda:-1"])
def test_other_devices_are_unknown(name, tmp_path):
    with pytest.raises(UnknownNameError, match="auto, cpu, cuda"):
        config(tmp_path, f"device={name!r}")


def test_without_a_gpu_one_is_missed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen("auto") == torch.device("cpu")
    with pytest.raises(ConfigError, match=r"device=cuda:1 needs a GPU"):
        chosen("cuda:1")


def test_processes_take_the_cards_in_turn(two_cards, tmp_path):
    made = config(tmp_path)
    assert [on_own_card(made, number).device for number in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    for device in ("cpu", "cuda:1"):
        named = replace(made, device=device)
        assert on_own_card(named, 0) is named


def test_one_card_or_none_needs_no_turn(monkeypatch, tmp_path):
    made = config(tmp_path)
    for count in (0, 1):
        monkeypatch.setattr(torch.cuda, "device_count", lambda count=count: count)
        assert on_own_card(made, 3) is made


def test_one_run_per_card_is_the_default(two_cards):
    assert cards(["cpu", "cpu"]) == 0
    assert cards(["cuda:1", "cuda:1"]) == 1
    assert cards(["auto"]) == cards(["cuda", "cpu"]) == 2
    assert bench.runs_at_a_time("", 2) == 2
    assert bench.runs_at_a_time("3", 2) == 3
    assert bench.runs_at_a_time("") == len(os.sched_getaffinity(0))


def test_a_process_of_the_bench_runs_on_its_card(two_cards, monkeypatch, tmp_path):
    numbers, found = Queue(), []
    numbers.put(3)
    monkeypatch.setattr(_pool, "_worker", {})
    monkeypatch.setattr(_pool, "end_with_parent", lambda: None)
    monkeypatch.setattr(_pool, "execute", lambda made, report: found.append(made.device))
    _pool._start(Queue(), numbers)
    _pool._execute(0, config(tmp_path))
    assert found == ["cuda:1"]


def test_a_worker_of_a_run_measures_on_its_card_with_the_runs_arithmetic(two_cards, monkeypatch, tmp_path):
    found = []

    class Team:
        def __init__(self, setup, job):
            found.append(str(setup.device))

        @contextmanager
        def inside(self):
            yield

        def work(self, report):
            found.append(torch.are_deterministic_algorithms_enabled())

    class Job:
        config = config(tmp_path)

    class Pipe:
        def send(self, message):
            raise message

    monkeypatch.setattr(workers, "end_with_parent", lambda: None)
    monkeypatch.setattr(workers, "Team", Team)
    workers._work(Job(), 1, Pipe())
    assert found == ["cuda:1", True]


def test_a_run_of_networks_computes_inside_its_arithmetic(monkeypatch, tmp_path):
    entered = []

    @contextmanager
    def noted(device, name):
        entered.append((device, name))
        yield
        entered.append("left")

    monkeypatch.setattr(runs_setup, "arithmetic", noted)
    execute(config(tmp_path, "device=cpu", "task=search", "searcher=largest"))
    assert entered == []
    execute(config(tmp_path, "device=cpu", "proxy=params", "task.population=2"))
    assert entered == [("cpu", "reproducible"), "left"]


def read(setup, searcher):
    """What a searcher reads."""
    chosen = replace(setup.config, task={"name": "search"}, searcher={"name": searcher})
    (found,) = evidence.of(replace(setup, config=chosen))
    return found


def test_only_the_fastest_arithmetic_is_part_of_what_a_run_is(tmp_path):
    usual = prepare(config(tmp_path, "input=digits"))
    fastest = replace(usual, config=replace(usual.config, arithmetic="fastest"))
    for name in (
        lambda setup: setup.measured_settings,
        lambda setup: read(setup, "darts").settings(),
        lambda setup: _te_nas.SUPERNETS["te_nas"].settings(setup),
        lambda setup: _te_nas.SUPERNETS["run"].settings(setup),
        lambda setup: _trained._described(setup, TRAINING),
    ):
        assert name(fastest) == {**name(usual), "arithmetic": "fastest"}
        assert "arithmetic" not in name(usual)
    assert read(fastest, "largest").settings() == read(usual, "largest").settings()


def test_the_number_of_a_card_is_no_kind_of_machine(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.runs.numerics.numerics", lambda device: {})
    monkeypatch.setattr(runs_setup, "chosen", torch.device)
    numbered = replace(prepare(config(tmp_path, "device=cpu")), config=config(tmp_path, "device=cuda:1"))
    assert numbered.provenance(numbered.run("nwot", {}))["device"] == "cuda"


def test_facts_of_the_cpu():
    with arithmetic("cpu"):
        found = facts("cpu")
    assert found == {
        "device_model": None,
        "cuda": None,
        "cudnn": None,
        "deterministic": None,
        "precision": {"matmul": "ieee", "conv": "ieee", "rnn": "ieee"},
    }


def test_facts_of_a_gpu(two_cards, monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"card {device.index}")
    monkeypatch.setattr(torch.version, "cuda", "12.6")
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: 90501)
    with arithmetic("cuda:1"):
        found = facts("cuda:1")
    assert found == {
        "device_model": "card 1",
        "cuda": "12.6",
        "cudnn": 90501,
        "deterministic": True,
        "precision": {"matmul": "ieee", "conv": "ieee", "rnn": "ieee"},
    }
    assert facts("cuda")["deterministic"] is False
