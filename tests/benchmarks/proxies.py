"""Speed and memory of the proxies of one network: ``python -m tests.benchmarks.proxies``.

One network of NAS-Bench-201 at benchmark size, batch 64, noise, float32, two CPU threads, one process.
Printed are medians over the rounds of seconds, and of ratios to the naive way within a round
(:mod:`tests.benchmarks.naive_proxies`: a copy and fresh passes for every proxy): seconds depend on the
machine and its other work, ratios much less. Measured are

* ``thirteen``: the proxies of NASLib in one ``measure``, beside the sum of the naive ones (target 4);
* ``six``: those that share one forward pass (target 6), and how far their values lie from the
  naive ones, and from what single precision leaves of them;
* every one of the thirteen alone (target: none below 1; ``nwot`` 3), and ``nwot`` in bfloat16, where the
  processor has it (target 5);
* ``convolutions``: what those that ``thirteen`` and ``six`` run take alone, as a bound of the ratios;
* ``samples``: ``ntk_eval`` (target 8), ``gradsign`` and ``ntk`` (target 1), which naively take a backward
  pass over the batch for every sample;
* ``costs``: every proxy alone in forward passes of the network without gradients, training mode;
* ``memory``: the peak of a process of its own, without what importing takes;
* ``profile``: the operations and proxies that the thirteen spend their time on.

On a machine that is busy with other work take ``--threads 1 --cpu-time``: threads that wait for one another
stand still as soon as one of them does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from harness import networks, proxies, spaces
from harness.inputs import Batch, noise
from harness.runners import keep_freed_memory
from tests.benchmarks import ratios
from tests.benchmarks.naive_proxies import SAMPLES, THIRTEEN, Naive

ARCHITECTURE = (
    "|nor_conv_3x3~0|+|avg_pool_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|"
)
"""0.6 of NAS-Bench-201's 0.07 to 1.5 million parameters, with every operation but ``none``."""
BATCH_SIZE = 64
SIX = ("grad_norm", "snip", "plain", "fisher", "nwot", "jacob_cov")
IN_BFLOAT16 = "nwot in bfloat16"
SETTINGS: dict[str, dict[str, Any]] = {IN_BFLOAT16: {"path": "fast", "precision": "bfloat16"}}
"""How a group is measured otherwise than by default."""
TARGETS = {"thirteen": 4, "six": 6, "nwot": 3, IN_BFLOAT16: 5, "ntk_eval": 8}
"""How many times as fast as the naive way; 1 for the others."""
PARTS = ("thirteen", "six", "alone", "convolutions", "samples", "costs", "memory", "profile")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the command line asks for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS), help="default: all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--cpu-time", action="store_true", help="CPU seconds of the process, not those passed"
    )
    parser.add_argument("--accept", action="store_true", help="keep these ratios, to compare later ones with")
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    keep_freed_memory()
    if asked.memory_of:
        print(json.dumps(peak_memory(asked.memory_of)))
        return
    parts, clock = asked.parts.split(","), time.process_time if asked.cpu_time else time.perf_counter
    if unknown := set(parts) - set(PARTS):
        parser.error(f"unknown parts {sorted(unknown)}; there are {', '.join(PARTS)}")
    print(f"torch {torch.__version__}, {asked.threads} threads, {asked.rounds} rounds, batch {BATCH_SIZE}")
    fresh: dict[str, float] = {}
    for line in lines(parts, asked.rounds, asked.threads, clock, fresh):
        print(line, flush=True)
    for line in ratios.lines("proxies", fresh, asked.threads, asked.accept):
        print(line, flush=True)


def lines(
    parts: Sequence[str], rounds: int, threads: int, clock: Callable[[], float], fresh: dict[str, float]
) -> Iterable[str]:
    """What is printed, part by part; the ratios are put into ``fresh``."""
    network, batch = prepare()
    missing = [name for name in THIRTEEN if name not in proxies.names()]
    if missing:
        yield f"not measured, as there is no such proxy: {', '.join(missing)}"
    naive = {name: function for name, function in THIRTEEN.items() if name not in missing}
    if {"thirteen", "six", "alone"} & set(parts):
        found = compare(network, batch, naive, groups_of(naive, parts), rounds, clock)
        fresh |= {name: ratio for name, (_, _, ratio) in found.items()}
        yield from table(found)
    if "convolutions" in parts:
        yield from bounds(network, batch, naive, rounds, clock)
    if "six" in parts:
        yield from differences(network, batch)
    if "samples" in parts:
        found = compare(network, batch, SAMPLES, {name: (name,) for name in SAMPLES}, rounds, clock)
        fresh |= {name: ratio for name, (_, _, ratio) in found.items()}
        yield from table(found)
    if "costs" in parts:
        yield from costs(network, batch, rounds, clock)
    if "memory" in parts:
        yield f"\n{'peak memory':12} {'naive':>9} {'measure':>9}"
        for name in ("thirteen", *SAMPLES):
            found = [memory_of(f"{way}:{name}", threads) for way in ("naive", "measure")]
            yield f"{name:12} {found[0]:6.2f} GB {found[1]:6.2f} GB"
    if "profile" in parts:
        yield from where_the_time_goes(network, batch, tuple(naive))


