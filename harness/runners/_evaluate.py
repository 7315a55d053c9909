"""The functions that turn masks and architectures into scores."""

from __future__ import annotations

from collections.abc import Callable

import torch

from harness import networks
from harness.inputs import Batch
from harness.proxies import measure
from harness.runners._setup import Setup
from harness.scorers import Score
from harness.seeding import derive
from harness.spaces import Architecture, Mask


def batch(setup: Setup, purpose: str, step: int) -> Batch:
    """Batch number ``step`` of the batches for ``purpose``, on the run's device."""
    drawn = setup.source.batch(derive(setup.config.seed, purpose), step, setup.config.batch_size)
    return Batch(drawn.images.to(setup.device), drawn.targets.to(setup.device))


def network(setup: Setup, arch: Architecture) -> torch.nn.Module:
    """The stand-alone network of ``arch`` at the run's fidelity and seed."""
    module = networks.build(setup.space, arch, setup.fidelity, setup.config.seed, setup.classes)
    return module.to(setup.device)


def supernet_scores(setup: Setup, proxy: str) -> Callable[[Mask, int], Score]:
    """``(mask, step) -> Score`` of the one untrained supernet; each is measured once.

    Scores of the last step are remembered, since all candidates of a decision share the
    batch and the whole supernet's score.
    """
    supernet = networks.build_supernet(setup.space, setup.fidelity, setup.config.seed, setup.classes)
    supernet.to(setup.device)
    remembered: dict[Mask, Score] = {}
    current: list[tuple[int, Batch]] = []

    def evaluate(mask: Mask, step: int) -> Score:
        if not current or current[0][0] != step:
            current[:] = [(step, batch(setup, "proposal", step))]
            remembered.clear()
        if mask not in remembered:
            view = supernet.masked(mask)
            found = measure(view, current[0][1], [proxy], setup.config.seed)[proxy]
            remembered[mask] = Score(found.value, found.status, found.reason)
        return remembered[mask]

    return evaluate


def network_scores(setup: Setup, proxy: str) -> Callable[[Architecture, int], Score]:
    """``(arch, step) -> Score`` of the stand-alone network on validation batch ``step``."""
    built: dict[Architecture, torch.nn.Module] = {}

    def evaluate(arch: Architecture, step: int) -> Score:
        if arch not in built:
            built.clear()
            built[arch] = network(setup, arch)
        found = measure(built[arch], batch(setup, "validation", step), [proxy], setup.config.seed)[proxy]
        return Score(found.value, found.status, found.reason)

    return evaluate
