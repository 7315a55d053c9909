"""Supernets and batches for methods that compare supernets by several proxies.

Two kinds of supernets, by the name that a method asks for, :data:`SUPERNETS`:

``te_nas``: TE-NAS's own small ones (:func:`harness.networks.build_te_nas_supernet`), drawn anew for each step
and each of ``repeats``. What a mask leaves of an open decision shares its weight equally, what it leaves of
a made one weighs 1, and the rest does not run. ``ntk`` is measured on ``ntk_batch_size`` images.

``run``: the run's, of its fidelity and masking, drawn once, one repeat. ``ntk`` is measured on proposal batch
``step``, ``linear_regions`` on the same supernet with a stem for one channel.

Both count ``linear_regions`` on ``region_batches`` batches of ``region_batch_size`` patches of 3 x 3 pixels
of one colour channel, each from an image of its own, context and channel drawn at random. TE-NAS runs these
batches one after the other and counts the patterns of all; here they are one batch, so that batch
normalisation too sees all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from harness import networks
from harness.inputs import Batch
from harness.proxies import measure
from harness.runs.config import Progress
from harness.runs.measured import batch
from harness.runs.setup import Setup
from harness.scorers import Evaluate, ProxyScores, Score
from harness.seeding import derive, generator
from harness.spaces import Mask, Space

PATCH = 3
"""Height and width of a patch in pixels."""

Settings = Mapping[str, Any]
Evaluations = Callable[[int], dict[str, list[Evaluate]]]
"""``step -> {proxy: [masks -> scores, ...]}``, one function per repeat."""


@dataclass(frozen=True)
class Kind:
    """A kind of supernets: how they are made, what can change their scores, and what they need of a space."""

    make: Callable[[Setup, Settings, Progress], Evaluations]
    settings: Callable[[Setup], dict[str, Any]]
    require: Callable[[Space], None]


def proxy_scores(
    setup: Setup, supernets: Kind, settings: Settings, progress: Progress
) -> Callable[[int], ProxyScores]:
    """``step -> ProxyScores`` on supernets of this kind; those of the last step are remembered."""
    make = supernets.make(setup, settings, progress)
    current: dict[int, ProxyScores] = {}

    def at(step: int) -> ProxyScores:
        if step not in current:
            current.clear()
            current[step] = ProxyScores(setup.space, make(step))
        return current[step]

    return at


def _te_nas(setup: Setup, settings: Settings, progress: Progress) -> Evaluations:
    def images(proxy: str, step: int, repeat: int) -> Batch:
        if proxy == "linear_regions":
            return patches(setup, settings, step, repeat)
        seed = derive(setup.config.seed, "te_nas", proxy, repeat)
        return on_device(setup, setup.source.batch(seed, step, settings["ntk_batch_size"]))

    def evaluate(proxy: str, step: int, repeat: int) -> Evaluate:
        seed = derive(setup.config.seed, "te_nas", step, repeat)
        supernet = networks.build_te_nas_supernet(setup.space, proxy, seed, setup.classes).to(setup.device)

        def view(mask: Mask) -> nn.Module:
            return supernet.masked(mask, "drop", _shares(setup.space, mask))

        watched = partial(progress, f"step {step + 1}, repeat {repeat + 1}: {proxy}")
        return _remembering(setup, proxy, view, images(proxy, step, repeat), watched)

    return lambda step: {
        proxy: [evaluate(proxy, step, repeat) for repeat in range(settings["repeats"])]
        for proxy in ("ntk", "linear_regions")
    }


def _shares(space: Space, mask: Mask) -> list[list[float]]:
    """For every decision the weight of each candidate: what is left shares it equally.

    Inputs that feed edges of their own are not weighed: they count in full, as in the full supernet.
    """
    counts = (sum(row) if space.feeding(index) is None else len(row) for index, row in enumerate(mask))
    return [[1 / count] * len(row) for count, row in zip(counts, mask, strict=True)]


def _run(setup: Setup, settings: Settings, progress: Progress) -> Evaluations:
    def supernet(image_channels: int) -> networks.Supernet:
        made = networks.build_supernet(
            setup.space, setup.fidelity, setup.config.seed, setup.classes, image_channels=image_channels
        )
        return made.to(setup.device)

    def evaluate(proxy: str, step: int, made: networks.Supernet, images: Batch) -> Evaluate:
        watched = partial(progress, f"step {step + 1}: {proxy}")
        return _remembering(setup, proxy, lambda mask: made.masked(mask, setup.masking), images, watched)

    colour, grey = supernet(3), supernet(1)
    return lambda step: {
        "ntk": [evaluate("ntk", step, colour, batch(setup, "proposal", step))],
        "linear_regions": [evaluate("linear_regions", step, grey, patches(setup, settings, step, 0))],
    }


SUPERNETS = {
    "te_nas": Kind(
        _te_nas,
        lambda setup: {**setup.input_settings, **setup.limits, **setup.arithmetic},
        partial(networks.require_supernet, te_nas=True),
    ),
    "run": Kind(
        _run,
        lambda setup: {**setup.measured_settings, "masking": setup.masking},
        networks.require_supernet,
    ),
}


def _remembering(
    setup: Setup,
    proxy: str,
    view: Callable[[Mask], nn.Module],
    images: Batch,
    watched: Callable[[int, int], None],
) -> Evaluate:
    """``masks -> [Score, ...]`` of one proxy on one supernet and batch, each mask measured once."""
    remembered: dict[Mask, Score] = {}

    def evaluate(masks: Sequence[Mask]) -> list[Score]:
        new = [mask for mask in dict.fromkeys(masks) if mask not in remembered]
        for done, mask in enumerate(new):
            watched(done, len(new))
            found = measure(view(mask), images, [proxy], *setup.measuring)[proxy]
            remembered[mask] = Score(found.value, found.status, found.reason)
        return [remembered[mask] for mask in masks]

    return evaluate


def patches(setup: Setup, settings: Settings, step: int, repeat: int) -> Batch:
    """The patches in which linear regions are counted, (samples, 1, 3, 3), on the run's device."""
    seed = derive(setup.config.seed, "te_nas", "linear_regions", repeat)
    draw = generator(seed, "patches", step)
    count, size = settings["region_batches"], settings["region_batch_size"]
    drawn = [setup.source.batch(seed, step * count + context, size) for context in range(count)]
    cut = [cut_patches(each.images, draw) for each in drawn]
    return on_device(setup, Batch(torch.cat(cut), torch.cat([each.targets for each in drawn])))


def cut_patches(images: Tensor, draw: np.random.Generator) -> Tensor:
    """One patch of every image (B, C, H, W), of any place and channel, each as likely: (B, 1, 3, 3)."""
    windows = images.unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    places = [torch.from_numpy(draw.integers(high, size=len(images))) for high in windows.shape[1:4]]
    return windows[torch.arange(len(images)), *places].unsqueeze(1)


def on_device(setup: Setup, images: Batch) -> Batch:
    """``images`` on the run's device."""
    return Batch(images.images.to(setup.device), images.targets.to(setup.device))