def groups_of(names: Iterable[str], parts: Sequence[str]) -> dict[str, Sequence[str]]:
    """The proxies that are measured together, by what they are called; ``names`` are those there are."""
    alone = {name: (name,) for name in names}
    groups = {"thirteen": tuple(names), "six": SIX, **alone}
    if not proxies.lacking("bfloat16", torch.device("cpu")):
        alone[IN_BFLOAT16] = groups[IN_BFLOAT16] = ("nwot",)
    wanted = {*parts, *(alone if "alone" in parts else ())}
    return {name: members for name, members in groups.items() if name in wanted}


def prepare() -> tuple[nn.Module, Batch]:
    """The network at benchmark size and a batch of noise."""
    space = spaces.load("nb201")
    network = networks.build(space, space.parse(ARCHITECTURE), seed=0)
    return network, noise.open(10, 32).batch(0, 0, BATCH_SIZE)


def compare(
    network: nn.Module,
    batch: Batch,
    naive: dict[str, Naive],
    groups: dict[str, Sequence[str]],
    rounds: int,
    clock: Callable[[], float],
) -> dict[str, tuple[float, float, float]]:
    """Seconds of the naive way and of one ``measure``, and their ratio, by group of proxies.

    All groups are measured in every round, after one round whose times are not used.
    """
    taken: dict[str, list[tuple[float, float]]] = {}
    needed = dict.fromkeys(name for names in groups.values() for name in names)
    for number in range(rounds + 1):
        apart = {
            name: seconds(lambda name=name: naive[name](network, batch.images, batch.targets), clock)
            for name in needed
        }
        for group, names in groups.items():
            told = SETTINGS.get(group, {})
            own = seconds(
                lambda names=names, told=told: proxies.measure(network, batch, names, 0, **told), clock
            )
            if number:
                taken.setdefault(group, []).append((sum(apart[name] for name in names), own))
    return {
        group: (
            median(one for one, _ in pairs),
            median(own for _, own in pairs),
            median(one / own for one, own in pairs),
        )
        for group, pairs in taken.items()
    }


def table(found: dict[str, tuple[float, float, float]]) -> Iterable[str]:
    """Seconds and ratios beside their targets."""
    yield f"\n{'':12} {'naive':>9} {'measure':>9} {'ratio':>7}  target"
    for group, (apart, own, ratio) in found.items():
        target = TARGETS.get(group, 1)
        missed = "" if ratio >= target else "  missed"
        yield f"{group:16} {apart:7.3f} s {own:7.3f} s {ratio:6.1f}x  {target}x{missed}"


def bounds(
    network: nn.Module, batch: Batch, naive: dict[str, Naive], rounds: int, clock: Callable[[], float]
) -> Iterable[str]:
    """How much faster than the naive way ``measure`` would be if it did nothing but its convolutions."""
    yield f"\n{'convolutions':12} {'naive':>9} {'alone':>9} {'ratio':>7}"
    taken: dict[str, list[tuple[float, float]]] = {"thirteen": [], "six": []}
    for _ in range(rounds):
        apart = {
            name: seconds(lambda name=name: naive[name](network, batch.images, batch.targets), clock)
            for name in naive
        }
        for group, names in {"thirteen": tuple(naive), "six": SIX}.items():
            with Convolutions(clock) as convolutions:
                proxies.measure(network, batch, names, 0)
            taken[group].append((sum(apart[name] for name in names), convolutions.seconds))
    for group, pairs in taken.items():
        apart, own, ratio = (
            median(found) for found in zip(*((one, own, one / own) for one, own in pairs), strict=True)
        )
        yield f"{group:16} {apart:7.3f} s {own:7.3f} s {ratio:6.1f}x"


