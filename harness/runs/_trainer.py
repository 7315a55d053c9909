"""The function that a measured truth is handed: architectures to accuracies, each trained once and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from math import isnan
from multiprocessing.connection import Connection
from pathlib import Path
from socket import gethostname
from time import sleep

import numpy as np
import torch

from harness import networks, records
from harness.benchmarks import Recipe
from harness.errors import HarnessError
from harness.inputs import Source
from harness.processes.children import require_one_alive, sendable, side_by_side
from harness.processes.claims import claim
from harness.processes.parent import end_with_parent
from harness.runs._kept import Figure, Kept, Training
from harness.runs.config import Estimate, Progress, RunConfig, duration
from harness.runs.device import arithmetic, chosen, on_own_card
from harness.runs.numerics import numerics
from harness.runs.origins import Origin, distinct, here
from harness.seeding import derive
from harness.spaces import Architecture, Space
from harness.training import Images, fit_network, network_seconds

POLL_SECONDS = 0.5
"""Between two looks at what other processes have trained."""

TIMED = 3
"""Networks of which a step is timed for an estimate."""

Report = Callable[[int, int], None]
"""``(number of the training, its epochs so far)``"""


class Trainer:
    """Trains architectures by one recipe, in this process or in ``config.workers``, and keeps the figures.

    Parameters
    ----------
    config, space, recipe
        The run's.
    size
        Of the networks, as :func:`harness.networks.build` takes it.
    source
        The input that is trained on.
    root
        The folder of results.
    progress
        Told how many epochs are done.

    Attributes
    ----------
    origins
        Where the figures were made that were handed out.
    """

    def __init__(
        self, config: RunConfig, space: Space, recipe: Recipe, size: object, source: Source, root: Path,
        progress: Progress,
    ) -> None:  # fmt: skip
        self.config, self.space, self.recipe, self.size = config, space, recipe, size
        self.source, self.root, self.progress = source, root, progress
        self.origins: list[Origin] = []
        self._found: dict[Training, Figure] = {}
        self._images: dict[int, Images] = {}

    def __call__(self, archs: Sequence[Architecture]) -> np.ndarray:
        """Accuracies (n, seeds) in per cent; what is not kept yet is trained.

        Raises
        ------
        DataError
            For a kept figure that is damaged, or was made otherwise.
        """
        asked = [[Training(self._name(arch), seed) for seed in self.recipe.seeds] for arch in archs]
        wanted = dict.fromkeys(training for row in asked for training in row)
        missing = [training for training in wanted if not self._look(training)]
        if missing:
            self.kept.folder.mkdir(parents=True, exist_ok=True)
            self._train(missing)
        self.origins = distinct([*self.origins, *(each for t in wanted for each in self._found[t].origins)])
        found = [[self._found[training].accuracy for training in row] for row in asked]
        return np.array(found, dtype=np.float64).reshape(len(archs), len(self.recipe.seeds))

    def estimate(self, archs: Sequence[Architecture], more: int = 0) -> Estimate:
        """How many trainings ``archs`` and so many further architectures ask for, and how long they take."""
        asked = {Training(self._name(arch), seed) for arch in archs for seed in self.recipe.seeds}
        count = sum(not self.kept.path(each).exists() for each in asked) + more * len(self.recipe.seeds)
        timed = list(archs[:TIMED]) or [
            self.space.sample(np.random.default_rng(number)) for number in range(TIMED)
        ]
        with self._computing():
            images = self._images_of(self.recipe.seeds[0])
            each = np.mean(
                [network_seconds(self._network(arch, 0), images, self.recipe.epochs) for arch in timed]
            )
        workers = max(1, min(self.config.workers, count))
        seconds = float(each) * count / workers
        return seconds, (
            f"{count:,} training{'s' * (count != 1)} of {duration(float(each))} for the truth, about "
            f"{duration(seconds)} with workers={workers}"
        )

    @cached_property
    def device(self) -> torch.device:
        """The run's."""
        return chosen(self.config.device)

    @cached_property
    def kept(self) -> Kept:
        """Where figures lie."""
        items = (("spaces", self.space.name), ("inputs", self.source.name))
        told = records.provenance(self.device.type, self.config.threads, numerics=numerics(self.device))
        made = records.decisive(told | {"foreign": records.foreign(items)}, records.TRAINING)
        return Kept(self.root, self.recipe, made, self.config.truth.get("kept") == "any")

    def work(self, trainings: Sequence[Training], report: Report) -> None:
        """Train until all are kept; others may do the same, and each takes what nobody else is at."""
        open_ones = dict(enumerate(trainings))
        with self._computing():
            while open_ones:
                taken = [number for number, each in open_ones.items() if self._take(number, each, report)]
                for number in taken:
                    del open_ones[number]
                if not taken:
                    sleep(POLL_SECONDS)

    def _take(self, number: int, training: Training, report: Report) -> bool:
        """Whether ``training`` is kept by now; ``False`` where another process is at it."""
        if self._look(training):
            return True
        with claim(self.kept.path(training).with_suffix(".lock")) as mine:
            if mine and not self._look(training):
                self._fit(training, lambda epochs: report(number, epochs))
        return mine

    def _fit(self, training: Training, report: Callable[[int], None]) -> None:
        """Train one network, on from its checkpoint where it has one, and keep its figure."""
        started, begun = datetime.now(UTC).isoformat(timespec="seconds"), time.process_time()
        images, steps = self._images_of(training.seed), 0

        def tick() -> None:
            nonlocal steps
            steps += 1
            if steps % images.steps == 0:
                report(steps // images.steps)

        kept = self.kept
        checkpoint = kept.path(training).with_suffix(".pt")
        course = fit_network(
            self._network(self.space.parse(training.architecture), training.seed),
            images,
            self.recipe.epochs,
            self.recipe.rate,
            checkpoint,
            kept.described(training) | {"made": kept.made},
            tick,
            here(),
        )
        accuracy = None if isnan(course.accuracy) else course.accuracy
        halves = {"train": images.count("train"), "valid": images.count("valid")}
        found = {"accuracy": accuracy, "curve": course.curve, "images": halves, "origins": course.origins}
        seconds = round(time.process_time() - begun, 3)
        kept.write(training, found, {"started": started, "cpu_seconds": seconds, "host": gethostname()})
        checkpoint.unlink(missing_ok=True)
        self._look(training)

    def _train(self, missing: Sequence[Training]) -> None:
        total = len(missing) * self.recipe.epochs
        report = _Epochs(self, missing, lambda done: self.progress("epochs of the truth", done, total))
        workers = min(self.config.workers, len(missing))
        if workers > 1:
            require_one_alive(
                side_by_side(_work, (self.config, missing), workers, POLL_SECONDS, report.told), workers
            )
        self.work(missing, report)

    def _look(self, training: Training) -> bool:
        if training not in self._found and (figure := self.kept.read(training)) is not None:
            self._found[training] = figure
        return training in self._found

    def _name(self, arch: Architecture) -> str:
        return self.space.format(representative(self.space, arch))

    def _network(self, arch: Architecture, seed: int) -> torch.nn.Module:
        drawn = derive(seed, "truth")
        network = networks.build(self.space, arch, self.size, drawn, self.recipe.classes)
        return network.to(self.device)

    def _images_of(self, seed: int) -> Images:
        """The halves of one seed: other ones than those of a supernet under the same seed."""
        if seed not in self._images:
            self._images[seed] = Images(
                self.source, self.recipe.images, self.recipe.batch_size, derive(seed, "truth"), self.device
            )
        return self._images[seed]

    @contextmanager
    def _computing(self) -> Iterator[None]:
        torch.set_num_threads(self.config.threads)
        with arithmetic(str(self.device), self.config.arithmetic):
            yield


class _Epochs:
    """Epochs of all trainings together, whoever trains them."""

    def __init__(
        self, trainer: Trainer, trainings: Sequence[Training], tell_of: Callable[[int], None]
    ) -> None:
        self._trainer, self._trainings, self._tell = trainer, trainings, tell_of
        self._epochs: dict[int, int] = {}

    def __call__(self, number: int, epochs: int) -> None:
        self._epochs[number] = max(epochs, self._epochs.get(number, 0))
        self._tell(sum(self._epochs.values()))

    def told(self, messages: Mapping[int, tuple[int, int] | None]) -> None:
        """What other processes have trained."""
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


def _work(config: RunConfig, trainings: Sequence[Training], number: int, pipe: Connection) -> None:
    end_with_parent()
    from harness.runs.truth import trainer_of

    try:
        trainer = trainer_of(on_own_card(config, number))
        trainer.work(trainings, lambda *epochs: pipe.send(epochs))
    except Exception as error:
        pipe.send(sendable(error))
