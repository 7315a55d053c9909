"""Speed and memory of Zero-Cost-PT's operation scores: ``make benchmark``.

Every space's supernet at benchmark size, the authors' batch size, NASWOT in evaluation mode, noise.
Printed are medians over the rounds of seconds per score and of their ratios to the yardstick, the authors'
way, within a round: seconds depend on the machine and its other work, ratios much less. Measured are

* ``initial``: all scores of the first decision at the initial supernet;
* ``proposal``: all scores of one proposal, in random order, decided decisions included. What the yardstick
  would need for it is its time for one score times their number, for a masked candidate costs it as much
  as any other; in the DARTS spaces, where it does not run one, its mean time over some of the very masks;
* ``floor``: the fast path's convolutions alone, for the first decision;
* ``memory``: the peak of a process of its own that computes the first decision's scores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean, median

import torch
from torch.nn import functional as F

from harness import graphs, networks, spaces
from harness.graphs import CHUNK_SAMPLES
from harness.inputs import Batch, noise
from harness.networks import Supernet
from harness.proxies import PATHS, measure_each
from harness.runners import keep_freed_memory
from harness.scorers import Score
from harness.searchers import Proxy, zero_cost_pt
from harness.spaces import Mask, Population, Space, without
from tests.benchmarks import ratios, yardstick

BATCHES = {"nb201": 256, "nbmacro": 256, "nb1shot1_1": 128, "nb1shot1_2": 128, "nb1shot1_3": 128}
BATCHES |= {name: 64 for name in ("darts", "darts_s5")}
SAMPLED = 5
"""Masks of a proposal that the yardstick is timed on, where its time hangs on them."""
PROXY = "nwot_eval"
COMPARED = {(path, "ratio") for path in PATHS}
"""Ways whose ratios are kept."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spaces", default="nb201,nbmacro,nb1shot1_1,darts_s5")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--accept", action="store_true", help="keep these ratios, to compare later ones with")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    keep_freed_memory()
    if asked.memory_of:
        name, way = asked.memory_of.split(":")
        print(json.dumps(peak_memory(name, way)))
        return
    print(f"torch {torch.__version__}, {asked.threads} threads, {asked.rounds} rounds; seconds are per score")
    for name in asked.spaces.split(","):
        print(f"\n{name}, batch {BATCHES[name]}")
        found = compare(name, asked.rounds, asked.threads)
        for line in lines(name, found, asked.threads):
            print("  " + line, flush=True)
        fresh = {" ".join((name, *key[:2])): ratio for key, ratio in found.items() if key[1:] in COMPARED}
        for line in ratios.lines("operation_scores", fresh, asked.threads, asked.accept):
            print("  " + line, flush=True)


def lines(name: str, found: Mapping[tuple[str, ...], float], threads: int) -> list[str]:
    """The table of one space, of what :func:`compare` found."""
    written = [f"{'':10}  initial          proposal         memory"]
    for way in ("yardstick", *PATHS, "floor"):
        cells = [_cell(found, part, way) for part in ("initial", "proposal")]
        memory = "" if way == "floor" else f"{memory_of(name, way, threads):.2f} GB"
        written.append(f"{way:10}  {cells[0]}  {cells[1]}  {memory}")
    return written


def _cell(found: Mapping[tuple[str, ...], float], part: str, way: str) -> str:
    if (part, way) not in found:
        return " " * 15
    return f"{found[part, way]:6.2f} s {found[part, way, 'ratio']:5.1f}x"


