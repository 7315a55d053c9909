"""Proxies of other packages: whatever they do, the run goes on with the others' values as they are alone."""

from __future__ import annotations

import random
import signal
import threading
import time
import types
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
)

from harness import families, networks, proxies, registry, spaces
from harness.errors import ConfigError
from harness.inputs import Batch, noise
from harness.proxies import _deadline, _measure
from tests.unit.proxies.test_measure import EVERY, snapshot, values, with_a_history

GOOD = ["nwot", "snip", "synflow"]


class Point:
    """An entry point that loads ``score`` as the proxy ``foreign``."""

    name, value = "foreign", "somewhere.else:foreign"

    def __init__(self, score: Callable, **about: object) -> None:
        card = proxies.About("score", "nobody", "never", **about)
        self.load = lambda: types.SimpleNamespace(ABOUT=card, score=score)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable:
    def install(score: Callable, **about: object) -> None:
        points = [Point(score, **about)]
        monkeypatch.setattr(
            registry, "entry_points", lambda group: points if group == "harness.proxies" else []
        )
        _measure.load.cache_clear()

    yield install
    _measure.load.cache_clear()


def both(network: nn.Module, batch: Batch, **settings: object) -> proxies.Measurement:
    """The foreign one's measurement, after a check that everything else is as it is without it."""
    alone = values(proxies.measure(network, batch, GOOD, seed=0))
    before = snapshot_of_all(network, batch)
    found = proxies.measure(network, batch, ["snip", "foreign", "nwot", "synflow"], seed=0, **settings)
    assert list(found) == ["snip", "foreign", "nwot", "synflow"]
    foreign = found.pop("foreign")
    assert values(found) == {name: alone[name] for name in found}
    assert snapshot_of_all(network, batch) == before
    return foreign


def snapshot_of_all(network: nn.Module, batch: Batch) -> dict:
    found = snapshot(network, batch)
    # Putting numbers back counts as a change of its own.
    found["parameters"] = {name: each[:2] + each[3:] for name, each in found["parameters"].items()}
    found["buffers"] = {name: each[:1] + each[2:] for name, each in found["buffers"].items()}
    return found


def test_a_good_one_is_measured(build_network: Callable, batch: Batch, install: Callable) -> None:
    install(lambda passes: sum(float(w.abs().sum()) for w, _ in passes.loss_gradients().values()))
    found = both(with_a_history(build_network("plain")), batch)
    assert (found.status, found.reason) == ("ok", "")
    assert found.value > 0
    assert found.seconds > 0


def raises(error: BaseException) -> Callable:
    def score(passes: proxies.Passes) -> float:
        raise error

    return score


class Speechless(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("score", "status", "reason"),
    [
        (raises(RuntimeError("no\n way \ud800")), "failed", "RuntimeError: no way ?"),
        (raises(ConfigError("not for me")), "failed", "ConfigError: not for me"),
        (raises(SystemExit(3)), "failed", "SystemExit: 3"),
        (raises(Speechless()), "failed", "Speechless"),
        (raises(proxies.Undefined("nan", "no value")), "nan", "no value"),
        (raises(proxies.Undefined("ok", "strange")), "failed", "strange"),
        (raises(proxies.Undefined("odd", None)), "failed", "None"),
        (raises(ValueError("x" * 10_000)), "failed", "ValueError: " + "x" * 288),
        (lambda passes: float("nan"), "nan", "the value is not a finite number"),
        (lambda passes: -np.inf, "inf", "the value is minus infinity"),
        (lambda passes: "1.5", "failed", "TypeError: a score is one number; received str"),
        (lambda passes: b"1", "failed", "TypeError: a score is one number; received bytes"),
        (lambda passes: None, "failed", "TypeError: float() argument must be"),
        (lambda passes: 1 + 1j, "failed", "TypeError: float() argument must be"),
        (lambda passes: torch.ones(3), "failed", "ValueError: only one element tensors can be"),
        (lambda passes: np.ones((2, 2)), "failed", "TypeError: only"),
        (lambda passes: 10**400, "failed", "OverflowError: int too large to convert to float"),
    ],
)
def test_what_is_no_score_fails_alone(score, status, reason, build_network, batch, install) -> None:
    install(score)
    found = both(build_network("plain"), batch)
    assert (found.value, found.status) == (None, status)
    assert found.reason.strip().startswith(reason.strip())
    assert len(found.reason) <= 300
    assert "\n" not in found.reason
    found.reason.encode()


