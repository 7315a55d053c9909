"""The check that is meant for a GPU, rehearsed on the CPU: it finds what is wrong, and ends in time."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from harness import proxies
from harness.proxies import measure
from tests.gpu import check, measured
from tests.gpu.check import Part
from tests.gpu.compared import compared, table
from tests.gpu.measured import TINY
from tests.gpu.tolerances import (
    PROXIES,
    SCORERS,
    Tolerance,
    absolute,
    disorder,
    of_largest,
    relative,
)

LOOSE = Tolerance(0.1, "for a test")
TF32_BITS = 13
"""Of float32's 23 behind the point, which TF32 has not."""


def test_tolerances_are_of_proxies_and_scorers():
    assert set(PROXIES) <= set(proxies.names())
    assert set(SCORERS) | set(measured.SETTINGS) <= set(measured.scorers_on_a_device())


def test_a_rehearsal_holds_the_cpu_to_itself(monkeypatch, capsys):
    monkeypatch.setattr(measured, "scorers_on_a_device", lambda: ["zero_cost_disc"])
    monkeypatch.setattr(measured.proxies, "names", lambda: ("nwot", "params", "plain", "snip"))
    assert check.main(["--device", "cpu", "--scale", "tiny", "--spaces", "nbmacro"]) == 0
    out = capsys.readouterr().out
    assert "On the CPU (a rehearsal: its own values twice)" in out
    assert out.count("All within what is allowed, and the same to the bit the second time.") == 2
    assert "| `zero_cost_disc` | 0e+00 |" in out
    assert "| operation scores, exact | " in out
    assert "torch's settings are as they were before." in out


@pytest.mark.slow
def test_the_whole_rehearsal():
    assert check.main(["--device", "cpu", "--scale", "tiny", "--seconds", "3600"]) == 0


def test_what_would_take_too_long_is_not_begun_and_told():
    begun = []
    parts = [Part("proxies", name, "proxies", lambda name=name: begun.append(name) or []) for name in "ab"]
    found = check.done(parts, "cpu", seconds=1e-9)
    assert (begun, found.missed) == ([], ["proxies on a", "proxies on b"])
    assert not check.right(found)
    assert "- not reached in time: proxies on a" in check.page(found, ("a", "b"), "cpu", "tiny")


def test_an_exception_is_told_and_stops_nothing():
    def fail():
        raise RuntimeError("no such kernel")

    speed = Part("speed", "nb201", "speed", lambda: {"nwot": 2.0})
    found = check.done([Part("darts", "nb201", "darts", fail), speed], "cpu", seconds=60)
    assert found.wrong == ["darts on nb201: RuntimeError: no such kernel"]
    assert found.speed == {"nb201": {"nwot": 2.0}}
    assert not check.right(found)


def test_settings_that_are_not_put_back_are_told(monkeypatch, capsys):
    def careless(*arguments):
        torch.backends.cudnn.benchmark = True
        return []

    monkeypatch.setattr(check, "plan", lambda *_: [Part("proxies", "nbmacro", "proxies", careless)])
    try:
        assert check.main(["--device", "cpu", "--spaces", "nbmacro"]) == 1
    finally:
        torch.backends.cudnn.benchmark = False
    assert "wrong: torch's settings are not as they were" in capsys.readouterr().out


def test_the_most_important_comes_first():
    kinds = [part.kind for part in check.plan(("nb201", "nbmacro"), "cpu", TINY)]
    assert kinds[:3] == ["proxies", "proxies", "speed"]
    assert kinds[-1] == "speed"
    assert kinds.count("darts") == 2


@pytest.mark.parametrize(
    ("device", "again", "told"),
    [
        ([(1.05, "ok")], [(1.05, "ok")], ()),
        ([(1.2, "ok")], [(1.2, "ok")], ("1.7e-01 apart, allowed 1.0e-01",)),
        ([(1.0, "ok")], [(math.nextafter(1.0, 2.0), "ok")], ("another value the second time",)),
        ([(None, "nan")], [(None, "nan")], ("status nan, on the CPU ok", "no value")),
    ],
)
def test_what_is_wrong_is_told(device, again, told):
    found = compared("nb201", "nwot", LOOSE, [(1.0, "ok")], device, again)
    assert found.wrong == told
    assert ("**wrong**" in table("proxy", [found], ["nb201"])[2]) == bool(told)


def test_a_difference_may_be_held_against_another_proxy():
    beside = replace(LOOSE, beside="snip")
    assert (
        compared("nb201", "plain", beside, [(1e-6, "ok")], [(-1e-6, "ok")], [(-1e-6, "ok")], [1.0]).wrong
        == ()
    )
    assert compared("nb201", "plain", LOOSE, [(1e-6, "ok")], [(-1e-6, "ok")], [(-1e-6, "ok")]).wrong


def test_distances():
    assert relative([1.0, 0.0], [2.0, 0.0]) == 0.5
    assert of_largest([100.0, 1.0], [100.0, 2.0]) == 0.01
    assert absolute([100.0, 1.0], [100.0, 2.0]) == 1.0
    assert disorder([1, 2, 3], [3, 2, 1]) == 2.0
    assert disorder([1, 1], [1, 1]) == 0.0
    assert disorder([1, 1], [2, 2]) == 1.0


@pytest.mark.parametrize("name", ["meco", "vkdnw", "ntk_eval"])
def test_the_tolerances_tell_tf32_from_float32(name):
    """To round the weights alone, as for TF32, is the least that TF32 products do."""
    (network, _), batches = measured.networks_of("nb201", "tiny"), measured.batches(16)
    before = measure(network, batches, [name], seed=0)[name]
    with torch.no_grad():
        for weight in network.parameters():
            bits = weight.view(torch.int32)
            bits.copy_((bits >> TF32_BITS) << TF32_BITS)
    after = measure(network, batches, [name], seed=0)[name]
    outcome = [(after.value, after.status)]
    assert compared("nb201", name, PROXIES[name], [(before.value, before.status)], outcome, outcome).wrong


def test_bad_input(capsys):
    assert check.main(["--device", "cpu", "--spaces", "nb102"]) == 2
    assert check.main(["--device", "cpu", "--seconds", "0"]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line for line in told if "nb102" in line]
    assert "--seconds must be above 0; received 0.0." in told[-1]
