"""Operation scores that others measured and published, in place of a scorer's (``source=published``).

No network is built and nothing is measured: what becomes of the scores is the same as with measured ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from harness import tasks
from harness.errors import ConfigError
from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.evidence._training import training_of
from harness.published import operation_scores
from harness.published.operation_scores import ScoreSet
from harness.runs.config import Progress, RunConfig
from harness.scorers import Score
from harness.searchers import Tools
from harness.spaces import Mask

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False


class Published(Evidence):
    """The scores of one published set, and its decisions where these are known."""

    def __init__(self, context: Context, method: Method, published: ScoreSet) -> None:
        space, entry = context.space, operation_scores.entry(context.space.name)
        publication = {name: getattr(entry, name) for name in ("release", "source", "licence", "citation")}
        publication |= {"set": published.name, "title": published.title, "place": published.source}
        super().__init__(replace(context, further={"published": publication}), method, {})
        self._scores = operation_scores.load(space.name, published.name, context.config.seed)
        self._set, self._digest = published, entry.file.sha256
        proxy = f"-{published.settings['proxy']}" if "proxy" in published.settings else ""
        self.name = f"{method.on(method.name + proxy, training_of(context.config))}-published"

    def settings(self) -> dict[str, Any]:
        """The set, and the settings that it answers to: no others have an effect on it."""
        kept = {
            name: value
            for name, value in self._set.settings.items()
            if name not in ("scorer.name", "task.progressive") and value != "none"
        }
        return {
            "source": "published",
            "published": {"set": self._set.name, "digest": self._digest},
            "progressive": self.context.config.task["progressive"] and self.steps > 1,
            **kept,
        }

    def open(self, progress: Progress) -> Tools:
        """Nothing but the space: scores are read off the set."""
        return Tools(**self.shared(progress))

    @property
    def steps(self) -> int:
        """How many steps were published."""
        return self._scores.steps

    def score(self, tools: Tools, mask: Mask | None, decision: int, step: int) -> Mapping[int, Score]:
        """The published scores; none where the publication has none."""
        found = self._scores.scores.get((step, decision), {})
        return {candidate: _score(value) for candidate, value in found.items()}

    def pick(self, decision: int, step: int, scores: Mapping[int, Score]) -> tuple[int, ...]:
        """What the publication says of the decision that it makes in ``step``; nothing where it is silent."""
        return (self._scores.chosen[step],) if step in self._scores.chosen else ()

    def advance(self, tools: Tools, mask: Mask | None, step: int) -> None:
        """Nothing: all was measured before."""


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Published]:
    """A record for every set that the config asks for."""
    return [Published(context, method, each) for each in published_sets(context.config)]


def _score(value: float) -> Score:
    if math.isfinite(value):
        return Score(value)
    return Score(None, "skipped", "the publication has no valid score")


def published_sets(config: RunConfig) -> list[ScoreSet]:
    """The sets that answer to ``config``'s settings: one for every proxy where sets differ in it, else one.

    Raises
    ------
    ConfigError
        For a task that takes no published scores, or where there is no such set.
    """
    task = config.task["name"]
    if not tasks.load(task).takes_published:
        takers = [name for name in tasks.names() if tasks.load(name).takes_published]
        raise ConfigError(
            f"Published are operation scores alone, so source=published goes with task={','.join(takers)}; "
            f"received task={task}: take that task, or source=measured."
        )
    training = training_of(config)
    asked = dict(_dotted(asdict(config) | {"training": asdict(training) if training else {"name": "none"}}))
    found = [
        operation_scores.find(config.space["name"], asked | {"proxy": proxy})
        for proxy in config.proxy["names"]
    ]
    return list({each.name: each for each in found}.values())


def _dotted(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
