"""A fit to a degraded image: what it reads, what it does not, and what it says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from harness import networks, restoration, spaces
from harness.restoration._fit import DECAY, INPUTS, JITTER, SCALE, fit, hidden
from harness.seeding import derive

SPACE = spaces.load("nas_dip_2")
ARCH = SPACE.sample(np.random.default_rng(0))
CHINA = restoration.photograph("china", 16)


def problem(degradation="noise"):
    return restoration.degraded(CHINA, degradation, np.random.default_rng(0))


def fitted(told, held_out=0.0, iterations=12, seed=0, rate=0.01):
    network = networks.build_restorer(SPACE, ARCH, "tiny", 0, INPUTS)
    return fit(network, told, iterations, rate, held_out, seed)


def test_it_is_the_average_of_the_outputs_of_adams_steps():
    told, iterations = problem(), 5
    network = networks.build_restorer(SPACE, ARCH, "tiny", 0, INPUTS)
    drawn = torch.Generator().manual_seed(derive(3, "noise of the fit"))
    noise = SCALE * torch.rand(1, INPUTS, 16, 16, generator=drawn)
    target = torch.from_numpy(told.observed.astype(np.float32)).permute(2, 0, 1)[None]
    adam, outputs = torch.optim.Adam(network.parameters(), 0.01), []
    for _ in range(iterations):
        outputs.append(network(noise + JITTER * torch.randn(noise.shape, generator=drawn)))
        adam.zero_grad()
        (outputs[-1] - target).square().mean().backward()
        adam.step()
    weights = [DECAY ** (iterations - 1 - t) for t in range(iterations)]
    mean = sum(w * out.detach() for w, out in zip(weights, outputs, strict=True)) / sum(weights)
    found = fitted(told, iterations=iterations, seed=3)
    assert found.restored == pytest.approx(mean[0].permute(1, 2, 0).numpy(), abs=2e-3)
    assert found.quality.psnr == pytest.approx(restoration.psnr(CHINA, found.restored))
    assert found.degraded == pytest.approx(restoration.psnr(told.observed, found.restored))
    assert found.held_out is None


@pytest.mark.parametrize("degradation", restoration.DEGRADATIONS)
def test_the_true_image_is_read_to_judge_alone(degradation):
    told = problem(degradation)
    one, other = fitted(told), fitted(replace(told, truth=1 - told.truth))
    assert np.array_equal(one.restored, other.restored)
    assert (one.degraded, one.held_out) == (other.degraded, other.held_out)
    assert one.quality != other.quality


@pytest.mark.parametrize("degradation", restoration.DEGRADATIONS)
def test_hidden_pixels_are_not_read(degradation):
    told = problem(degradation)
    hides = hidden(told, 0.25)
    assert hides.sum() == round(0.25 * told.known.sum())
    assert told.known[hides].all()
    observed = told.observed.copy()
    observed[hides] = 1 - observed[hides]
    one, other = fitted(told, 0.25), fitted(replace(told, observed=observed), 0.25)
    assert one.degraded == other.degraded
    assert one.held_out != other.held_out
    where = ~hides if told.factor == 1 else slice(None)
    assert np.array_equal(one.restored[where], other.restored[where])


def test_known_pixels_stay_where_others_are_missing():
    told = problem("missing")
    found = fitted(told)
    assert np.array_equal(found.restored[told.known], told.truth[told.known])


def test_the_curve_ends_with_the_last_iteration_and_the_oracle_is_its_best():
    found = fitted(problem(), 0.1, iterations=25)
    assert [row["iteration"] for row in found.curve] == [10, 20, 25]
    assert found.curve[-1]["psnr"] == pytest.approx(found.quality.psnr)
    assert (found.degraded, found.held_out) == (found.curve[-1]["degraded"], found.curve[-1]["held_out"])
    best = max(found.curve, key=lambda row: row["psnr"])
    assert (found.oracle, found.oracle_iteration) == (best["psnr"], best["iteration"])


def test_the_same_seed_gives_the_same_bytes_and_leaves_the_generators():
    before = torch.get_rng_state()
    one, same, other = fitted(problem()), fitted(problem()), fitted(problem(), seed=1)
    assert np.array_equal(one.restored, same.restored)
    assert one.curve == same.curve
    assert not np.array_equal(one.restored, other.restored)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_loss_that_is_not_finite_comes_to_nothing():
    network = nn.Sequential(nn.Conv2d(INPUTS, 3, 1))
    nn.init.constant_(network[0].weight, float("nan"))
    assert fit(network, problem(), 3, 0.01, 0.0, 0) is None


def test_a_fit_comes_nearer_to_the_true_image():
    first, last = fitted(problem(), iterations=10), fitted(problem(), iterations=80)
    assert last.quality.psnr > first.quality.psnr + 1
    assert last.degraded > first.degraded
