"""What a run is told and what it answers: the schema of its config, whose values stand in ``conf/``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, make_dataclass
from pathlib import Path
from typing import Any

from harness.groups import GROUPS

_Groups: Any = make_dataclass(
    "_Groups", [(group, dict[str, Any], field(default_factory=dict)) for group in GROUPS]
)


@dataclass
class RunConfig(_Groups):  # type: ignore[misc]
    """Everything one run is told. Groups (:data:`harness.groups.GROUPS`) hold ``name`` and its settings.

    ``truth`` is ``table``, or ``train`` with how architectures are trained here for want of a table.
    ``label`` names the accuracy that counts, ``variant`` is ``paper`` or ``as_released``, ``masking`` a
    name of :data:`harness.networks.MASKINGS` or ``default``: ``drop``, and with ``as_released`` what
    Zero-Cost-PT's released code does in the space, whose way of counting ReLUs holds then too. ``source``
    is ``measured``, or ``published`` for operation scores that others measured. ``time_limit`` is how many
    seconds a proxy may take on one network before its row fails; a run with a limit is another run than one
    without. ``limits`` are upper bounds on what a search may find, by name. ``arithmetic`` is that
    of a GPU, ``reproducible`` or ``fastest``; only the second is part of the identity. ``precision`` is a
    name of :data:`harness.proxies.PRECISIONS`, of networks whose ReLU codes alone are read; part of the
    identity where it is not ``float32``, the default. Operation
    scores by a proxy are averaged over so many untrained ``supernets``, each scaled as
    ``scale`` says, a name of :data:`harness.scorers.SCALES`; both are part of the identity above one.

    ``search_label`` names the accuracy that a method is told of which asks for accuracies (counted queries,
    oracles); with ``same`` it is told the very figures that it is judged by. Another one is
    part of the identity.

    ``device`` is ``auto``, ``cpu``, ``cuda`` or a card as ``cuda:1``, ``results`` the folder of records (the
    clone's ``results/`` where it is ``None``); with ``dry_run`` nothing is run. ``workers`` is the number of
    processes that score a population, with ``threads`` each; ``tracker`` is told of every record. ``device``,
    ``threads``, ``workers``, ``tracker``, ``force``, ``dry_run`` and ``results`` are no part of a run's
    identity.
    """

    tracker: dict[str, Any] = field(default_factory=lambda: {"name": "none"})
    truth: dict[str, Any] = field(default_factory=lambda: {"name": "table"})
    limits: dict[str, Any] = field(default_factory=dict)
    label: str = ""
    search_label: str = "same"
    seed: int = 0
    batch_size: int = 64
    variant: str = "paper"
    masking: str = "default"
    path: str = "exact"
    precision: str = "default"
    source: str = "measured"
    time_limit: float | None = None
    arithmetic: str = "reproducible"
    supernets: int = 1
    scale: str = "z"
    device: str = "auto"
    threads: int = 1
    workers: int = 1
    force: bool = False
    dry_run: bool = False
    results: str | None = None


Progress = Callable[[str, int, int], None]
"""``(words, done, total)``, called as a run goes on."""


def nothing(words: str, done: int, total: int) -> None:
    """A progress that nobody looks at."""


@dataclass(frozen=True)
class Outcome:
    """How one method's run ended: ``done``, ``skipped`` (its record exists) or, in a dry run, ``planned``.

    Of several methods that are measured together one can be ``failed`` while the others are done.
    ``seconds`` is how long a planned one should take, ``None`` where nobody knows.
    """

    method: str
    status: str
    path: Path
    headline: str
    seconds: float | None = None


@dataclass(frozen=True)
class Training:
    """How a supernet is trained.

    Attributes
    ----------
    name
        An item of :mod:`harness.training`.
    epochs, fine_tuning_epochs
        From the initial weights, and after each decision.
    batch_size
        Images per step.
    images
        How many are taken of the input, half of them to validate on; ``None`` for all.
    convolutions
        A name of :data:`harness.networks.CONVOLUTIONS`.
    channel_sampling
        One in so many channels goes through an edge's operations.
    """

    name: str
    epochs: int
    fine_tuning_epochs: int
    batch_size: int
    images: int | None
    convolutions: str = "real"
    channel_sampling: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        """In JSON's types what can change the numbers; the last two where they are not at their default."""
        told = asdict(self)
        for name, default in (("convolutions", "real"), ("channel_sampling", 1)):
            if told[name] == default:
                del told[name]
        return told


Estimate = tuple[float, str]
"""Seconds that a run should take, and in words what that rests on."""


def duration(seconds: float) -> str:
    """Seconds as a reader takes them in: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"
