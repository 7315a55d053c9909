"""The functions that turn masks and architectures into scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

import torch

from harness import networks
from harness.collector import paused_collector
from harness.errors import HarnessError, RunFailed, machine_failure
from harness.inputs import Batch
from harness.proxies import (
    Measurement,
    NetworkPrograms,
    Programs,
    SupernetPrograms,
    load,
    measure,
    measure_each,
)
from harness.runs.setup import Setup
from harness.scorers import Score
from harness.seeding import derive
from harness.spaces import Architecture, Mask
from harness.training import Trained


def batch(setup: Setup, purpose: str, step: int) -> Batch:
    """Batch number ``step`` of the batches for ``purpose``, on the run's device."""
    drawn = setup.source.batch(derive(setup.config.seed, purpose), step, setup.config.batch_size)
    return Batch(drawn.images.to(setup.device), drawn.targets.to(setup.device))


def batches(setup: Setup, purpose: str, step: int, proxies: Sequence[str]) -> list[Batch]:
    """As many batches as the ``proxies`` read, the first of them :func:`batch`."""
    count = max(load(name).ABOUT.batches for name in proxies)
    more = [batch(setup, f"{purpose}, batch {number}", step) for number in range(2, count + 1)]
    return [batch(setup, purpose, step), *more]


def network(setup: Setup, arch: Architecture) -> torch.nn.Module:
    """The stand-alone network of ``arch`` at the run's fidelity and seed."""
    module = networks.build(setup.space, arch, setup.fidelity, setup.config.seed, setup.classes)
    return module.to(setup.device)


def measured(
    setup: Setup,
    make: Callable[[], torch.nn.Module],
    asked: Sequence[Batch],
    proxies: Sequence[str],
    programs: Programs | None = None,
) -> dict[str, Measurement]:
    """What each of the ``proxies`` says of the network that ``make`` builds, which may have ``programs``.

    Where it cannot be built, or they cannot be measured on it, their status is ``failed``: other networks
    have their values all the same. What says nothing of the network is raised.
    """
    started = perf_counter()
    try:
        return measure(make(), asked, proxies, *setup.measuring, programs)
    except Exception as error:
        if isinstance(error, RunFailed) or machine_failure(error):
            raise
        words = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        seconds = (perf_counter() - started) / len(proxies)
        return dict.fromkeys(proxies, Measurement(None, "failed", " ".join(words.split()), seconds))


def supernet_scores(
    setup: Setup, proxy: str, trained: Trained | None = None, number: int = 0, own_batches: bool = True
) -> Callable[[Sequence[Mask], int], list[Score]]:
    """``(masks, step) -> [Score, ...]`` of one supernet on proposal batch ``step``.

    The supernet is the ``trained`` one, its candidates weighted as they are, or else an untrained one. Scores
    of the last step are remembered, since decisions that share a batch share the whole supernet's score.
    Another ``number`` is another untrained supernet, with weights of its own, and batches of its own or
    those of supernet 0.
    """
    purpose = f"proposal, supernet {number}" if number and own_batches else "proposal"
    seed = derive(setup.config.seed, f"supernet {number}") if number else setup.config.seed
    if trained is None:
        supernet = networks.build_supernet(setup.space, setup.fidelity, seed, setup.classes)
        supernet.to(setup.device)
    else:
        supernet = trained.supernet
    shares = None if trained is None else trained.shares()
    programs = SupernetPrograms(supernet) if trained is None and setup.masking == "drop" else None
    remembered: dict[Mask, Score] = {}
    current: list[tuple[int, list[Batch]]] = []

    def evaluate(masks: Sequence[Mask], step: int) -> list[Score]:
        if not current or current[0][0] != step:
            current[:] = [(step, batches(setup, purpose, step, [proxy]))]
            remembered.clear()
        new = [mask for mask in dict.fromkeys(masks) if mask not in remembered]
        with paused_collector():  # the views are gone where it ends: it would visit all of their parts
            views = [
                programs.view(mask) if programs else supernet.masked(mask, setup.masking, shares)
                for mask in new
            ]
            measured = measure_each(views, current[0][1], [proxy], *setup.measuring, programs)
        remembered.update((mask, _score(found[proxy])) for mask, found in zip(new, measured, strict=True))
        return [remembered[mask] for mask in masks]

    return evaluate


def network_scores(setup: Setup, proxy: str) -> Callable[[Architecture, int], Score]:
    """``(arch, step) -> Score`` of the stand-alone network on validation batch ``step``."""
    built: dict[Architecture, torch.nn.Module] = {}
    programs = NetworkPrograms()

    def remembered(arch: Architecture) -> torch.nn.Module:
        if arch not in built:
            built.clear()
            built[arch] = network(setup, arch)
        return built[arch]

    def evaluate(arch: Architecture, step: int) -> Score:
        asked = batches(setup, "validation", step, [proxy])
        return _score(measured(setup, lambda: remembered(arch), asked, [proxy], programs)[proxy])

    return evaluate


def _score(measured: Measurement) -> Score:
    return Score(measured.value, measured.status, measured.reason)
