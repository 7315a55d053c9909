"""Which published operation scores a config asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from harness import tasks
from harness.benchmarks import operation_scores
from harness.benchmarks.operation_scores import ScoreSet
from harness.errors import ConfigError
from harness.runners._training import training_of
from harness.runs.config import RunConfig


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
