"""The page of the documentation that lists every proxy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from harness.cli._cards import Figure, Published
from harness.reports.tables.cards import Card

INTRODUCTION = """\
# Zero-cost proxies

Written by `python -m harness.cli.proxies --markdown > docs/proxies.md` from the proxies' own modules: edit
those. They hold the formulas in full, with their symbols: `harness/proxies/NAME.py` and
`harness/aggregations/NAME.py`.
"""
SINGLE = """\
## Of one network

`proxy=NAME`, for any task. One that needs images or labels reads one batch, where no other number is given.
"""
POPULATION = """\
## Of a population

A network has these scores only among others: `proxy=NAME task=arch_correlation`, and where a list is ranked
`'proxy.of=[synflow,nwot]'` beside it. r is a network's rank among the m networks of the population by one of
the proxies listed: 1 the worst, m the best. A network that lacks one of the values is left out of the ranks.
"""
CHOICES = """\
## Where implementations disagree

And what is done here.
"""
MEASURED = """\
## Measured

Kendall's tau with trained accuracy, its 95 % interval (bootstrap over architectures) and the number of
networks n that have a score: distinct ones drawn with seed 0, CIFAR-10's training images, batch 32, at the
benchmarks' own size but for nb1shot1, whose own networks cost minutes each on a CPU:

    python -m harness experiment=all_proxies input=cifar10 input.folder=FOLDER space=nb201
    ... space=nbmacro task.population=60
    ... space=nb1shot1_1 task.population=100 fidelity=small

Size matters: on small networks of nb201 (`fidelity=small`, batch 16, noise) fisher has a tau of -0.32 with
the same label. `linear_regions` is the batch size for every network here, so that `te_nas` ranks by `ntk`
alone.

Cost is CPU time of one thread for one network of nb201's own size and a batch of 64, in forward passes of the
same network on the same batch, each proxy by itself (`python -m tests.benchmarks.proxies --parts costs
--threads 1 --cpu-time`). `ntk` takes a backward pass over the whole batch for every sample.
"""
BESIDE = """\
## Beside published figures

None can be hit exactly: networks, images, batches and builders differ, and published figures of one proxy lie
up to 0.16 apart. Where one here lies more than 0.1 from another:

- `fisher`: the builder of its authors' networks, whose dead branches get values up to 7.5e5.
- `grad_norm`: Tybl and Neumann's figure lies as far from those of two others, who agree with the one here.
- `linear_regions`: it tells networks apart only where they are thin and the samples many, as in TE-NAS.
- `gradsign`: batch norm. Each sample by itself in training mode, as a loop over single images computes it,
  gives tau 0.54 and rho 0.71 on every other of these networks, where the gradients of evaluation mode give
  0.35 and 0.47.
- `zen`: the variances. With the running ones after one update from 1, as the code that others run has them,
  tau is 0.11 on every other of these networks, as published; with the batch's own it is 0.16 there.
- `vkdnw`: 8 connected networks have no value here (nine tenths of their eigenvalues are 0), and they are
  among the worst; ranked last, they make tau 0.54. The rest is the draw: `trainable_layers`, the larger part
  of the score, has 0.57 on these 200 and 0.62 on all 6,466 distinct networks.
- `plain`: its terms cancel, so that it mostly tells of the draw of weights and images. Seeds 0, 1 and 2 give
  tau -0.12, -0.16 and -0.16 with accuracy on these networks, and at most 0.09 with one another.
"""


def page(cards: Sequence[Card], figures: Sequence[Figure], published: Sequence[Published] = ()) -> str:
    """The page, in sections; one without lines is left out."""
    titles = ("Proxy", "Formula", "Needs", "Better", "Undefined for", "Source")
    sections = [INTRODUCTION]
    for heading, population in ((SINGLE, False), (POPULATION, True)):
        rows = [
            [
                _code(card.name),
                *map(_text, (card.formula, card.needs, card.better, card.undefined, card.source)),
            ]
            for card in cards
            if card.population == population
        ]
        sections += _section(
            heading, ("Proxy", "Formula", "Ranks", *titles[3:]) if population else titles, rows
        )
    sections += _section(
        CHOICES,
        ("Proxy", "Here"),
        [[_code(card.name), _text(card.choices)] for card in cards if card.choices],
    )
    sections += _section(MEASURED, *_measured(cards, figures))
    sections += _section(BESIDE, *_beside(cards, figures, published))
    return "\n".join(sections)


def _measured(cards: Sequence[Card], figures: Iterable[Figure]) -> tuple[list[str], list[list[str]]]:
    """One column for every space's label, and one for every space's cost; a row for each proxy measured."""
    found = {(figure.proxy, figure.space, figure.label): figure for figure in figures}
    sets = list(dict.fromkeys((space, label) for _, space, label in found))
    spaces = list(dict.fromkeys(one.space for one in found.values() if one.cost is not None))
    titles = [
        "Proxy",
        *(f"tau, {space} {label}" for space, label in sets),
        *(f"Cost, {space}" for space in spaces),
    ]
    rows = []
    for name in (card.name for card in cards):
        own = {key[1:]: figure for key, figure in found.items() if key[0] == name}
        if own:
            costs = {space: figure.cost for (space, _), figure in own.items() if figure.cost is not None}
            rows.append(
                [
                    _code(name),
                    *(_tau(own.get(each)) for each in sets),
                    *(f"{costs[space]:.1f}" if space in costs else "–" for space in spaces),
                ]
            )
    return [_text(title) for title in titles], rows


def _beside(
    cards: Iterable[Card], figures: Iterable[Figure], published: Iterable[Published]
) -> tuple[list[str], list[list[str]]]:
    """A row for every published figure of a proxy, space and label that was measured here."""
    here = {(figure.proxy, figure.space, figure.label): figure for figure in figures}
    listed = {card.name for card in cards}
    rows = []
    for one in published:
        figure = here.get((one.proxy, one.space, one.label))
        if one.proxy in listed and figure is not None:
            own = getattr(figure, one.statistic)
            rows.append(
                [
                    _code(one.proxy),
                    _text(f"{one.space} {one.label}"),
                    one.statistic,
                    "–" if own is None else f"{own:.3f}",
                    f"{one.value:.3f}",
                    "–" if own is None else f"{round(own - one.value, 2) + 0.0:+.2f}",
                    _text(one.networks),
                    _text(one.source),
                ]
            )
    titles = [
        "Proxy",
        "Space, label",
        "Statistic",
        "Here",
        "Theirs",
        "Difference",
        "Their networks",
        "Source",
    ]
    return titles, rows


def _tau(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    if figure.tau is None:
        return f"undefined, n {figure.n:,}"
    bounds = "" if None in (figure.low, figure.high) else f" ({figure.low:.2f} to {figure.high:.2f})"
    return f"{figure.tau:.3f}{bounds}, n {figure.n:,}"


def _section(heading: str, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    lines = [titles, ["---"] * len(titles), *rows]
    return [heading, "".join(f"| {' | '.join(line)} |\n" for line in lines)]


def _code(name: str) -> str:
    return f"`{name}`"


def _text(text: str) -> str:
    r"""``text`` as Markdown shows it unchanged in a table: ``|dL/dW|_2`` as ``\|dL/dW\|\_2``."""
    return re.sub(r"([\\`*_<|])", r"\\\1", text)
