"""What was asked: the space, the label, the methods, seeds and input of the records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from harness import spaces, tasks
from harness.errors import HarnessError
from harness.reports import wording
from harness.reports.analysis.groups import Group

INPUT = {"input.name": "", "batch_size": "batch ", "fidelity": "fidelity "}
"""Settings that say what networks were shown, and the word before their values."""


def asked(groups: Sequence[Group], label_words: str) -> tuple[tuple[str, str], ...]:
    """Terms and their values, of the groups of one space and label."""
    run = groups[0].run
    rows = [
        ("Space", _space(run.space)),
        ("Label", ": ".join(filter(None, (run.label, label_words)))),
    ]
    rows += [(title.partition(":")[0], told) for title, told in _methods(groups)]
    told = [
        f"{word}{', '.join(values)}"
        for name, word in INPUT.items()
        if (values := sorted({str(group.settings[name]) for group in groups if name in group.settings}))
    ]
    if told:
        rows.append(("Input", ", ".join(told)))
    return tuple(rows)


def _space(name: str) -> str:
    try:
        return f"{name} ({spaces.load(name).title})"
    except HarnessError:
        return name


def _methods(groups: Sequence[Group]) -> Iterator[tuple[str, str]]:
    ordered = sorted(groups, key=lambda group: tasks.names().index(group.run.task))
    for name, members in groupby(ordered, lambda group: group.run.task):
        own = list(members)
        seeds = sorted({seed for group in own for seed in group.seeds})
        kind = tasks.load(name).group
        failed = sum(len(group.failed) for group in own)
        methods = len({group.method for group in own})
        told = f"{methods:,} {_plural(kind) if methods != 1 else kind}, {wording.seeds(seeds)}"
        yield tasks.load(name).title, told + (f", {wording.counted(failed, 'run')} failed" if failed else "")


def _plural(noun: str) -> str:
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
