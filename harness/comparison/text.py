"""A comparison of two methods as lines of text, the verdict last."""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.methods import Block, Line, Versus
from harness.reports import wording
from harness.reports.analysis.origins import differing
from harness.stats import RESAMPLES

LEVEL = 0.05
"""A corrected p-value below this decides a line."""

HEAD = ("", "A", "B", "A − B", "95 % interval", "p", "p, Holm")


def versus_lines(versus: Versus) -> list[str]:
    """The table, what it rests on, and whether A beats B."""
    table = [HEAD, *(_cells(line) for line in versus.lines)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    lines = [f"A  {versus.a}", f"B  {versus.b}", "", _row(HEAD, widths)]
    cells = iter(table[1:])
    for block in versus.blocks:
        lines.append(_heading(block))
        lines += [_row(next(cells), widths) for _ in block.lines] or ["  undefined in every seed"]
        lines += _remarks(block)
    return [
        *lines,
        "",
        *_rests_on(versus),
        "",
        verdict(versus),
    ]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((f"  {first.strip().ljust(widths[0])}", *others)).rstrip()


def _cells(line: Line) -> tuple[str, ...]:
    difference = line.difference
    ends = (wording.number(end, line.digits) for end in (difference.low, difference.high))
    return (
        line.measure,
        wording.mean_cell(line.a, line.digits).text,
        wording.mean_cell(line.b, line.digits).text,
        _signed(difference.value, line.digits),
        wording.NONE if difference.low is None else " to ".join(ends),
        wording.number(difference.p, 3),
        wording.number(line.corrected, 3),
    )


def _signed(value: float | None, digits: int) -> str:
    text = wording.number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def _heading(block: Block) -> str:
    over = wording.seeds(block.seeds)
    if block.architectures:
        over = f"{wording.spread(block.architectures)} architectures, {over}"
    return "  ".join(filter(None, (*block.place, f"({over})", block.note)))


def _remarks(block: Block) -> list[str]:
    """Why a number is missing, and which lines rest on fewer seeds than the block."""
    told = []
    for line in block.lines:
        if line.difference.reason:
            told.append(f"    {line.measure}: {line.difference.reason}")
        if line.seeds != block.seeds:
            told.append(f"    {line.measure}: {wording.seeds(line.seeds)} alone, undefined in the others")
    return told


def _rests_on(versus: Versus) -> list[str]:
    told = []
    if any(block.architectures for block in versus.blocks):
        told.append(
            f"Over architectures: those that both scored; {RESAMPLES:,} bootstrap resamples, alike for both."
        )
    if any(not block.architectures for block in versus.blocks):
        told.append("Over seeds: paired by seed, Student's t.")
    told.append("Holm: p corrected for the number of lines. Higher is better everywhere.")
    told += filter(None, [differing(versus.origins)])
    return [*told, *_unknown_seeds(versus), *(f"Left out: {why}" for why in versus.left_out)]


def verdict(versus: Versus) -> str:
    """Who beats whom, by how much where there is one line, and which way undecided ones lean."""
    lines = [line for line in versus.lines if line.difference.value is not None]
    decided = [line for line in lines if line.corrected is not None and line.corrected < LEVEL]
    a, b = versus.a, versus.b
    if not lines:
        return f"Nothing can be said: no line has a value for both {a} and {b}."
    if not decided:
        leaning = _leaning(lines, a, b) if len(lines) > 1 else []
        return " ".join((_undecided(lines), *leaning))
    others = [line for line in lines if line not in decided]
    wins = sum(line.difference.value > 0 for line in decided)
    ahead, behind = (a, b) if wins else (b, a)
    if wins not in (0, len(decided)):
        losses = len(decided) - wins
        first = f"It depends: {a} beats {b} on {wins} of {len(lines)} lines, {b} beats {a} on {losses}"
    elif len(lines) == 1:
        by = wording.number(abs(lines[0].difference.value), lines[0].digits)
        first = f"{ahead} beats {behind} by {by}"
    else:
        first = f"{ahead} beats {behind} on {len(decided)} of {len(lines)} lines and is beaten on none"
    return " ".join((f"{first} (p, Holm < {LEVEL}).", *_leaning(others, a, b)))


def _undecided(lines: Sequence[Line]) -> str:
    if len(lines) == 1:
        return f"Undecided: the difference does not have p, Holm < {LEVEL}."
    return f"Undecided: none of the {len(lines)} differences has p, Holm < {LEVEL}."


def _leaning(lines: Sequence[Line], a: str, b: str) -> list[str]:
    """Which way undecided lines lean."""
    if not lines:
        return []
    values = [line.difference.value for line in lines]
    ahead = {a: sum(value > 0 for value in values), b: sum(value < 0 for value in values)}
    parts = [f"{name} is ahead on {count}" for name, count in ahead.items() if count]
    tied = len(values) - sum(ahead.values())
    parts += [f"{tied} {'is' if tied == 1 else 'are'} equal"] if tied else []
    return [f"Of the {len(lines)} undecided, {', '.join(parts)}."]


def _unknown_seeds(versus: Versus) -> list[str]:
    """What one seed cannot say."""
    if any(
        len(line.seeds) == 1 for block in versus.blocks if not block.architectures for line in block.lines
    ):
        return [
            "One seed has no spread: where there is only one, run more to learn how sure the difference is."
        ]
    if any(len(block.seeds) == 1 for block in versus.blocks):
        return ["An interval over the architectures of one seed says nothing of other seeds."]
    return []
