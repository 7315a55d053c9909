"""Programs: networks that are written down once give, batch by batch, what they give by themselves."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, spaces
from harness.graphs import Program
from harness.inputs import noise
from harness.networks import Supernet
from harness.proxies import NetworkPrograms, SupernetPrograms, _kernel, _programs, measure, measure_each
from harness.spaces import Mask, Space, without
from tests.unit.graphs.test_program import Tape
from tests.unit.networks.test_supernet import SPACES, random_mask

PROXY = "nwot_eval"
DRAWN = {"darts_s4"}
"""Spaces with a candidate that draws noise, anew at each pass, which cannot be written down."""


def batch(step: int, size: int = 6):
    return noise.open(10, 32).batch(0, step, size)


def masks_of(space: Space) -> list[Mask]:
    rng = np.random.default_rng(0)
    return [space.full_mask, *(random_mask(space, rng) for _ in range(3))]


def outcomes(measured):
    return [(row[PROXY].value, row[PROXY].status, row[PROXY].reason) for row in measured]


def plainly(supernet: Supernet, masks, step: int, path: str = "exact", counting: str = "once"):
    views = [supernet.masked(mask) for mask in masks]
    return outcomes(measure_each(views, batch(step), PROXY, 0, path, counting=counting))


def programmed(programs: SupernetPrograms, masks, step: int, path: str = "exact", counting: str = "once"):
    views = [programs.view(mask) for mask in masks]
    return outcomes(measure_each(views, batch(step), PROXY, 0, path, counting=counting, programs=programs))


@pytest.fixture
def tape(monkeypatch):
    """Programs are recorded on the CPU too, and supernets have some there."""
    tape = Tape()
    monkeypatch.setattr(_programs, "DEVICES", ("cpu",))
    monkeypatch.setattr(_programs, "Program", partial(Program, record=tape))
    return tape


@pytest.fixture
def supernet():
    return networks.build_supernet(spaces.load("nb201"), "tiny")


@pytest.mark.parametrize("name", SPACES)
def test_one_record_serves_all_masks_of_a_supernet(name, tape):
    supernet = networks.build_supernet(spaces.load(name), "tiny")
    programs, masks = SupernetPrograms(supernet), masks_of(supernet.space)
    for step in range(2):
        assert programmed(programs, masks, step) == plainly(supernet, masks, step)
    assert (tape.recorded > 0, tape.played >= len(masks)) == (
        (False, False) if name in DRAWN else (True, True)
    )


def test_the_fast_path_is_that_of_a_mask_up_to_rounding(supernet, tape):
    programs, masks = SupernetPrograms(supernet), masks_of(supernet.space)
    found = programmed(programs, masks, 0, "fast")
    for (value, *_), (expected, *_) in zip(found, plainly(supernet, masks, 0, "fast"), strict=True):
        assert value == pytest.approx(expected, rel=1e-4)
    assert tape.recorded == 1


def test_a_mask_that_leaves_no_way_to_the_logits_is_told(supernet, tape):
    programs, full = SupernetPrograms(supernet), supernet.space.full_mask
    nothing = tuple((True, False, False, False, False) for _ in full)
    masks = [full, nothing, full]
    found = programmed(programs, masks, 0)
    assert [status for _, status, _ in found] == ["ok", "disconnected", "ok"]
    assert found == plainly(supernet, masks, 0)


def test_what_is_no_number_times_0_is_not_run(supernet, tape):
    for name, weight in supernet.named_parameters():
        if "nor_conv_3x3" in name:
            nn.init.constant_(weight, float("inf"))
    mask = tuple((True, True, True, False, True) for _ in supernet.space.full_mask)
    programs = SupernetPrograms(supernet)
    found = programmed(programs, [mask, supernet.space.full_mask], 0)
    assert [status for _, status, _ in found] == ["ok", "nan"]
    assert found == plainly(supernet, [mask, supernet.space.full_mask], 0)


def test_blocks_that_count_are_left_to_the_usual_way(supernet, tape):
    programs, masks = SupernetPrograms(supernet), masks_of(supernet.space)
    found = programmed(programs, masks, 0, counting="as_released")
    assert found == plainly(supernet, masks, 0, counting="as_released")
    assert not tape.recorded


def test_on_a_cpu_candidates_share_their_work_instead(supernet, monkeypatch):
    monkeypatch.setattr(_programs, "Program", None)
    programs = SupernetPrograms(supernet)
    masks = [without(supernet.space.full_mask, 0, one) for one in range(5)]
    assert programmed(programs, masks, 0) == plainly(supernet, masks, 0)


def test_what_is_no_view_is_measured_as_ever(supernet, tape):
    programs, masks = SupernetPrograms(supernet), masks_of(supernet.space)
    views = [supernet.masked(mask) for mask in masks]
    found = outcomes(measure_each(views, batch(0), PROXY, 0, programs=programs))
    assert found == plainly(supernet, masks, 0)
    assert not tape.recorded


@pytest.mark.parametrize("path", ["exact", "fast"])
def test_a_network_is_written_down_once_and_gives_the_same(path, tape, monkeypatch):
    space = spaces.load("nb201")
    network = networks.build(space, space.listing()[11_111], "tiny", 0, 10)
    expected = [measure(network, batch(step), PROXY, 0, path)[PROXY].value for step in range(4)]
    traced, calls = _kernel.traced, []
    monkeypatch.setattr(_kernel, "traced", lambda *args: calls.append(args) or traced(*args))
    programs = NetworkPrograms()
    found = [measure(network, batch(step), PROXY, 0, path, programs=programs) for step in range(4)]
    assert [each[PROXY].value for each in found] == expected
    assert (len(calls), tape.recorded) == (1, 1)
    smaller = measure(
        network, batch(0, 5), PROXY, 0, path, programs=programs
    )  # another shape, another program
    assert smaller[PROXY].value == measure(network, batch(0, 5), PROXY, 0, path)[PROXY].value
    assert len(calls) == 3


def test_a_program_that_cannot_be_run_leaves_its_network_to_the_reference(monkeypatch):
    space = spaces.load("nbmacro")
    network = networks.build(space, space.listing()[0], "tiny", 0, 10)

    class Broken(Program):
        def run(self, images: torch.Tensor):
            raise ValueError("broken")

    monkeypatch.setattr(_programs, "Program", Broken)
    found = measure(network, batch(0), PROXY, 0, programs=NetworkPrograms())
    assert found[PROXY].value == measure(network, batch(0), PROXY, 0, "reference")[PROXY].value
