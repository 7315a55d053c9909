"""What one item gave on the CPU and, twice, on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.gpu.tolerances import Tolerance

Outcome = tuple[float | None, str]
"""A value, None where there is none, and its status."""


@dataclass(frozen=True)
class Compared:
    """One proxy or scorer on one space: how far apart, how far it may be, and what is wrong."""

    space: str
    item: str
    distance: float
    tolerance: Tolerance
    wrong: tuple[str, ...] = ()
    seconds: float = 0.0
    """Of the device's first time."""


def compared(
    space: str,
    item: str,
    tolerance: Tolerance,
    cpu: Sequence[Outcome],
    device: Sequence[Outcome],
    again: Sequence[Outcome],
    beside: Sequence[float] = (),
    seconds: float = 0.0,
) -> Compared:
    """Hold the device's outcomes to the CPU's within ``tolerance``, and to its own second time to the bit.

    ``beside`` are the values that differences are divided by, where the tolerance says so.
    """
    wrong = []
    statuses = [(here[1], there[1]) for here, there in zip(cpu, device, strict=True) if here[1] != there[1]]
    if statuses:
        wrong.append(f"status {statuses[0][1]}, on the CPU {statuses[0][0]}")
    if all(value is None for value, _ in device):
        wrong.append("no value")
    if list(device) != list(again):
        wrong.append("another value the second time")
    pairs = [
        (here[0], there[0])
        for here, there in zip(cpu, device, strict=True)
        if None not in (here[0], there[0])
    ]
    if tolerance.beside is None:
        distance = tolerance.distance(*zip(*pairs, strict=True)) if pairs else 0.0
    else:
        scaled = zip(pairs, beside, strict=True)
        distance = max(abs(here - there) / scale for (here, there), scale in scaled)
    if not distance <= tolerance.allowed:
        wrong.append(f"{distance:.1e} apart, allowed {tolerance.allowed:.1e}")
    return Compared(space, item, distance, tolerance, tuple(wrong), seconds)


def table(title: str, found: Sequence[Compared], spaces: Sequence[str]) -> list[str]:
    """Markdown: a row for every item, its distance on every space; what is wrong stands below."""
    lines = [
        f"| {title} | {' | '.join(spaces)} | allowed | because of |",
        f"|---|{'---|' * len(spaces)}---|---|",
    ]
    by_item: dict[str, dict[str, Compared]] = {}
    for each in found:
        by_item.setdefault(each.item, {})[each.space] = each
    for item, by_space in sorted(by_item.items()):
        tolerance = next(iter(by_space.values())).tolerance
        cells = " | ".join(_cell(by_space, space) for space in spaces)
        lines.append(f"| `{item}` | {cells} | {tolerance.allowed:.0e} | {tolerance.reason} |")
    wrong = [f"- {each.item} on {each.space}: {', '.join(each.wrong)}" for each in found if each.wrong]
    return [*lines, "", *(wrong or ["All within what is allowed, and the same to the bit the second time."])]


def _cell(by_space: Mapping[str, Compared], space: str) -> str:
    if space not in by_space:
        return "–"
    each = by_space[space]
    return f"{each.distance:.0e}{' **wrong**' if each.wrong else ''}"
