"""Limits on what a search may find: their names and units, and what is checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping

from harness import benchmarks, registry, spaces
from harness.benchmarks import COUNTS
from harness.errors import ConfigError, UnknownNameError, unknown_name
from harness.evidence._method import Method
from harness.runs.config import RunConfig
from harness.spaces import Space

LARGEST_COUNT = 1e5
"""A count in millions that no network has: it was given in ones."""


def units(space: str, label: str) -> dict[str, str]:
    """By name the unit of every limit that a run on ``space`` under ``label`` can set.

    Besides the counts these are the labels of which less is better, such as latency, but not the run's own:
    a search must not see by what it is judged.
    """
    costs = {
        name: each.unit
        for name, each in benchmarks.labels(space).items()
        if not each.higher_is_better and name != label
    }
    return costs | dict(COUNTS)


def require_limits(config: RunConfig, method: Method | None) -> None:
    """Make sure that the run's method keeps its limits, and that each is one of the space's.

    Raises
    ------
    ConfigError, UnknownNameError
        Otherwise.
    """
    if not config.limits:
        return
    space = spaces.load(config.space["name"])
    if method is None or not keeps_limits(method, space) or config.source == "published":
        takers = [
            ",".join(name for name in registry.names(f"harness.{group}s") if _is_taker(group, name, space))
            for group in ("searcher", "shrinker")
        ]
        also = f", and by task=shrink with shrinker={takers[1]}" if takers[1] else ""
        given = f"task={config.task['name']}" + (f" {method.group}={method.name}" if method else "")
        raise ConfigError(
            f"Limits are kept by task=search with searcher={takers[0]}{also}; received "
            f"limits.{next(iter(config.limits))} with {given}: take one of these, or no limits."
        )
    allowed = units(config.space["name"], config.label)
    for name, bound in config.limits.items():
        if name not in allowed:
            raise _unknown(config.space["name"], name, allowed)
        if name in COUNTS and bound > LARGEST_COUNT:
            raise ConfigError(
                f"limits.{name} is in {COUNTS[name]}; received {bound:,.0f}, which no network has: write "
                f"{bound / 1e6:g} for {bound:,.0f} single ones."
            )


def keeps_limits(method: Method, space: Space) -> bool:
    """Whether it is a searcher whose evidence takes limits, and that does not say it cannot keep them.

    Or a shrinker that keeps them in the families of networks that it names, and ``space`` has such.
    """
    if method.group != "searcher":
        return space.family in getattr(method.module, "LIMITED_FAMILIES", ())
    if not getattr(method.module, "LIMITS", True):
        return False
    return bool(getattr(registry.load("harness.evidence", method.evidence, "evidence"), "LIMITS", False))


def _is_taker(group: str, name: str, space: Space) -> bool:
    try:
        return keeps_limits(Method(group, name, registry.load(f"harness.{group}s", name, group)), space)
    except ConfigError:  # of a broken item of another package
        return False


def _unknown(space: str, name: str, allowed: Mapping[str, str]) -> UnknownNameError:
    first = name.partition("_")[0]
    meant = next((each for each in sorted(allowed) if each.partition("_")[0] == first), None)
    told = ", ".join(f"{each} in {unit}" for each, unit in sorted(allowed.items()))
    return UnknownNameError(f"{unknown_name(f'limit of {space}', name, allowed, meant)} Units: {told}.")
