"""Task ``ensemble``: members picked in a shrunk space share layers, beside one network of the same FLOPs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from harness import evidence, groups, tasks
from harness.errors import ConfigError
from harness.evidence import Evidence
from harness.runners._members import picked
from harness.runs.config import Estimate, Outcome, Progress
from harness.runs.context import Clock, Context, once
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.spaces import Architecture

if TYPE_CHECKING:
    from torch import nn

    from harness.networks import Ensemble
    from harness.runs._ensembles import Ensembles

TASK = tasks.load("ensemble")


def run(context: Context, progress: Progress) -> list[Outcome]:
    """Shrink the space, pick members in what is left, and train the ensemble and what it is compared with.

    Everything is trained by the recipe of the run's truth.
    """
    _require(context)
    return [_Run(read, progress).outcome() for read in evidence.of(context)]


def _require(context: Context) -> None:
    """Raise :class:`~harness.errors.ConfigError` for what cannot be, before anything is trained."""
    method = evidence.method_of(context.config)
    if context.config.truth["name"] != "train":
        raise ConfigError(
            "task=ensemble trains networks by the recipe of a truth that is measured here; received "
            f"truth={context.config.truth['name']}: take truth=train with an input such as digits."
        )
    if method is None or method.evidence != "trained":
        raise ConfigError(
            "task=ensemble picks members by the supernet that the shrinker reads, and shrinker="
            f"{context.config.shrinker['name']} reads none that is trained; take potential_diversity, abs or "
            "bnas."
        )


class _Run:
    """One run, from the shrinker's evidence to its record."""

    def __init__(self, read: Evidence, progress: Progress) -> None:
        from harness import networks
        from harness.runs._ensembles import ensembles_of

        self.read, self.context, self.progress = read, read.context, progress
        self.trainer: Ensembles = ensembles_of(self.context.config, progress)
        self.asked = groups.settings("task", self.context.config.task)
        layers = networks.require_ensembles(self.context.space, self.trainer.size)
        if self.asked["split"] == "default":
            self.asked["split"] = layers // 2
        if self.asked["split"] > layers:
            raise ConfigError(
                f"Networks of {self.context.space.name} have {layers} layers at this fidelity, so that "
                f"task.split is at most {layers}; received {self.asked['split']}."
            )

    def outcome(self) -> Outcome:
        """Do the run where it is not done yet."""
        read = self.read
        named = {name: self.asked[name] for name in TASK.options}
        run = self.context.run(read.name, {"shrinker": read.method.name, **read.settings(), **named})

        def work(clock: Clock) -> Outcome:
            read.keep(run)
            rows = pd.DataFrame(self._rows(self._members()), columns=list(TASK.columns))
            facts = read.facts()
            statistics = {**TASK.statistics(rows), "paid": read.spent(), **facts.statistics}
            origins = {**facts.origins, "ensembles": self.trainer.origins}
            path = self.context.write(run, rows, statistics, clock.timing(), origins=origins)
            return Outcome(run.method, "done", path, TASK.headline(statistics, self.context.label.told))

        return once(self.context, run, work, self._estimate)

    def _members(self) -> list[Architecture]:
        """Shrink, tune the supernet to what is left, and pick."""
        tools = cast("TrainedSupernet", self.read.open(self.progress))
        steps = deque(self.read.method.module.shrink(tools, self.read.options), maxlen=1)
        mask, trained = steps[0] if steps else tools.space.full_mask, tools.trained
        if mask != trained.mask:
            trained.fine_tune(mask)
        members, split, children = (self.asked[name] for name in ("members", "split", "children"))
        return picked(trained, mask, members, split, children, generator(tools.seed, "ensemble"))

    def _rows(self, members: Sequence[Architecture]) -> Iterator[dict[str, Any]]:
        from harness import networks
        from harness.runs._kept import Training

        trainer, space, recipe = self.trainer, self.context.space, self.trainer.recipe
        together, alone = trainer.ensemble(members, self.asked["split"]), trainer.name(members[0])
        ensemble = cast("Ensemble", trainer.built(together, 0))
        flops, usual = networks.count_flops(ensemble, recipe.image_size), recipe.network["channels"]
        channels = networks.channels_of_flops(
            space, members[0], trainer.size, flops, recipe.classes, recipe.image_size
        )
        single = {"one": (trainer.widened(members[0], channels), channels), "alone": (alone, usual)}
        asked = [
            Training(name, seed)
            for seed in recipe.seeds
            for name in (together, *(name for name, _ in single.values()))
        ]
        figures = dict(zip(asked, trainer.figures(asked), strict=True))
        texts = [space.format(arch) for arch in members]
        for seed in recipe.seeds:
            joint = figures[Training(together, seed)]
            own = joint.content["members"] if isfinite(joint.accuracy) else [nan] * len(members)
            for place, (arch, accuracy) in enumerate(zip(texts, own, strict=True)):
                member = ensemble.member(place)
                yield self._row("member", place + 1, seed, arch, usual, member, accuracy)
            words = " + ".join(texts)
            row = self._row("ensemble", 0, seed, words, usual, ensemble, joint.accuracy)
            yield row | {"disagreement": joint.content["disagreement"]}
            for part, (name, width) in single.items():
                accuracy = figures[Training(name, seed)].accuracy
                yield self._row(part, 0, seed, texts[0], width, trainer.built(name, 0), accuracy)

    def _row(
        self, part: str, number: int, seed: int, arch: str, channels: int, network: nn.Module, accuracy: float
    ) -> dict[str, Any]:
        from harness import networks

        known = isfinite(accuracy)
        return {
            "part": part,
            "number": number,
            "training": seed,
            "arch": arch,
            "channels": channels,
            "flops": networks.count_flops(network, self.trainer.recipe.image_size),
            "params": networks.count_parameters(network),
            "accuracy": accuracy,
            "disagreement": nan,
            "status": "ok" if known else "nan",
            "reason": None if known else "the loss left the finite numbers",
        }

    def _estimate(self) -> Estimate | None:
        """The supernet, and an ensemble for as many trainings as it has members, the one network too."""
        module, options = self.read.method.module, self.read.options
        asked = module.work(self.context.space, options) if hasattr(module, "work") else Work(0, 0)
        more = self.asked["members"] * self.asked["children"]
        found = self.read.estimate(Work(asked.accuracies + more, asked.tunings + 1))
        if found is None:
            return None
        seconds, words = self.trainer.estimate([], 1 + 2 * self.asked["members"])
        return found[0] + seconds, f"{found[1]}; {words}"
