"""What bfloat16 changes of NASWOT's operation scores: decisions, values, flipped signs.

``python -m tests.benchmarks.precision --spaces nb201 --seeds 10``. For every seed, supernets under noise,
NASWOT in evaluation mode, ``path=fast`` in float32 and in bfloat16:

* every decision at the initial supernet, and of one proposal in fixed order as float32 decides it;
* the signs of all ReLUs' inputs of the initial supernet: which share differs, and of those that do
  |input| / (its layer's standard deviation over units and samples) in float32.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from harness import graphs, networks, spaces
from harness.inputs import Batch, noise
from harness.networks import Supernet
from harness.proxies import lacking, measure_each
from harness.scorers import Score, best_candidates
from harness.spaces import Mask, only, without

PROXY = "nwot_eval"
QUANTILES = (0.5, 0.9, 0.99, 1.0)


@dataclass
class Found:
    """Of one space over its seeds."""

    decisions: int = 0
    otherwise: list[str] = field(default_factory=list)
    """Decisions that bfloat16 takes otherwise: how much worse its pick is in float32, of the spread."""
    errors: list[float] = field(default_factory=list)
    """Of every score, bfloat16's less float32's."""
    relative: list[float] = field(default_factory=list)
    """Of every score within its decision, both less their mean: their difference, of the spread."""
    signs: int = 0
    flipped: list[float] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spaces", default="nb201,nbmacro,nb1shot1_1")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--fidelity", default="small")
    parser.add_argument("--batch", type=int, default=64)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    if why := lacking("bfloat16", torch.device("cpu")):
        print(f"bfloat16 is computed in float32 here, since {why}: there is nothing to compare.")
        return
    for name in asked.spaces.split(","):
        found = Found()
        for seed in range(asked.seeds):
            compare(name, asked.fidelity, asked.batch, seed, found)
        size = f"{asked.fidelity}, batch {asked.batch}, {asked.seeds} seeds"
        print(f"{name}, {size}: {told(found)}", flush=True)


def told(found: Found) -> str:
    """What was found, in words."""
    quantiles = np.quantile(found.flipped, QUANTILES) if found.flipped else [0.0] * len(QUANTILES)
    worse = f" (worse by {', '.join(found.otherwise)} of the spread)" if found.otherwise else ""
    shares = (f"{value:.2g} ({share:.0%})" for value, share in zip(quantiles, QUANTILES, strict=True))
    return (
        f"{found.decisions} decisions, {len(found.otherwise)} otherwise{worse}; scores differ by at most "
        f"{max(map(abs, found.errors)):.3f}, within a decision by {np.median(found.relative):.4f} of its "
        f"spread in the median and {max(found.relative):.3f} at most; signs flipped {len(found.flipped)} of "
        f"{found.signs:.3g}, at |input| / std of {', '.join(shares)}"
    )


def compare(name: str, fidelity: str, size: int, seed: int, found: Found) -> None:
    """Add what one seed gives."""
    space = spaces.load(name)
    supernet = networks.build_supernet(space, fidelity, seed)
    source = noise.open(10, networks.image_size(space, fidelity, 32))
    flips(supernet, source.batch(seed, 0, size), found)
    proposed = space.full_mask
    for decision, spec in enumerate(space.decisions):
        for mask in dict.fromkeys((space.full_mask, proposed)):
            batch = source.batch(seed, decision, size)
            removed = [one for one, alive in enumerate(mask[decision]) if alive]
            views = [supernet.masked(without(mask, decision, one)) for one in removed]
            usual, low = (values(views, batch, precision) for precision in ("float32", "bfloat16"))
            picks = [best_candidates(drops(removed, each), spec.picks) for each in (usual, low)]
            spread = float(np.ptp(usual)) or 1.0
            found.decisions += 1
            found.errors += list(low - usual)
            found.relative += list(np.abs((low - low.mean()) - (usual - usual.mean())) / spread)
            if set(picks[0]) != set(picks[1]):
                worst = [max(usual[removed.index(one)] for one in each) for each in picks]
                found.otherwise.append(f"{(worst[1] - worst[0]) / spread:.2g}")
        proposed = only(proposed, decision, picks[0])


def values(views: Sequence[torch.nn.Module], batch: Batch, precision: str) -> np.ndarray:
    """The proxy of every view."""
    measured = measure_each(views, batch, [PROXY], 0, "fast", precision=precision)
    return np.array([one[PROXY].value for one in measured])


def drops(removed: Sequence[int], found: np.ndarray) -> dict[int, Score]:
    """What the scorer makes of it: the candidate whose removal leaves least is best."""
    return {one: Score(-float(value)) for one, value in zip(removed, found, strict=True)}


def flips(supernet: Supernet, batch: Batch, found: Found) -> None:
    """Compare the signs of all ReLUs' inputs under the full mask."""
    mask: Mask = supernet.space.full_mask
    images = batch.images.contiguous(memory_format=torch.channels_last)
    nodes = graphs.Nodes(images)
    usual = graphs.fold(graphs.trace(supernet.masked(mask), nodes), nodes)
    low = graphs.rounded(usual, nodes, torch.bfloat16)
    pairs = zip(inputs_of_relus(usual, images), inputs_of_relus(low, images.bfloat16()), strict=True)
    for one, other in pairs:
        different = (one > 0) != (other > 0)
        found.signs += one.numel()
        found.flipped += (one[different].abs() / one.std()).tolist()


def inputs_of_relus(graph: graphs.Graph, images: Tensor) -> list[Tensor]:
    """By ReLU, in the order they are run, what it reads."""
    order = graphs.needed([graph])
    last = {operand: node for node in order for operand in node.inputs}
    values, found = {order[0]: images}, []
    with torch.no_grad():
        for node in order[1:]:
            if node in graph.relus:
                found.append(values[node.inputs[0]])
            values[node] = node.function(*graphs.replaced(node.operands, values))
            for operand in set(node.inputs):
                if last[operand] is node:
                    del values[operand]
    return found


if __name__ == "__main__":
    main()
