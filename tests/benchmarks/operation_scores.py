"""Speed and memory of Zero-Cost-PT's operation scores: ``make benchmark``.

Every space's supernet at benchmark size, the authors' batch size, NASWOT in evaluation mode, noise.
Printed are medians over the rounds of seconds per score and of their ratios to the yardstick, the authors'
way, within a round: seconds depend on the machine and its other work, ratios much less; with ``--cpu-time``,
for machines with much other work, seconds are those of all threads together. Measured are

* ``initial``: all scores of the first decision at the initial supernet;
* ``proposal``: all scores of one proposal, in random order, decided decisions included. What the yardstick
  would need for it is its time for one score times their number, for a masked candidate costs it as much
  as any other; in the DARTS spaces, where it does not run one, its mean time over some of the very masks;
* ``bfloat16``, on a GPU also ``float16`` and ``tf32``: the fast path with that precision, where it is there;
* ``floor``, ``floor16``: the fast path's convolutions alone, for the first decision, in float32 and bfloat16;
* ``memory``: the peak of a process of its own that computes the first decision's scores, or that of its GPU.

Each way is run once before: the first time takes up memory, which costs the authors' way up to half of its
time, compiles loops and on a GPU records. ``--device cuda`` measures there.
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
from harness.collector import paused_collector
from harness.graphs import CHUNK_SAMPLES
from harness.inputs import Batch, noise
from harness.networks import Supernet
from harness.proxies import PATHS, SupernetPrograms, lacking, measure_each
from harness.runners import arithmetic, keep_freed_memory
from harness.runs.device import chosen
from harness.scorers import Score
from harness.searchers import Proxy, zero_cost_pt
from harness.spaces import Mask, Population, Space, without
from tests.benchmarks import ratios, yardstick

BATCHES = {"nb201": 256, "nbmacro": 256, "nb1shot1_1": 128, "nb1shot1_2": 128, "nb1shot1_3": 128}
BATCHES |= {name: 64 for name in ("darts", "darts_s5")}
CPU = torch.device("cpu")
SAMPLED = 5
"""Masks of a proposal that the yardstick is timed on, where its time hangs on them."""
PROXY = "nwot_eval"
WAYS = {path: (path, "float32") for path in PATHS} | {
    precision: ("fast", precision) for precision in ("bfloat16", "float16", "tf32")
}
"""By name the path and the precision."""
FLOORS = {"floor": torch.float32, "floor16": torch.bfloat16}
COMPARED = {(way, "ratio") for way in WAYS}
"""Ways whose ratios are kept."""


def ways_on(device: torch.device) -> list[str]:
    """Those of :data:`WAYS` that are to be had on ``device``."""
    found = [*PATHS] + ([] if lacking("bfloat16", device) else ["bfloat16"])
    return found + (["float16", "tf32"] if device.type == "cuda" else [])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spaces", default="nb201,nbmacro,nb1shot1_1,darts_s5")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu-time", action="store_true", help="seconds of all threads, not the clock's")
    parser.add_argument("--accept", action="store_true", help="keep these ratios, to compare later ones with")
    parser.add_argument("--ways", default="all", help="those to measure")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or a card as cuda:1")
    parser.add_argument("--arithmetic", default="reproducible", help="reproducible, or fastest on a GPU")
    parser.add_argument("--initial", action="store_true", help="the first decision alone, no proposal")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    keep_freed_memory()
    clock = time.process_time if asked.cpu_time else time.perf_counter
    device = chosen(asked.device)
    with arithmetic(str(device), asked.arithmetic):
        if asked.memory_of:
            print(json.dumps(peak_memory(*asked.memory_of.split(":"), device)))
        else:
            report(asked, clock, device)


def report(asked: argparse.Namespace, clock: Callable[[], float], device: torch.device) -> None:
    """Measure and print."""
    kind = "CPU seconds" if asked.cpu_time else "seconds"
    print(f"torch {torch.__version__}, {asked.threads} threads, {asked.rounds} rounds; {kind} are per score")
    for name in asked.spaces.split(","):
        print(f"\n{name}, batch {BATCHES[name]}")
        there = ways_on(device)
        ways = ["yardstick", *there] if asked.ways == "all" else asked.ways.split(",")
        found = compare(name, asked.rounds, asked.threads, ways, clock, not asked.initial, device)
        for line in lines(name, found, asked.threads, ways, device):
            print("  " + line, flush=True)
        fresh = {" ".join((name, *key[:2])): ratio for key, ratio in found.items() if key[1:] in COMPARED}
        for line in ratios.lines("operation_scores", fresh, asked.threads, asked.accept, device=device):
            print("  " + line, flush=True)


def lines(
    name: str,
    found: Mapping[tuple[str, ...], float],
    threads: int,
    ways: Sequence[str],
    device: torch.device = CPU,
) -> list[str]:
    """The table of one space, of what :func:`compare` found, with the memory of ``ways``."""
    written = [f"{'':10}  initial            proposal           memory"]
    floors = [floor for floor in FLOORS if ("initial", floor) in found]
    for way in ("yardstick", *(way for way in ways_on(device) if way in ways), *floors):
        cells = [_cell(found, part, way) for part in ("initial", "proposal")]
        memory = "" if way not in ways else f"{memory_of(name, way, threads, device):.2f} GB"
        written.append(f"{way:10}  {cells[0]}  {cells[1]}  {memory}")
    return written


def _cell(found: Mapping[tuple[str, ...], float], part: str, way: str) -> str:
    if (part, way) not in found:
        return " " * 17
    return f"{found[part, way]:8.4f} s {found[part, way, 'ratio']:5.1f}x"


def compare(
    name: str,
    rounds: int,
    threads: int,
    ways: Sequence[str],
    clock: Callable[[], float] = time.perf_counter,
    proposing: bool = True,
    device: torch.device = CPU,
) -> dict[tuple[str, ...], float]:
    """Seconds per score by part and way, and with a third word the ratio of the yardstick's to it.

    The yardstick is measured whether or not it is among ``ways``.
    """
    own = [way for way in ways_on(device) if way in ways]
    supernet, batch = prepare(name, device)
    masks = candidates(supernet.space)
    measured = {way: SupernetPrograms(supernet) for way in own}
    floors = {
        way: convolutions(supernet, masks, batch, threads, dtype)
        for way, dtype in FLOORS.items()
        if dtype is torch.float32 or "bfloat16" in ways_on(device)
    }
    found: dict[tuple[str, ...], list[float]] = {}
    usual(supernet, masks[0], batch, clock)
    for way in own:
        if device.type == "cuda" or way != "reference":
            scores(measured[way], masks, batch, way)
    for number in range(rounds):
        mask = masks[number % len(masks)]
        yard = usual(supernet, mask, batch, clock)
        spent = {("initial", "yardstick"): yard}
        for way, floor in floors.items():
            spent["initial", way] = seconds(floor, clock) / len(masks)
        for way in own:
            initial = seconds(lambda way=way: scores(measured[way], masks, batch, way), clock)
            spent["initial", way] = initial / len(masks)
        yards = {"initial": yard, "proposal": yard}
        for way in [way for way in own if way != "reference" and proposing]:
            spent["proposal", way], asked = proposal(measured[way], batch, way, number, clock)
        if supernet.space.family == "darts" and proposing:
            sampled = asked[len(asked) // (2 * SAMPLED) :: len(asked) // SAMPLED]
            yards["proposal"] = mean(usual(supernet, mask, batch, clock) for mask in sampled)
            spent["proposal", "yardstick"] = yards["proposal"]
        for (part, way), spent_seconds in spent.items():
            found.setdefault((part, way), []).append(spent_seconds)
            found.setdefault((part, way, "ratio"), []).append(yards[part] / spent_seconds)
    return {key: median(values) for key, values in found.items()}


def usual(
    supernet: Supernet, mask: Mask, batch: Batch, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds that the authors' way takes for one score."""
    network, family = yardstick.network(supernet, mask), supernet.space.family
    return seconds(lambda: yardstick.score(network, batch.images, family), clock)


