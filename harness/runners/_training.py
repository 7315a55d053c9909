"""Whether and how a run's supernet is trained, read off its config."""

from __future__ import annotations

from types import ModuleType

from harness import registry, scorers, searchers, tasks
from harness.errors import ConfigError, unknown_name
from harness.groups import GROUPS
from harness.options import settings_of
from harness.runs.config import RunConfig, Training


def training_of(config: RunConfig) -> Training | None:
    """How the supernet of the run's method is trained, ``None`` where it keeps its initial weights.

    ``default`` is no training for a method that reads proxies, and for one that reads a trained supernet its
    own ``TRAINING``.

    Raises
    ------
    ConfigError, UnknownNameError
        For an unknown ``training``, a setting that is no positive integer, and ``none`` where the method
        reads a trained supernet.
    """
    asked = config.training.get("name")
    allowed = registry.names("harness.training")
    if asked not in ("default", *allowed):
        raise unknown_name("training", asked, ("default", *allowed))
    kind = tasks.load(config.task["name"]).group
    name = getattr(config, kind).get("name")
    if kind not in ("scorer", "searcher"):
        return None
    method = {"scorer": scorers, "searcher": searchers}[kind].load(name)
    reads = method.READS
    if reads == "trained" and asked == "none":
        raise ConfigError(
            f"{kind}={name} reads a trained supernet and received training=none; leave training=default, "
            f"which is {method.TRAINING} there, or name one of {', '.join(sorted({*allowed} - {'none'}))}."
        )
    if reads not in ("trained", "proxy") or asked == "none" or (reads == "proxy" and asked == "default"):
        return None
    return Training(method.TRAINING if asked == "default" else asked, **_lengths(config))


def _lengths(config: RunConfig) -> dict[str, int | None]:
    lengths = settings_of("training", config.training, GROUPS["training"].options)
    return lengths | {"images": None if lengths["images"] == "all" else lengths["images"]}


def on(method: str, item: ModuleType, training: Training | None) -> str:
    """The name of ``method``, with the training of its supernet where that is not ``item``'s own."""
    own = training is None or training.name == getattr(item, "TRAINING", None)
    return method if own else f"{method}-on_{training.name}"
