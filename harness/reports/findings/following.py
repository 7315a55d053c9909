"""What to run next, as commands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness import aggregations, benchmarks, tasks
from harness.errors import HarnessError
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group

ENOUGH = 4
"""Seeds from which on a spread says something."""

USUAL = {"path": "exact", "variant": "paper", "masking": "drop", "source": "measured"}
"""Settings that need not be named, since they are the defaults."""

PLAIN = (
    "batch_size", "fidelity", "path", "variant", "masking", "source", "time_limit", "arithmetic", "precision",
)  # fmt: skip
"""Settings that no config group holds, and those that name a group's item."""

_BARE = re.compile(r"[\w.,/+-]+")


def following(groups: Sequence[Group], telling: Sequence[Group]) -> tuple[tuple[str, str], ...]:
    """Why and what: more seeds for the methods that the findings tell of, then the next larger setting."""
    found: list[tuple[str, str]] = []
    run = groups[0].run
    for group in telling:
        more = [seed for seed in range(ENOUGH) if seed not in group.seeds][: ENOUGH - len(group.seeds)]
        if more and not group.published:
            have = wording.counted(len(group.seeds), "seed")
            found.append((f"give {group.method}, which has {have}, a spread", command(group, more)))
    label = lookup.label_of(groups[0])
    if lookup.recipe_of(groups[0]) is not None or (label is not None and not label.known):
        return tuple(found)
    small = sorted({str(group.settings["fidelity"]) for group in groups if "fidelity" in group.settings})
    why = (
        f"these runs are of fidelity {', '.join(small)}; the benchmark's own networks, with 4 seeds"
        if small and small != ["benchmark"]
        else "more architectures and all methods with 4 seeds"
    )
    found.append((f"{why} (hours on 2 cores)", f"harness bench --space {run.space} --preset standard"))
    return tuple(found)


def command(group: Group, seeds: Sequence[int]) -> str:
    """A command that makes the records of ``group`` for other ``seeds``."""
    parts = ["harness run"]
    if len(seeds) > 1:
        parts.append("-m")
    parts += [f"task={group.run.task}", f"space={group.run.space}"]
    if group.run.label != _default(group.run.space):
        parts += lookup.truth_overrides(group)
    parts += [f"{name}={_text(value)}" for name, value in overrides(group)]
    return " ".join([*parts, f"seed={','.join(map(str, seeds))}"])


def overrides(group: Group) -> Iterator[tuple[str, Any]]:
    """Names and values on the command line, of all settings that are no digests and not the usual ones."""
    task = tasks.load(group.run.task)
    settings = {name: value for name, value in group.settings.items() if value is not None}
    if task.group == "proxy":
        yield "proxy", group.method
    else:
        yield task.group, settings.pop(task.group, group.method)
    yield from ((name, settings.pop(name)) for name in ("proxy",) if name in settings)
    for name, value in settings.items():
        option = task.options.get(name)
        if (
            name in ("truth", "table")
            or name.startswith("measured.")
            or name.endswith("digest")
            or USUAL.get(name) == value
            or (name == "of" and not _takes_list(group))
        ):
            continue
        if option is not None and option.default == value:
            continue
        yield _key(name, task), value


def _takes_list(group: Group) -> bool:
    """Whether its population proxy ranks a list that the user names."""
    proxy = str(group.settings.get("proxy") or group.method)
    return proxy in aggregations.names() and aggregations.load(proxy).ABOUT.any_list


def _key(name: str, task: tasks.Task) -> str:
    if name == "of":
        return "proxy.of"
    if name in PLAIN:
        return name
    if name in task.options:
        return f"task.{name}"
    if name.endswith(".name"):
        return name.removesuffix(".name")
    return name if "." in name else f"{task.group}.{name}"


def _text(value: Any) -> str:
    if isinstance(value, Mapping | list | tuple):
        return f"'{str(list(value)).replace(' ', '')}'"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if _BARE.fullmatch(text) else f"'{text}'"


def _default(space: str) -> str:
    try:
        return benchmarks.default_label(space)
    except HarnessError:
        return ""