def prepare(name: str, device: torch.device = CPU) -> tuple[Supernet, Batch]:
    """The supernet at benchmark size and a batch of noise."""
    space = spaces.load(name)
    batch = noise.open(10, 32).batch(0, 0, BATCHES[name])
    on_device = Batch(batch.images.to(device), batch.targets.to(device))
    return networks.build_supernet(space).to(device), on_device


def candidates(space: Space) -> list[Mask]:
    """The masks whose proxies are the scores of the first decision at the initial supernet."""
    return [without(space.full_mask, 0, one) for one in range(len(space.decisions[0].candidates))]


def scores(programs: SupernetPrograms, masks: Sequence[Mask], batch: Batch, way: str) -> list[Score]:
    """The proxy of the supernet under every mask, as the harness measures it."""
    path, precision = WAYS[way]
    with paused_collector():  # as a run does
        views = [programs.view(mask) for mask in masks]
        measured = measure_each(views, batch, [PROXY], 0, path, precision=precision, programs=programs)
    return [Score(one[PROXY].value, one[PROXY].status, one[PROXY].reason) for one in measured]


def proposal(
    programs: SupernetPrograms,
    batch: Batch,
    way: str,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, list[Mask]]:
    """Seconds per score of one whole proposal, and the masks that were scored."""
    asked: list[Mask] = []

    def score_supernet(masks: Sequence[Mask], step: int) -> list[Score]:
        asked.extend(masks)
        return scores(programs, masks, batch, way)

    handed = Proxy(
        population=Population(programs.space),
        seed=seed,
        parameters=None,
        score_supernet=score_supernet,
        score_network=None,
    )
    settings = {"proposals": 1, "validation_batches": 1, "order": "random", "variant": "paper"}
    return seconds(lambda: zero_cost_pt.search(handed, settings), clock) / len(asked), asked