class Convolutions(TorchDispatchMode):
    """Inside, the seconds that convolutions take, forwards and backwards, are added up."""

    KINDS = (torch.ops.aten.convolution, torch.ops.aten.convolution_backward)

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.seconds = 0.0
        self._clock = clock

    def __torch_dispatch__(
        self,
        function: Any,
        types: Sequence[type],
        arguments: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
    ) -> Any:
        start = self._clock()
        result = function(*arguments, **(keywords or {}))
        if function.overloadpacket in self.KINDS:
            self.seconds += self._clock() - start
        return result


def differences(network: nn.Module, batch: Batch) -> Iterable[str]:
    """How far the six values lie from the naive ones, and what single precision leaves of either.

    Distances from the naive way in double precision, and of the naive way from itself on images that one
    rounding has moved (factors 1 + 1e-7 e, e from N(0, 1)): how far the values mean anything. As a part of
    the value; of ``plain``, whose terms cancel, as a part of snip's, which adds the same terms' sizes.
    """

    def naive(network: nn.Module, images: Tensor) -> dict[str, float]:
        return {name: THIRTEEN[name](network, images, batch.targets) for name in SIX}

    shaken = batch.images * (1 + 1e-7 * noise.open(10, 32).batch(0, 1, BATCH_SIZE).images)
    exact = naive(deepcopy(network).double(), batch.images.double())
    plainly = naive(network, batch.images)
    measured = {name: one.value for name, one in proxies.measure(network, batch, SIX, 0).items()}
    columns = {
        "measure, naive": (measured, plainly),
        "measure, double": (measured, exact),
        "naive, double": (plainly, exact),
        "naive, shaken": (plainly, naive(network, shaken)),
    }
    yield "\nrelative differences of the values in single precision"
    yield " ".join([f"{'':12}", *(f"{title:>16}" for title in columns)])
    for name in SIX:
        scale = abs(exact["snip" if name == "plain" else name])
        found = (abs(one[name] - other[name]) / scale for one, other in columns.values())
        yield " ".join([f"{name:12}", *(f"{each:16.1e}" for each in found)])


def costs(network: nn.Module, batch: Batch, rounds: int, clock: Callable[[], float]) -> Iterable[str]:
    """Every proxy by itself, in forward passes of the same round; two batches where it reads two."""
    batches = [batch, noise.open(10, 32).batch(0, 1, BATCH_SIZE)]
    own = deepcopy(network).train()

    def forward() -> None:
        with torch.no_grad():
            own(batch.images)

    def measured(name: str) -> float:
        read = batches[: proxies.load(name).ABOUT.batches]
        return seconds(lambda: proxies.measure(network, read, [name], 0), clock)

    yield "\nforward passes that a proxy costs by itself"
    for name in sorted(proxies.names()):
        passes = [measured(name) / min(seconds(forward, clock) for _ in range(3)) for _ in range(rounds + 1)]
        yield f"{name:20} {median(passes[1:]):7.2f}"


def where_the_time_goes(network: nn.Module, batch: Batch, names: Sequence[str]) -> Iterable[str]:
    """Operations by their own share of the time, and what each proxy would have cost alone."""
    proxies.measure(network, batch, names, 0)
    with profile(activities=[ProfilerActivity.CPU]) as watched:
        measured = proxies.measure(network, batch, names, 0)
    events = sorted(watched.key_averages(), key=lambda event: -event.self_cpu_time_total)
    whole = sum(event.self_cpu_time_total for event in events)
    yield f"\n{'share':>6} {'calls':>6}  operation"
    for event in events[:12]:
        yield f"{event.self_cpu_time_total / whole:6.1%} {event.count:6}  {event.key}"
    yield "\nseconds with the passes read, each charged to every reader"
    for name, one in sorted(measured.items(), key=lambda pair: -pair[1].seconds):
        yield f"{name:12} {one.seconds:7.3f} s"


def seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """How long ``work`` takes once."""
    start = clock()
    work()
    return clock() - start


def memory_of(what: str, threads: int) -> float:
    """:func:`peak_memory` in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, "--threads", str(threads), "--memory-of", what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_memory(what: str) -> float:
    """GB that this process needs at most (Linux) beyond what it has with the network and the batch."""
    way, group = what.split(":")
    network, batch = prepare()
    names = [name for name in THIRTEEN if name in proxies.names()] if group == "thirteen" else [group]
    for name in names:
        proxies.load(name)
    before = _status("VmRSS")
    if way == "measure":
        proxies.measure(network, batch, names, 0)
    else:
        for name in names:
            {**THIRTEEN, **SAMPLES}[name](network, batch.images, batch.targets)
    # Not getrusage, whose peak a process inherits from the one that started it.
    return (_status("VmHWM") - before) / 1e9


def _status(key: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if key in line)
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    main()
