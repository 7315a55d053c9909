"""A genetic algorithm over fits to a degraded image.

Ho, Gilbert, Jin and Collomosse, "Neural Architecture Search for Deep Image Prior", Computers & Graphics 2021:
a population of binary genomes, one-point crossover, mutation by flipping bits, unsupervised fitness. Their
rates and their selection could not be read, and their fitness is a perceptual metric of a pretrained network;
tournaments, elitism, the numbers below and PSNR are ours (docs/restoration.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.errors import ConfigError
from harness.options import Option, Share
from harness.scorers import ANY
from harness.searchers import _fits
from harness.searchers._tools import Fits, Found
from harness.seeding import generator
from harness.spaces import Architecture, Space

EVIDENCE = "fits"
KINDS = ANY
OPTIONS = {
    "population": Option(int, 20, "members of a generation; the paper has 500"),
    "generations": Option(int, 10, "the first, drawn at random, included"),
    "elite": Option(int, 2, "fittest members that stay"),
    "sample": Option(int, 3, "members drawn for a parent, the fittest of which it is"),
    "mutation": Option(Share(), 0.05, "share of the decisions that are made anew in a child"),
    **_fits.OPTIONS,
}

DRAWS = 500
"""So many children in a row that are known networks, and a generation is full."""


def networks(settings: Mapping[str, Any]) -> int:
    """How many are fitted; raises :class:`ConfigError` where the elite leaves no place for a child."""
    children = settings["population"] - settings["elite"]
    if children < 1:
        raise ConfigError(
            f"searcher.elite must be below searcher.population={settings['population']}, so that there are "
            f"children; received {settings['elite']}."
        )
    return settings["population"] + (settings["generations"] - 1) * children


def search(tools: Fits, settings: Mapping[str, Any]) -> Found:
    """The fittest network of all generations.

    The first generation is drawn uniformly. Of every later one ``elite`` members are the fittest of the one
    before; the others are children of two parents, each the fittest of ``sample`` members drawn with
    replacement: the first parent's decisions up to one of the space's ``crossover_points``, drawn uniformly,
    and the second one's from there on, then each decision made anew with probability ``mutation``, another
    pick drawn uniformly, which of a bit is its flip. A network that was fitted before is drawn again. All
    children of a generation are fitted at once.

    Raises
    ------
    RunFailed
        Where no fit came to anything.
    """
    fitted, rng = _fits.Fitted(tools), generator(tools.seed, "genetic_algorithm")
    members = list(fitted.first(settings["population"]))
    fitted.add(members, 0)
    for generation in range(1, settings["generations"]):
        ranked = sorted(members, key=fitted.fitness, reverse=True)
        elite = ranked[: settings["elite"]]
        children = _children(tools.space, fitted, ranked, settings, rng)
        if not children:
            break
        fitted.add(children, generation)
        members = [*elite, *children]
    return fitted.found()


def _children(
    space: Space,
    fitted: _fits.Fitted,
    ranked: Sequence[Architecture],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[Architecture]:
    """New networks, as many as the elite leaves places for; fewer where known ones come again and again."""
    children: dict[str, Architecture] = {}
    wanted, missed = settings["population"] - settings["elite"], 0
    while len(children) < wanted and missed < DRAWS:
        first, second = (_parent(ranked, settings["sample"], rng) for _ in range(2))
        child = mutated(space, crossed(space, first, second, rng), settings["mutation"], rng)
        network = space.canonical(child)
        missed = missed + 1 if fitted.knows(child) or network in children else 0
        if not missed:
            children[network] = child
    return list(children.values())


def _parent(ranked: Sequence[Architecture], sample: int, rng: np.random.Generator) -> Architecture:
    """The fittest of ``sample`` members, which are sorted by falling fitness."""
    return ranked[int(rng.integers(len(ranked), size=sample).min())]


def crossed(
    space: Space, first: Architecture, second: Architecture, rng: np.random.Generator
) -> Architecture:
    """One-point crossover at one of the space's points."""
    points = space.crossover_points
    point = points[int(rng.integers(len(points)))]
    return space.normalise((*first[:point], *second[point:]))


def mutated(space: Space, arch: Architecture, rate: float, rng: np.random.Generator) -> Architecture:
    """``arch`` with every decision made anew with probability ``rate``."""
    picked = list(arch)
    for index in np.flatnonzero(rng.random(len(picked)) < rate).tolist():
        others = [option for option in space.decisions[index].options if option != picked[index]]
        picked[index] = others[int(rng.integers(len(others)))]
    return space.normalise(tuple(picked))