def convolutions(
    supernet: Supernet, masks: list[Mask], batch: Batch, threads: int, dtype: torch.dtype
) -> Callable[[], None]:
    """The fast path's convolutions alone, on as many threads and the same chunks; a GPU has one."""
    samples = CHUNK_SAMPLES if batch.images.device.type == "cpu" else len(batch.images)
    nodes = graphs.Nodes(batch.images)
    folded = [graphs.fold(graphs.trace(supernet.masked(mask), nodes), nodes, minimal=False) for mask in masks]
    folded = [graphs.rounded(graph, nodes, dtype) for graph in folded]
    chunk = batch.images[:samples].to(dtype, memory_format=torch.channels_last)
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
            list(pool.map(run_chunk, range(-(-len(batch.images) // samples))))
        torch.set_num_threads(threads)

    return run


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long ``work`` takes once."""
    start = clock()
    work()
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return clock() - start


def memory_of(name: str, way: str, threads: int, device: torch.device = CPU) -> float:
    """:func:`peak_memory` in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--threads", str(threads), "--device", str(device)]
    command += ["--memory-of", f"{name}:{way}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_memory(name: str, way: str, device: torch.device) -> float:
    """GB that this process (Linux), or its GPU, has needed at most for the first decision's scores."""
    supernet, batch = prepare(name, device)
    masks = candidates(supernet.space)
    if way == "yardstick":
        usual(supernet, masks[0], batch)
    else:
        scores(SupernetPrograms(supernet), masks, batch, way)
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    # Not getrusage, whose peak a process inherits from the one that started it.
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    return int(peak.split()[1]) * 1024 / 1e9


if __name__ == "__main__":
    main()
