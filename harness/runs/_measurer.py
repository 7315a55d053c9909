"""Figures that are measured when they are asked for, each once, by this process or by several."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from socket import gethostname
from time import sleep
from typing import Any

import numpy as np
import torch

from harness import records
from harness.benchmarks import AnyRecipe
from harness.errors import HarnessError
from harness.processes.children import require_one_alive, sendable, side_by_side
from harness.processes.claims import claim
from harness.processes.parent import end_with_parent
from harness.runs._kept import Figure, Kept, Training
from harness.runs.config import Estimate, Progress, RunConfig, duration
from harness.runs.device import arithmetic, chosen, on_own_card
from harness.runs.numerics import numerics
from harness.runs.origins import Origin, distinct
from harness.spaces import Architecture, Space

POLL_SECONDS = 0.5
"""Between two looks at what other processes have measured."""

TIMED = 3
"""Networks of which a step is timed for an estimate."""

Report = Callable[[int, int], None]
"""``(number of the training, its steps so far)``"""


class Measurer(ABC):
    """Measures architectures by one recipe, in this process or in ``config.workers``, and keeps the figures.

    Parameters
    ----------
    config, space, recipe
        The run's.
    size
        Of the networks, as :func:`harness.networks.build` takes it.
    root
        The folder of results.
    progress
        Told how many steps are done.

    Attributes
    ----------
    origins
        Where the figures were made that were handed out.
    input
        Name of the input that is read, if it is one of :mod:`harness.inputs`.
    layers
        Whose code makes a figure what it is.
    steps
        Of one training.
    words
        What the steps are, what a training is called, and what it is for.
    """

    input: str | None = None
    layers: tuple[str, ...] = records.TRAINING
    words = ("steps of the truth", "training", " for the truth")

    def __init__(
        self, config: RunConfig, space: Space, recipe: AnyRecipe, size: object, root: Path, progress: Progress
    ) -> None:
        self.config, self.space, self.recipe, self.size = config, space, recipe, size
        self.root, self.progress = root, progress
        self.origins: list[Origin] = []
        self._found: dict[Training, Figure] = {}

    @property
    @abstractmethod
    def steps(self) -> int:
        """Of one training."""

    @abstractmethod
    def measure(self, training: Training, report: Callable[[int], None]) -> dict[str, Any]:
        """What a figure holds of ``training``, which is done now; ``report`` is told its steps."""

    @abstractmethod
    def seconds(self, arch: Architecture) -> float:
        """How long a training of ``arch`` will take about."""

    @abstractmethod
    def maker(self) -> Callable[[RunConfig], Measurer]:
        """A function that makes another one in another process."""

    def __call__(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Figures (n, seeds); what is not kept yet is measured.

        Raises
        ------
        DataError
            For a kept figure that is damaged, or was made otherwise.
        """
        names = [self.name(arch) for arch in archs]
        asked = [Training(name, seed) for name in names for seed in self.recipe.seeds]
        found = [figure.accuracy for figure in self.figures(asked)]
        return np.array(found, dtype=np.float64).reshape(len(archs), len(self.recipe.seeds))

    def figures(self, asked: Sequence[Training]) -> list[Figure]:
        """The figures of ``asked``, measured where they are not kept yet; errors as a call."""
        wanted = dict.fromkeys(asked)
        missing = [training for training in wanted if not self._look(training)]
        if missing:
            self.kept.folder.mkdir(parents=True, exist_ok=True)
            self._measure_all(missing)
        self.origins = distinct([*self.origins, *(each for t in wanted for each in self._found[t].origins)])
        return [self._found[training] for training in asked]

    def estimate(self, archs: Sequence[Architecture], more: int = 0) -> Estimate:
        """How many trainings ``archs`` and so many further architectures ask for, and how long they take."""
        asked = {Training(self.name(arch), seed) for arch in archs for seed in self.recipe.seeds}
        count = sum(not self.kept.path(each).exists() for each in asked) + more * len(self.recipe.seeds)
        timed = list(archs[:TIMED]) or [
            self.space.sample(np.random.default_rng(number)) for number in range(TIMED)
        ]
        with self.computing():
            each = float(np.mean([self.seconds(arch) for arch in timed]))
        workers = max(1, min(self.config.workers, count))
        seconds = each * count / workers
        called, why = self.words[1:]
        return seconds, (
            f"{count:,} {called}{'s' * (count != 1)} of {duration(each)}{why}, about "
            f"{duration(seconds)} with workers={workers}"
        )

    @cached_property
    def device(self) -> torch.device:
        """The run's."""
        return chosen(self.config.device)

    @cached_property
    def kept(self) -> Kept:
        """Where figures lie."""
        inputs = () if self.input is None else (("inputs", self.input),)
        told = records.provenance(self.device.type, self.config.threads, numerics=numerics(self.device))
        foreign = records.foreign((("spaces", self.space.name), *inputs))
        made = records.decisive(told | {"foreign": foreign}, self.layers)
        return Kept(self.root, self.recipe, made, self.config.truth.get("kept") == "any")

    def work(self, trainings: Sequence[Training], report: Report) -> None:
        """Measure until all are kept; others may do the same, and each takes what nobody else is at."""
        open_ones = dict(enumerate(trainings))
        with self.computing():
            while open_ones:
                taken = [number for number, each in open_ones.items() if self._take(number, each, report)]
                for number in taken:
                    del open_ones[number]
                if not taken:
                    sleep(POLL_SECONDS)

    def name(self, arch: Architecture) -> str:
        """What the figures of ``arch`` are called by."""
        return self.space.format(representative(self.space, arch))

    def _take(self, number: int, training: Training, report: Report) -> bool:
        """Whether ``training`` is kept by now; ``False`` where another process is at it."""
        if self._look(training):
            return True
        with claim(self.kept.path(training).with_suffix(".lock")) as mine:
            if mine and not self._look(training):
                started, begun = datetime.now(UTC).isoformat(timespec="seconds"), time.process_time()
                found = self.measure(training, lambda steps: report(number, steps))
                seconds = round(time.process_time() - begun, 3)
                timing = {"started": started, "cpu_seconds": seconds, "host": gethostname()}
                self.kept.write(training, found, timing)
                self.kept.checkpoint(training).unlink(missing_ok=True)
                self._look(training)
        return mine

    def _measure_all(self, missing: Sequence[Training]) -> None:
        total = len(missing) * self.steps
        report = _Steps(self, missing, lambda done: self.progress(self.words[0], done, total))
        workers = min(self.config.workers, len(missing))
        if workers > 1:
            started = (self.maker(), self.config, missing)
            require_one_alive(side_by_side(_work, started, workers, POLL_SECONDS, report.told), workers)
        self.work(missing, report)

    def _look(self, training: Training) -> bool:
        if training not in self._found and (figure := self.kept.read(training)) is not None:
            self._found[training] = figure
        return training in self._found

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Inside, torch computes as the run says."""
        torch.set_num_threads(self.config.threads)
        with arithmetic(str(self.device), self.config.arithmetic):
            yield


class _Steps:
    """Steps of all trainings together, whoever does them."""

    def __init__(
        self, measurer: Measurer, trainings: Sequence[Training], tell_of: Callable[[int], None]
    ) -> None:
        self._measurer, self._trainings, self._tell = measurer, trainings, tell_of
        self._steps: dict[int, int] = {}

    def __call__(self, number: int, steps: int) -> None:
        self._steps[number] = max(steps, self._steps.get(number, 0))
        self._tell(sum(self._steps.values()))

    def told(self, messages: Mapping[int, tuple[int, int] | None]) -> None:
        """What other processes have done."""
        for message in filter(None, messages.values()):
            self(*message)


def representative(space: Space, arch: Architecture) -> Architecture:
    """The architecture that is trained for ``arch``: the same for a whole class, where its name is one's.

    Two encodings of a class are the same network with its layers in another order, which would draw other
    weights.
    """
    own = space.normalise(arch)
    name = space.canonical(own)
    try:
        found = space.normalise(space.parse(name))
    except HarnessError:  # the class is named otherwise than an architecture
        return own
    return found if space.canonical(found) == name else own


def _work(
    make: Callable[[RunConfig], Measurer],
    config: RunConfig,
    trainings: Sequence[Training],
    number: int,
    pipe: Connection,
) -> None:
    end_with_parent()
    try:
        make(on_own_card(config, number)).work(trainings, lambda *steps: pipe.send(steps))
    except Exception as error:
        pipe.send(sendable(error))
