"""Numbers, seeds and settings as a reader sees them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.records import method_parts
from harness.records.failures import failures as failures_of
from harness.reports.analysis.groups import Group
from harness.reports.analysis.origins import TITLES
from harness.reports.analysis.origins import values as values_of
from harness.reports.model import Bar, Cell, Column, Row

NONE = "–"
_DIGEST = re.compile(r"[0-9a-f]{40,}")


def number(value: float | None, digits: int) -> str:
    """``value`` with ``digits`` decimals, thousands apart, a true minus sign; a dash where undefined."""
    if value is None:
        return NONE
    text = f"{value:,.{digits}f}"
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.,") else f"−{text[1:]}"
    return text


def count(value: float | None) -> str:
    """A whole number without decimals, a mean of whole numbers with one."""
    return number(value, 0 if value is None or float(value).is_integer() else 1)


def mean_cell(stat: Mapping[str, Any], digits: int, whole: bool = False) -> Cell:
    """Mean +- standard deviation over seeds; the mean alone where there is one seed."""
    text = count(stat["mean"]) if whole else number(stat["mean"], digits)
    if stat["sd"] is not None and not (whole and stat["sd"] == 0):
        text += f" ± {number(stat['sd'], 1 if whole else digits)}"
    note = f"{stat['undefined']} of {stat['n'] + stat['undefined']} undefined" if stat["undefined"] else ""
    return Cell(text, stat["mean"], note if stat["n"] else "undefined")


def interval_cell(group: Group, name: str) -> Cell:
    """The bootstrap interval over architectures, its ends averaged over the seeds, with its bar."""
    value, low, high = (group.stat(f"{name}{end}")["mean"] for end in ("", "_low", "_high"))
    if value is None:
        return Cell(NONE)
    text = NONE if low is None or high is None else f"{number(low, 2)} to {number(high, 2)}"
    return Cell(text, value, bar=Bar(value, low, high))


def spread(values: Iterable[float | None]) -> str:
    """``7`` where all are 7, ``5–9`` where they lie between."""
    known = sorted({value for value in values if value is not None})
    if not known:
        return NONE
    return number(known[0], 0) if len(known) == 1 else f"{number(known[0], 0)}–{number(known[-1], 0)}"


def spread_of(values: Iterable[float | None], digits: int = 2) -> str:
    """The same for numbers with decimals."""
    known = sorted({number(value, digits) for value in values if value is not None})
    return "–".join((known[0], known[-1])[: len(known)]) if known else NONE


def seeds(numbers: Sequence[int]) -> str:
    """``seed 3``, ``seeds 0–3``, ``seeds 0, 2, 5``, ``no seed``."""
    if not numbers:
        return "no seed"
    if len(numbers) == 1:
        return f"seed {numbers[0]}"
    ordered = sorted(numbers)
    if len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"seeds {ordered[0]}–{ordered[-1]}"
    return f"seeds {', '.join(map(str, ordered))}"


def setting(value: Any) -> str:
    """A setting's value; of a digest the first 8 digits."""
    text = str(value)
    return text[:8] if _DIGEST.fullmatch(text) else text


def usual_settings(groups: Sequence[Group]) -> dict[str, Any]:
    """The settings that more than half of ``groups`` have, by dotted name."""
    usual = {}
    for key in dict.fromkeys(key for group in groups for key in group.settings):
        values = [repr(group.settings[key]) for group in groups if key in group.settings]
        (value, times), *_ = Counter(values).most_common(1)
        if 2 * times > len(groups):
            usual[key] = next(g.settings[key] for g in groups if repr(g.settings.get(key)) == value)
    return usual


def own_settings(group: Group, groups: Sequence[Group]) -> str:
    """The settings that tell ``group`` from the usual and from other groups of the same method.

    What the method's name already says (its proxy, its searcher) is left out.
    """
    usual = usual_settings(groups)
    namesakes = [other.settings for other in groups if other.method == group.method]
    values = {str(value) for value in group.settings.values()}
    named_by = {group.method, *method_parts(group.method, values)}
    parts = []
    for key in _without_figures(sorted(set(usual) | set(group.settings))):
        value = group.settings.get(key)
        telling = any(other.get(key) != value for other in namesakes)
        named = value is None or str(value) in named_by
        if telling or (usual.get(key) != value and not named):
            parts.append(f"{key}={setting(value)}")
    return ", ".join(parts)


def settings_sentence(groups: Sequence[Group]) -> str:
    """The usual settings as one sentence, without those that methods are named by."""
    values = {str(value) for group in groups for value in group.settings.values()}
    named = {part for group in groups for part in (group.method, *method_parts(group.method, values))}
    usual = ", ".join(
        f"{key}={setting(value)}"
        for key, value in sorted(usual_settings(groups).items())
        if value is not None and str(value) not in named
    )
    return f"Settings, where a row does not say otherwise: {usual}." if usual else "No settings in common."