def compare(name: str, rounds: int, threads: int) -> dict[tuple[str, ...], float]:
    """Seconds per score by part and way, and with a third word the ratio of the yardstick's to it."""
    supernet, batch = prepare(name)
    masks = candidates(supernet.space)
    floor = convolutions(supernet, masks, batch, threads)
    found: dict[tuple[str, ...], list[float]] = {}
    for number in range(rounds):
        mask = masks[number % len(masks)]
        yard = usual(supernet, mask, batch)
        spent = {("initial", "yardstick"): yard, ("initial", "floor"): seconds(floor) / len(masks)}
        for path in PATHS:
            initial = seconds(lambda path=path: scores(supernet, masks, batch, path))
            spent["initial", path] = initial / len(masks)
        yards = {"initial": yard, "proposal": yard}
        for path in ("exact", "fast"):
            spent["proposal", path], asked = proposal(supernet, batch, path, number)
        if supernet.space.family == "darts":
            sampled = asked[len(asked) // (2 * SAMPLED) :: len(asked) // SAMPLED]
            yards["proposal"] = mean(usual(supernet, mask, batch) for mask in sampled)
            spent["proposal", "yardstick"] = yards["proposal"]
        for (part, way), own in spent.items():
            found.setdefault((part, way), []).append(own)
            found.setdefault((part, way, "ratio"), []).append(yards[part] / own)
    return {key: median(values) for key, values in found.items()}


def usual(supernet: Supernet, mask: Mask, batch: Batch) -> float:
    """Seconds that the authors' way takes for one score."""
    network, family = yardstick.network(supernet, mask), supernet.space.family
    return seconds(lambda: yardstick.score(network, batch.images, family))


def prepare(name: str) -> tuple[Supernet, Batch]:
    """The supernet at benchmark size and a batch of noise."""
    space = spaces.load(name)
    return networks.build_supernet(space), noise.open(10, 32).batch(0, 0, BATCHES[name])


def candidates(space: Space) -> list[Mask]:
    """The masks whose proxies are the scores of the first decision at the initial supernet."""
    return [without(space.full_mask, 0, one) for one in range(len(space.decisions[0].candidates))]


def scores(supernet: Supernet, masks: Sequence[Mask], batch: Batch, path: str) -> list[Score]:
    """The proxy of the supernet under every mask, as the harness measures it."""
    measured = measure_each([supernet.masked(mask) for mask in masks], batch, [PROXY], 0, path)
    return [Score(one[PROXY].value, one[PROXY].status, one[PROXY].reason) for one in measured]


def proposal(supernet: Supernet, batch: Batch, path: str, seed: int) -> tuple[float, list[Mask]]:
    """Seconds per score of one whole proposal, and the masks that were scored."""
    asked: list[Mask] = []

    def score_supernet(masks: Sequence[Mask], step: int) -> list[Score]:
        asked.extend(masks)
        return scores(supernet, masks, batch, path)

    handed = Proxy(
        population=Population(supernet.space),
        seed=seed,
        parameters=None,
        score_supernet=score_supernet,
        score_network=None,
    )
    settings = {"proposals": 1, "validation_batches": 1, "order": "random", "variant": "paper"}
    return seconds(lambda: zero_cost_pt.search(handed, settings)) / len(asked), asked


def convolutions(supernet: Supernet, masks: list[Mask], batch: Batch, threads: int) -> Callable[[], None]:
    """The fast path's convolutions alone, on as many threads and the same chunks of samples."""
    nodes = graphs.Nodes(batch.images)
    folded = [graphs.fold(graphs.trace(supernet.masked(mask), nodes), nodes) for mask in masks]
    chunk = batch.images[:CHUNK_SAMPLES].contiguous(memory_format=torch.channels_last)
    values, recorded = {nodes.images: chunk}, []
    order = graphs.needed(folded)
    unread = Counter(operand for node in order for operand in node.inputs)
    with torch.no_grad():
        for node in order[1:]:
            operands = graphs.replaced(node.operands, values)
            values[node] = node.function(*operands)
            if node.function is F.conv2d:
                recorded.append(operands)
            unread.subtract(node.inputs)
            for operand in {each for each in node.inputs if not unread[each]}:
                del values[operand]

    def run_chunk(_: int) -> None:
        torch.set_num_threads(1)
        with torch.no_grad():
            for operands in recorded:
                F.conv2d(*operands)

    def run() -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run_chunk, range(-(-len(batch.images) // CHUNK_SAMPLES))))
        torch.set_num_threads(threads)

    return run


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory_of(name: str, way: str, threads: int) -> float:
    """:func:`peak_memory` in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--threads", str(threads), "--memory-of", f"{name}:{way}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_memory(name: str, way: str) -> float:
    """GB that this process has needed at most (Linux) once the first decision's scores are there."""
    supernet, batch = prepare(name)
    masks = candidates(supernet.space)
    if way == "yardstick":
        usual(supernet, masks[0], batch)
    else:
        scores(supernet, masks, batch, way)
    # Not getrusage, whose peak a process inherits from the one that started it.
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return int(peak.split()[1]) * 1024 / 1e9


if __name__ == "__main__":
    main()
