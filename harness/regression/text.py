"""A comparison with golden results as lines of text: what moved, by how much, and since when it stood."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from harness.regression.compare import Compared
from harness.regression.goldens import MACHINE, Entry
from harness.regression.values import Finding
from harness.reports import wording

WORST = 5
"""Lines of one entry that are printed; the others are counted."""

_ABSENT = {"new": "has no golden one", "missing": "was not run, or left no record"}


def regression_lines(compared: Sequence[Compared]) -> list[str]:
    """What moved, entry by entry, and a verdict in the last line."""
    moved = [each for each in compared if each.findings]
    lines = []
    for (kind, why), group in groupby(sorted(moved, key=_whole), _whole):
        if kind:
            lines += [_several(list(group), why), ""]
            continue
        for each in group:
            lines += [*_heading(each), *_values(each.findings), ""]
    return [*lines, _verdict(compared, moved)]


def changes(before: Sequence[Entry], after: Sequence[Entry]) -> str:
    """What recording new goldens changed."""
    old, new = ({entry.key: entry for entry in entries} for entries in (before, after))
    kept = sum(old[key] == entry for key, entry in new.items() if key in old)
    came, gone = len(set(new) - set(old)), len(set(old) - set(new))
    changed = len(new) - came - kept
    return f"Recorded: {came} new, {changed} changed, {gone} gone; {kept} kept as they were."


def name(entry: Entry) -> str:
    """Task, space, label, method and seed."""
    seed = "" if entry.task == "tables" else f" seed={entry.seed}"
    return f"{entry.task} {entry.space} {entry.label} {entry.method}{seed}"


def since(entry: Entry) -> str:
    """Version, commit, reason and kind of machine of a golden entry."""
    origin = entry.since
    commit = f", commit {origin['commit'][:7]}" if origin["commit"] else ""
    changed = " with changes" if origin["dirty"] else ""
    machine = ", ".join(str(origin[part]) for part in MACHINE)
    return f"{origin['version']}{commit}{changed}, {origin['reason']!r}, on {machine}"


def _whole(each: Compared) -> tuple[bool, tuple[str, ...]]:
    """Whether the run as a whole is another, and how: alike ones are told together."""
    first = each.findings[0]
    if first.kind in _ABSENT:
        return True, (first.kind, each.entry.task, each.entry.space)
    if all(finding.kind == "settings" for finding in each.findings):
        told = "; ".join(_numbers(finding) for finding in each.findings)
        return True, ("settings", each.entry.task, each.entry.space, told)
    return False, (repr(each.entry.key),)


def _several(group: Sequence[Compared], why: tuple[str, ...]) -> str:
    kind, task, space, *told = why
    methods = ", ".join(dict.fromkeys(each.entry.method for each in group))
    count = f"{len(group)} runs" if len(group) > 1 else "the run"
    how = f"has other settings: {told[0]}" if told else _ABSENT[kind]
    return f"{task} {space}, {count} of {methods}\n  {kind}: {how if len(group) == 1 else _plural(how)}"


def _plural(how: str) -> str:
    return how.replace("has ", "have ", 1).replace("was ", "were ", 1)


def _heading(each: Compared) -> list[str]:
    kind = "same" if each.same_kind else "another"
    return [name(each.entry), f"  golden since {since(each.entry)} ({kind} kind of machine here)"]


def _values(findings: Sequence[Finding]) -> list[str]:
    lines = [f"  {finding.kind}: {_numbers(finding)}" for finding in findings[:WORST]]
    more = len(findings) - WORST
    return [*lines, f"  and {more} more that moved less or as much"] if more > 0 else lines


def _numbers(finding: Finding) -> str:
    text = f"{finding.where}: golden {_value(finding.golden)}, fresh {_value(finding.fresh)}"
    if finding.difference is None:
        return text
    allowed = f"allowed {finding.allowed:.0e}" if finding.allowed else "must be equal"
    return f"{text}, relative difference {finding.difference:.2g} ({allowed})"


def _value(value: Any) -> str:
    return "none" if value is None else wording.setting(value)


def _verdict(compared: Sequence[Compared], moved: Sequence[Compared]) -> str:
    count = f"{len(compared)} entries ({_counts(compared)})"
    if not moved:
        return f"Nothing moved: {count} agree with the golden ones."
    return f"{len(moved)} of {count} moved: {_counts(moved)}."


def _counts(compared: Sequence[Compared]) -> str:
    tasks = sorted(each.entry.task for each in compared)
    return ", ".join(f"{task} {tasks.count(task)}" for task in dict.fromkeys(tasks))
