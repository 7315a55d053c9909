"""What is measured on a device: proxies and scorers of a space, and scores per second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import torch
from torch import nn

from harness import networks, proxies, records, scorers, spaces
from harness.cli._compose import composing, run_config
from harness.inputs import Batch, noise
from harness.proxies import Measurement
from harness.runners import arithmetic, execute
from harness.seeding import generator
from tests.gpu.compared import Compared, Outcome, compared
from tests.gpu.tolerances import PROXIES, SCORERS, UNLISTED

CLASSES, IMAGE_SIZE, SEED = 10, 32, 0
PROXY = "nwot_eval"
TRAINING = ("input=digits", "training.epochs=1", "training.images=32", "training.batch_size=8")
REGIONS = ("scorer.region_batches=1", "scorer.region_batch_size=32")
SETTINGS = {
    "zero_cost_pt": ("proxy=nwot_eval",),
    "zero_cost_disc": ("proxy=nwot_eval",),
    "te_nas": (*REGIONS, "scorer.repeats=1", "scorer.ntk_batch_size=8"),
    "te_nas_shortcut": REGIONS,
    "darts": TRAINING,
    "darts_pt": TRAINING,
    "disc_acc": TRAINING,
}


@dataclass(frozen=True)
class Scale:
    """Size of networks and batches for comparing, and those for taking the time, with seconds for each."""

    fidelity: str = "small"
    batch: int = 16
    timed_fidelity: str = "benchmark"
    timed_batch: int = 64
    timed_seconds: float = 0.5


TINY = Scale("tiny", 4, "tiny", 4, 0.0)
"""For a rehearsal on the CPU."""


def proxies_of(space: str, device: str, scale: Scale, names: Sequence[str] | None = None) -> list[Compared]:
    """Every proxy on one network and on the supernet, both on the CPU and twice on ``device``."""
    made, pair = networks_of(space, scale.fidelity), batches(scale.batch)
    names = proxies.names() if names is None else names
    allowed = {proxy: PROXIES.get(proxy, UNLISTED) for proxy in names}
    with arithmetic("cpu"):
        cpu = [proxies.measure(network, pair, names, SEED) for network in made]
    with arithmetic(device):
        there = [network.to(device) for network in made]
        found, again = ([proxies.measure(each, pair, names, SEED) for each in there] for _ in range(2))
    sides = {proxy: [_outcomes(side, proxy) for side in (cpu, found, again)] for proxy in names}
    return [
        compared(
            space,
            proxy,
            allowed[proxy],
            *sides[proxy],
            beside=_values(cpu, allowed[proxy].beside),
            seconds=sum(each[proxy].seconds for each in found),
        )
        for proxy in names
    ]


def scorer_of(name: str, space: str, device: str, scale: Scale) -> Compared:
    """One scorer on the initial supernet by ``task=op_correlation``, on the CPU and twice on ``device``."""
    start = perf_counter()
    device_rows = _rows(name, space, device, scale)
    seconds = perf_counter() - start
    cpu_rows, again = (_rows(name, space, each, scale) for each in ("cpu", device))
    return compared(space, name, SCORERS.get(name, UNLISTED), cpu_rows, device_rows, again, seconds=seconds)


def scorers_on_a_device() -> list[str]:
    """Those that do not read the table alone."""
    return [name for name in scorers.names() if scorers.load(name).EVIDENCE != "truth"]


def speed_of(space: str, device: str, scale: Scale) -> dict[str, float]:
    """Scores per second: of each proxy alone on one network, and of NASWOT as searches ask for it.

    These are scores of masked supernets, and of one network batch by batch, by path or precision.
    """
    network, _ = networks_of(space, scale.timed_fidelity)
    pair, found = batches(scale.timed_batch), {}
    with arithmetic(device):
        network.to(device)
        for proxy in proxies.names():
            found[proxy] = _per_second(lambda name=proxy: proxies.measure(network, pair, [name], SEED), scale)
        for path, precision in _ways(device):
            way = path if precision == "float32" else precision
            found[f"operation scores, {way}"] = _operation_scores(space, device, scale, path, precision)
            found[f"validation, {way}"] = _validation(network, pair, scale, path, precision)
    return found


def networks_of(name: str, fidelity: str) -> list[nn.Module]:
    """A network of the space, connected, and its whole supernet."""
    space = spaces.load(name)
    archs = sorted(spaces.Population(space, space.listing()).sample_distinct(8, generator(SEED, "gpu")))
    arch = next(arch for arch in archs if space.connected(arch))
    supernet = networks.build_supernet(space, fidelity, SEED, CLASSES)
    return [networks.build(space, arch, fidelity, SEED, CLASSES), supernet.masked(space.full_mask)]


def batches(size: int) -> list[Batch]:
    """As many batches as a proxy reads at most."""
    source = noise.open(CLASSES, IMAGE_SIZE)
    return [source.batch(SEED, step, size) for step in range(2)]


def _outcomes(side: Sequence[dict[str, Measurement]], proxy: str) -> list[Outcome]:
    return [(each[proxy].value, each[proxy].status) for each in side]


def _values(side: Sequence[dict[str, Measurement]], proxy: str | None) -> list[float]:
    return [] if proxy is None else [each[proxy].value for each in side]


def _rows(name: str, space: str, device: str, scale: Scale) -> list[Outcome]:
    asked = [
        "task=op_correlation", f"space={space}", f"scorer={name}", f"device={device}", "fidelity=tiny",
        f"batch_size={scale.batch}", "task.progressive=false", *SETTINGS.get(name, ("proxy=nwot_eval",)),
    ]  # fmt: skip
    threads = torch.get_num_threads()
    with TemporaryDirectory() as folder:
        with composing():
            config = run_config([*asked, f"results={folder}", f"threads={threads}"])
        execute(config)
        (record,) = records.Store(Path(folder)).records()
        rows = record.rows
        return [
            (None if score != score else score, status)
            for score, status in zip(rows["score"], rows["status"], strict=True)
        ]


def _ways(device: str) -> list[tuple[str, str]]:
    """Paths and precisions that a GPU has, or a CPU in any case."""
    fewer = [] if device == "cpu" else [("fast", each) for each in ("bfloat16", "float16", "tf32")]
    return [("exact", "float32"), ("fast", "float32"), *fewer]


def _validation(network: nn.Module, pair: list[Batch], scale: Scale, path: str, precision: str) -> float:
    """Batches per second of one network that is written down once."""
    programs = proxies.NetworkPrograms()

    def validate() -> None:
        for each in pair:
            proxies.measure(network, each, PROXY, SEED, path, precision=precision, programs=programs)

    return _per_second(validate, scale) * len(pair)


def _operation_scores(space: str, device: str, scale: Scale, path: str, precision: str) -> float:
    """Masked supernets per second: what is left when each candidate of the first decision is removed."""
    loaded = spaces.load(space)
    supernet = networks.build_supernet(loaded, scale.timed_fidelity, SEED, CLASSES).to(device)
    full = loaded.full_mask
    masks = [full, *(spaces.without(full, 0, candidate) for candidate in range(len(full[0])))]
    programs, pair = proxies.SupernetPrograms(supernet), batches(scale.timed_batch)

    def decide() -> None:
        views = [programs.view(mask) for mask in masks]
        proxies.measure_each(views, pair, PROXY, SEED, path, precision=precision, programs=programs)

    return _per_second(decide, scale) * len(masks)


def _per_second(work: Callable[[], object], scale: Scale) -> float:
    work()
    start, count = perf_counter(), 0
    while count == 0 or perf_counter() - start < scale.timed_seconds:
        work()
        count += 1
    return count / (perf_counter() - start)