def failures(group: Group) -> str:
    """``12 disconnected, 3 nan`` over all seeds, or nothing."""
    total: dict[str, int] = {}
    for result in group.results:
        for status, occurrences in result.failures.items():
            total[status] = total.get(status, 0) + occurrences
    return ", ".join(f"{number(occurrences, 0)} {status}" for status, occurrences in sorted(total.items()))


def failed_seeds(group: Group) -> str:
    """What became of seeds that have no ok run."""
    by_reason: dict[str, list[int]] = {}
    for seed, reason in sorted(group.failed.items()):
        by_reason.setdefault(reason, []).append(seed)
    return "; ".join(f"{seeds(numbers)} failed: {reason}" for reason, numbers in by_reason.items())


def method_cell(group: Group, groups: Sequence[Group]) -> Cell:
    """The method's name, what tells its runs from others', and failed seeds."""
    notes = filter(None, (own_settings(group, groups), failed_seeds(group)))
    records = tuple((str(seed), path) for seed, path in zip(group.seeds, group.records, strict=True))
    return Cell(group.method, group.method, "; ".join(notes), records=records)


def seeds_cell(group: Group) -> Cell:
    """How many runs were averaged."""
    return Cell(str(len(group.seeds)), float(len(group.seeds)))


def rows_of_failed(groups: Sequence[Group], columns: Sequence[Column]) -> tuple[Row, ...]:
    """A row for each group without a run that succeeded, its method first and its number of seeds last."""
    blank = [Cell(NONE)] * (len(columns) - 2)
    return tuple(
        Row((method_cell(group, groups), *blank, seeds_cell(group)), "failed")
        for group in groups
        if not group.results
    )


def title(group: Group, groups: Sequence[Group]) -> str:
    """The method, and those of its settings that tell its runs from others of the method in ``groups``."""
    namesakes = [other for other in groups if other.method == group.method]
    keys = dict.fromkeys(key for other in namesakes for key in other.settings)
    telling = _without_figures(
        [key for key in sorted(keys) if len({repr(other.settings.get(key)) for other in namesakes}) > 1]
    )
    own = {key: group.settings[key] for key in telling if group.settings.get(key) is not None}
    return ", ".join((group.method, *(f"{key}={setting(value)}" for key, value in own.items())))


def _without_figures(keys: Sequence[str]) -> list[str]:
    """``keys`` without the digests of the figures behind limits, where limits themselves are among them."""
    limited = any(key.startswith("limits.") for key in keys)
    return [key for key in keys if not (limited and key.startswith("limits_truth."))]


def label_sentence(group: Group, label_words: str) -> str:
    """Which accuracy counts."""
    return f"Label {group.run.label}{f' ({label_words})' if label_words else ''}."


def all_settings(group: Group) -> str:
    """Every setting of the group's runs as one sentence."""
    parts = ", ".join(f"{key}={setting(value)}" for key, value in sorted(group.settings.items()))
    return f"Settings: {parts or 'none'}."


def left_out(shown: Sequence[Group], groups: Sequence[Group], noun: str) -> str:
    """That a chart does not draw all of ``groups``; empty where it does."""
    return f" The first {len(shown)} of {len(groups)} {noun} are drawn." if len(groups) > len(shown) else ""


def records(groups: Sequence[Group]) -> tuple[Path, ...]:
    """Files of the records of all ``groups``."""
    return tuple(path for group in groups for path in group.records)


def publications(groups: Sequence[Group]) -> str:
    """Where the scores of published methods come from; empty where all were measured."""
    places: dict[str, dict[str, None]] = {}
    for group in groups:
        for origin in group.origins:
            made = origin["published"]
            if made is not None:
                release = f"{made['release']} ({made['source']}, {made['licence']} licence)"
                places.setdefault(release, {})[made["place"]] = None
    return " ".join(
        f"Rows in -published: operation scores that others measured and published, {release}: "
        f"{'; '.join(sets)}. `python -m harness.cli.tables list` says where each set stands."
        for release, sets in places.items()
    )


def counted(number: int, noun: str) -> str:
    """``1 run``, ``1,200 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def failed_rows(groups: Sequence[Group]) -> tuple[str, ...]:
    """A sentence on rows that could not be measured, with the first reasons; none where all could."""
    sentences = []
    for group in groups:
        total = sum((result.failed for result in group.results), start=failures_of({}))
        if total.failed:
            sentences.append(f"{group.method}, {total.words} ({total.why})")
    return (f"Rows that could not be measured: {'; '.join(sentences)}.",) if sentences else ()


def provenance(groups: Sequence[Group]) -> str:
    """Which code, versions and machines the records come from."""
    origins = [origin for group in groups for origin in group.origins]
    parts = []
    for name, title in TITLES.items():
        if values := values_of(origins, name):
            parts.append(f"{title}: {', '.join(values)}")
    dirty = sum(bool(origin["dirty"]) for origin in origins)
    if dirty:
        parts.append(f"{counted(dirty, 'run')} from a clone with uncommitted changes")
    return f"Provenance of the records: {'; '.join(parts)}." if parts else "The records name no provenance."