@pytest.mark.parametrize(
    "score", [lambda passes: torch.tensor(2.0), lambda passes: np.float32(2), lambda passes: 2]
)
def test_one_number_of_any_kind_is_a_score(score, build_network, batch, install) -> None:
    install(score)
    assert both(build_network("plain"), batch).value == 2.0


def parameter(passes: proxies.Passes) -> nn.Parameter:
    return next(passes.module.parameters())


def layer(passes: proxies.Passes) -> nn.Module:
    return next(part for part in passes.module.modules() if isinstance(part, nn.BatchNorm2d))


NETWORK, GENERATORS, SETTINGS = (
    "it changed the network",
    "it changed the state of the global random generators",
    "it changed torch's global settings ({})",
)
HOOKS = "it changed the hooks on all modules"
CHANGES = {
    "weights": (NETWORK, lambda p: parameter(p).data.add_(1)),
    "weights replaced": (NETWORK, lambda p: setattr(parameter(p), "data", torch.zeros(2))),
    "precision": (NETWORK, lambda p: p.module.float()),
    "running mean": (NETWORK, lambda p: layer(p).running_mean.fill_(3.0)),
    "gradient": (NETWORK, lambda p: setattr(parameter(p), "grad", torch.ones_like(parameter(p)))),
    "gradient in place": (NETWORK, lambda p: list(p.module.parameters())[-1].grad.mul_(2)),
    "frozen": (NETWORK, lambda p: list(p.module.parameters())[2].requires_grad_(False)),
    "mode": (NETWORK, lambda p: setattr(layer(p), "training", False)),
    "hook": (NETWORK, lambda p: layer(p).register_forward_hook(lambda *_: None)),
    "forward": (NETWORK, lambda p: setattr(p.module, "forward", lambda images: images)),
    "layer": (NETWORK, lambda p: p.module.add_module("more", nn.ReLU())),
    "new parameter": (NETWORK, lambda p: setattr(layer(p), "weight", nn.Parameter(torch.ones(1)))),
    "torch seed": (GENERATORS, lambda p: torch.manual_seed(1)),
    "torch draw": (GENERATORS, lambda p: torch.rand(1)),
    "numpy seed": (GENERATORS, lambda p: np.random.seed(1)),
    "numpy draw": (GENERATORS, lambda p: np.random.rand()),
    "random draw": (GENERATORS, lambda p: random.random()),
    "no gradients": (SETTINGS.format("gradients"), lambda p: torch.set_grad_enabled(False)),
    "default format": (
        SETTINGS.format("default number format"),
        lambda p: torch.set_default_dtype(torch.float64),
    ),
    "threads": (SETTINGS.format("threads"), lambda p: torch.set_num_threads(torch.get_num_threads() + 1)),
    "default device": (SETTINGS.format("default device"), lambda p: torch.set_default_device("meta")),
    "autocast": (SETTINGS.format("autocast"), lambda p: torch.set_autocast_enabled("cpu", True)),
    "autocast to": (SETTINGS.format("autocast"), lambda p: torch.set_autocast_dtype("cpu", torch.float16)),
    "deterministic": (
        SETTINGS.format("deterministic algorithms"),
        lambda p: torch.use_deterministic_algorithms(True),
    ),
    "attention": (
        SETTINGS.format("attention kernels"),
        lambda p: torch.backends.cuda.enable_flash_sdp(False),
    ),
    "matmul": (
        SETTINGS.format("float32 matmul precision, cuda.matmul.fp32_precision, mkldnn.matmul.fp32_precision"),
        lambda p: torch.set_float32_matmul_precision("medium"),
    ),
    "matmul by its new name": (
        SETTINGS.format("float32 matmul precision, mkldnn.matmul.fp32_precision"),
        lambda p: setattr(torch.backends.mkldnn.matmul, "fp32_precision", "bf16"),
    ),
    "mkldnn": (
        SETTINGS.format("mkldnn.enabled"),
        lambda p: setattr(torch.backends.mkldnn, "enabled", False),
    ),
    "cudnn": (
        SETTINGS.format("cudnn.benchmark"),
        lambda p: setattr(torch.backends.cudnn, "benchmark", True),
    ),
    "hook on all modules": (HOOKS, lambda p: register_module_forward_hook(lambda m, x, y: y * 2)),
    "hook before all modules": (HOOKS, lambda p: register_module_forward_pre_hook(lambda m, x: x)),
    "hook with keywords": (
        HOOKS,
        lambda p: register_module_forward_hook(lambda m, x, k, y: y, with_kwargs=True, always_call=True),
    ),
    "hook on gradients": (HOOKS, lambda p: register_module_full_backward_hook(lambda m, x, y: None)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_it_changed_is_put_back_and_told(change, build_network, batch, install) -> None:
    reason, act = CHANGES[change]
    install(lambda passes: [act(passes), 1.0][1])
    network = with_a_history(build_network("plain", torch.float64))
    found = both(network, batch)
    assert (found.value, found.status, found.reason) == (None, "failed", reason)


def test_two_changes_are_told_and_a_failure_has_its_own_reason(build_network, batch, install) -> None:
    install(lambda passes: [parameter(passes).data.zero_(), torch.rand(1), 1.0][2])
    found = both(build_network("plain"), batch)
    assert found.reason == f"{NETWORK} and the state of the global random generators"
    install(lambda passes: [parameter(passes).data.zero_(), 1 / 0][1])
    assert both(build_network("plain"), batch).reason == "ZeroDivisionError: division by zero"


def test_numbers_that_are_not_finite_are_no_change(build_network, batch, install) -> None:
    install(lambda passes: 1.0)
    network = build_network("linear")
    with torch.no_grad():
        network[3].weight.fill_(float("nan"))
    assert proxies.measure(network, batch, ["foreign"], seed=0)["foreign"].status == "ok"


def test_shared_passes_and_images_are_its_own(build_network, batch, install) -> None:
    def spoil(passes: proxies.Passes) -> float:
        for weight, gradient in passes.loss_gradients().values():
            gradient.zero_()
            weight.detach()
        passes.relu_kernel(training=True)[:] = 0
        passes.images.zero_()
        passes.targets.zero_()
        return 1.0

    def read(passes: proxies.Passes) -> float:
        return sum(float(gradient.abs().sum()) for _, gradient in passes.loss_gradients().values())

    install(read)
    first = [build_network("plain"), build_network("residual")]
    last = torch.channels_last  # in the format that is measured, nothing has to be converted
    batch = Batch(batch.images.double().contiguous(memory_format=last), batch.targets)
    before = batch.images.clone(), batch.targets.clone()
    expected = [values(proxies.measure(each, batch, ["foreign", *GOOD], seed=0)) for each in first]
    install(spoil)
    reader = Point(read)
    reader.name = "reader"
    registry.entry_points("harness.proxies").append(reader)
    found = proxies.measure_each(first, batch, ["foreign", "reader", *GOOD], seed=0)
    assert [each.pop("foreign").status for each in found] == ["ok", "ok"]
    renamed = [{"foreign" if name == "reader" else name: one for name, one in each.items()} for each in found]
    assert [values(each) for each in renamed] == expected
    assert torch.equal(batch.images, before[0])
    assert torch.equal(batch.targets, before[1])


# --- what is no proxy ------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ImportError("no such library"), SyntaxError("bad"), SystemExit(1)])
def test_one_that_cannot_be_imported_is_told(error, build_network, batch, install, monkeypatch) -> None:
    install(lambda passes: 1.0)
    (point,) = registry.entry_points("harness.proxies")
    point.load = lambda: raises(error)(None)
    with pytest.raises(ConfigError, match=r"as somewhere\.else:foreign, and cannot be imported \(") as caught:
        proxies.load("foreign")
    assert type(error).__name__ in str(caught.value)


@pytest.mark.parametrize(
    "item",
    [None, 3, types.SimpleNamespace(score=len), types.SimpleNamespace(score=len, ABOUT="good"),
     types.SimpleNamespace(ABOUT=proxies.About("a", "b", "c"), score=1)],
)  # fmt: skip
def test_one_without_a_card_or_a_score_is_told(item, install) -> None:
    install(lambda passes: 1.0)
    (point,) = registry.entry_points("harness.proxies")
    point.load = lambda: item
    with pytest.raises(ConfigError, match="is no module with ABOUT"):
        proxies.load("foreign")


def test_the_folders_own_wins(install, batch, build_network) -> None:
    install(lambda passes: 1.0)
    (point,) = registry.entry_points("harness.proxies")
    point.name = "params"
    assert proxies.measure(build_network("plain"), batch, ["params"], seed=0)["params"].value > 1.0


# --- the time limit --------------------------------------------------------------------------------------

LIMIT = 0.05


def forever() -> None:
    while True:
        time.sleep(10)


def busy() -> None:
    while True:
        pass


def stubborn() -> None:
    try:
        forever()
    except Exception:
        busy()


@pytest.mark.parametrize("hang", [forever, busy, stubborn])
def test_one_that_hangs_is_stopped(hang, build_network, batch, install) -> None:
    install(lambda passes: [hang(), 1.0][1])
    network = with_a_history(build_network("plain"))
    # The others are told of the limit too, and are far below it.
    found = both(network, batch, time_limit=1.0) if hang is forever else None
    found = found or proxies.measure(network, batch, ["foreign"], seed=0, time_limit=LIMIT)["foreign"]
    assert (found.value, found.status) == (None, "failed")
    assert found.reason.startswith("it took longer than the time limit of ")
    assert LIMIT <= found.seconds < 5


def test_one_that_swallows_the_alarm_fails_all_the_same(build_network, batch, install, monkeypatch) -> None:
    monkeypatch.setattr(_deadline, "AGAIN_SECONDS", LIMIT)

    def swallowing(passes: proxies.Passes) -> float:
        for _ in range(2):
            try:
                forever()
            except BaseException:
                continue
        return 1.0

    install(swallowing)
    found = proxies.measure(build_network("plain"), batch, ["foreign"], seed=0, time_limit=LIMIT)["foreign"]
    assert found.reason == "it took longer than the time limit of 0.05 s"
    assert found.seconds >= 2 * LIMIT


def test_what_was_changed_before_the_limit_is_put_back(build_network, batch, install) -> None:
    def score(passes: proxies.Passes) -> float:
        parameter(passes).data.zero_()
        torch.manual_seed(3)
        busy()

    install(score)
    network = build_network("plain")
    before = snapshot_of_all(network, batch)
    found = proxies.measure(network, batch, ["foreign"], seed=0, time_limit=LIMIT)["foreign"]
    assert found.reason.startswith("it took longer")
    assert snapshot_of_all(network, batch) == before


def test_a_shared_pass_that_was_broken_off_is_run_again_for_the_next(
    build_network, batch, monkeypatch
) -> None:
    network, calls = build_network("plain"), []
    original = proxies.Passes._differentiate_loss

    def slow_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            busy()
        return original(*arguments)

    expected = proxies.measure(network, batch, ["snip"], seed=0)["snip"].value
    monkeypatch.setattr(proxies.Passes, "_differentiate_loss", slow_once)
    found = proxies.measure(network, batch, ["grad_norm", "snip", "plain"], seed=0, time_limit=0.5)
    assert [each.status for each in found.values()] == ["failed", "ok", "ok"]
    assert found["snip"].value == expected
    assert len(calls) == 2


def test_a_limit_changes_no_value(build_network, batch) -> None:
    second = Batch(-batch.images, batch.targets.flip(0))
    network = with_a_history(nn.Sequential(*build_network("plain"), nn.Dropout(0.3)))
    before = snapshot(network, batch)
    expected = values(proxies.measure(network, [batch, second], EVERY, seed=0))
    assert values(proxies.measure(network, [batch, second], EVERY, seed=0, time_limit=60.0)) == expected
    assert snapshot(network, batch) == before


@pytest.mark.parametrize("name", ["nb201", "nbmacro", "nb1shot1_1"])
def test_supernets_are_not_taken_for_changed(name: str, install: Callable) -> None:
    install(lambda passes: sum(float(g.abs().sum()) for _, g in passes.loss_gradients().values()))
    space = spaces.load(name)
    supernet = networks.build_supernet(space, families.fidelities(space)[-1], seed=0, classes=5)
    views = [supernet.masked(space.full_mask), supernet.masked(spaces.without(space.full_mask, 0, 1))]
    asked = ["foreign", "nwot", "synflow", "grad_norm", "zico"]
    batches = [noise.open(5, 32).batch(0, step, 4) for step in range(2)]
    measured = proxies.measure_each(views, batches, asked, seed=0, time_limit=60.0)
    assert {one.status for found in measured for one in found.values()} == {"ok"}
    assert measured[0]["foreign"].value != measured[1]["foreign"].value


def test_the_alarm_is_the_callers_again(build_network, batch) -> None:
    heard = []
    before = signal.signal(signal.SIGALRM, lambda *_: heard.append(1))
    try:
        proxies.measure(build_network("plain"), batch, ["params"], seed=0, time_limit=60.0)
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
        signal.raise_signal(signal.SIGALRM)
        assert heard == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_outside_the_main_thread_there_is_no_limit_and_that_is_told(build_network, batch) -> None:
    told = []

    def work() -> None:
        try:
            proxies.measure(build_network("plain"), batch, ["params"], seed=0, time_limit=1.0)
        except ConfigError as error:
            told.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(told) == 1
    assert told[0].startswith("time_limit is kept by an alarm")


@pytest.mark.parametrize("change", [name for name, (reason, _) in CHANGES.items() if reason != NETWORK])
def test_the_next_networks_numbers_are_as_without_it(change, build_network, batch, install) -> None:
    networks_ = [build_network("plain", torch.float32), build_network("residual", torch.float32)]
    names = ["snip", "nwot_eval", "zen"]
    expected = [values(proxies.measure(each, batch, names, seed=0)) for each in networks_]
    install(lambda passes: [CHANGES[change][1](passes), 1.0][1])
    together = proxies.measure_each(networks_, batch, ["foreign", *names], seed=0)
    assert [each.pop("foreign").status for each in together] == ["failed", "failed"]
    assert [values(each) for each in together] == expected
    for network, known in zip(networks_, expected, strict=True):
        assert proxies.measure(network, batch, ["foreign"], seed=0)["foreign"].status == "failed"
        assert values(proxies.measure(network, batch, names, seed=0)) == known


def test_filters_of_warnings_are_put_back_without_a_word(build_network, batch, install) -> None:
    before = list(warnings.filters)
    install(lambda passes: [warnings.simplefilter("ignore"), 1.0][1])
    assert proxies.measure(build_network("plain"), batch, ["foreign"], seed=0)["foreign"].status == "ok"
    assert warnings.filters == before
