"""A comparison of two methods as lines of text, the verdict last."""

from __future__ import annotations

from collections.abc import Sequence

from harness.comparison.methods import Comparison, Contrast, Match
from harness.reports import wording
from harness.reports.analysis.origins import differing
from harness.stats import RESAMPLES

LEVEL = 0.05
"""A corrected p-value below this decides a contrast."""

HEAD = ("", "A", "B", "A − B", "95 % interval", "p", "p, Holm")


def comparison_lines(comparison: Comparison) -> list[str]:
    """The table, what it rests on, and whether A beats B."""
    table = [HEAD, *(_cells(contrast) for contrast in comparison.contrasts)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    lines = [f"A  {comparison.a}", f"B  {comparison.b}", "", _row(HEAD, widths)]
    cells = iter(table[1:])
    for match in comparison.matches:
        lines.append(_heading(match))
        lines += [_row(next(cells), widths) for _ in match.contrasts] or ["  undefined in every seed"]
        lines += _remarks(match)
    return [
        *lines,
        "",
        *_rests_on(comparison),
        "",
        verdict(comparison),
    ]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join((f"  {first.strip().ljust(widths[0])}", *others)).rstrip()


def _cells(contrast: Contrast) -> tuple[str, ...]:
    difference = contrast.difference
    ends = (wording.number(end, contrast.digits) for end in (difference.low, difference.high))
    return (
        contrast.measure,
        wording.mean_cell(contrast.a, contrast.digits).text,
        wording.mean_cell(contrast.b, contrast.digits).text,
        _signed(difference.value, contrast.digits),
        wording.NONE if difference.low is None else " to ".join(ends),
        wording.number(difference.p, 3),
        wording.number(contrast.corrected, 3),
    )


def _signed(value: float | None, digits: int) -> str:
    text = wording.number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text


def _heading(match: Match) -> str:
    over = wording.seeds(match.seeds)
    if match.architectures:
        over = f"{wording.spread(match.architectures)} architectures, {over}"
    return "  ".join(filter(None, (*match.place, f"({over})", match.note)))


def _remarks(match: Match) -> list[str]:
    """Why a number is missing, and which contrasts rest on fewer seeds than the match."""
    sentences = []
    for contrast in match.contrasts:
        if contrast.difference.reason:
            sentences.append(f"    {contrast.measure}: {contrast.difference.reason}")
        if contrast.seeds != match.seeds:
            seeds = wording.seeds(contrast.seeds)
            sentences.append(f"    {contrast.measure}: {seeds} alone, undefined in the others")
    return sentences


def _rests_on(comparison: Comparison) -> list[str]:
    sentences = []
    if any(match.architectures for match in comparison.matches):
        sentences.append(
            f"Over architectures: those that both scored; {RESAMPLES:,} bootstrap resamples, alike for both."
        )
    if any(not match.architectures for match in comparison.matches):
        sentences.append("Over seeds: paired by seed, Student's t.")
    sentences.append("Holm: p corrected for the number of lines. Higher is better everywhere.")
    sentences += filter(None, [differing(comparison.origins)])
    return [*sentences, *_unknown_seeds(comparison), *(f"Left out: {why}" for why in comparison.left_out)]


def verdict(comparison: Comparison) -> str:
    """Who beats whom, by how much where there is one contrast, and which way undecided ones lean."""
    contrasts = [each for each in comparison.contrasts if each.difference.value is not None]
    decided = [each for each in contrasts if each.corrected is not None and each.corrected < LEVEL]
    a, b = comparison.a, comparison.b
    if not contrasts:
        return f"Nothing can be said: no line has a value for both {a} and {b}."
    if not decided:
        leaning = _leaning(contrasts, a, b) if len(contrasts) > 1 else []
        return " ".join((_undecided(contrasts), *leaning))
    others = [each for each in contrasts if each not in decided]
    wins = sum((each.difference.value or 0) > 0 for each in decided)
    ahead, behind = (a, b) if wins else (b, a)
    if wins not in (0, len(decided)):
        losses = len(decided) - wins
        first = f"It depends: {a} beats {b} on {wins} of {len(contrasts)} lines, {b} beats {a} on {losses}"
    elif len(contrasts) == 1:
        by = wording.number(abs(contrasts[0].difference.value or 0), contrasts[0].digits)
        first = f"{ahead} beats {behind} by {by}"
    else:
        first = f"{ahead} beats {behind} on {len(decided)} of {len(contrasts)} lines and is beaten on none"
    return " ".join((f"{first} (p, Holm < {LEVEL}).", *_leaning(others, a, b)))


def _undecided(contrasts: Sequence[Contrast]) -> str:
    if len(contrasts) == 1:
        return f"Undecided: the difference does not have p, Holm < {LEVEL}."
    return f"Undecided: none of the {len(contrasts)} differences has p, Holm < {LEVEL}."


def _leaning(contrasts: Sequence[Contrast], a: str, b: str) -> list[str]:
    """Which way undecided lines lean."""
    if not contrasts:
        return []
    values = [each.difference.value or 0 for each in contrasts]
    ahead = {a: sum(value > 0 for value in values), b: sum(value < 0 for value in values)}
    parts = [f"{name} is ahead on {count}" for name, count in ahead.items() if count]
    tied = len(values) - sum(ahead.values())
    parts += [f"{tied} {'is' if tied == 1 else 'are'} equal"] if tied else []
    return [f"Of the {len(contrasts)} undecided, {', '.join(parts)}."]


def _unknown_seeds(comparison: Comparison) -> list[str]:
    """What one seed cannot say."""
    over_seeds = [match for match in comparison.matches if not match.architectures]
    if any(len(contrast.seeds) == 1 for match in over_seeds for contrast in match.contrasts):
        return [
            "One seed has no spread: where there is only one, run more to learn how sure the difference is."
        ]
    if any(len(match.seeds) == 1 for match in comparison.matches):
        return ["An interval over the architectures of one seed says nothing of other seeds."]
    return []
