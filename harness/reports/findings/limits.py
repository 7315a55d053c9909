"""What the numbers of a report do not support."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness import tasks
from harness.reports import wording
from harness.reports.analysis import lookup
from harness.reports.analysis.groups import Group
from harness.reports.findings import parts

TENTH, FEW = 10, 30
"""Of the architectures scored the most accurate; below so many of them their ranking is noise."""


def limits(groups: Sequence[Group]) -> tuple[str, ...]:
    """Sentences, the weightiest first."""
    makers: tuple[Callable[[Sequence[Group]], str], ...] = (
        _single_seeds,
        _truth,
        _small,
        _few,
        _ranks,
        _failed,
    )
    return tuple(filter(None, (maker(groups) for maker in makers)))


def _truth(groups: Sequence[Group]) -> str:
    """That the truth is no published figure, where it was measured here."""
    if not any(lookup.recipe_of(group) for group in groups):
        return ""
    if all(map(lookup.restores, groups)):
        return (
            "The truth was fitted here: it says how networks restore this one image from this one "
            "degradation after so many iterations, and nothing of other images, sizes or lengths."
        )
    return (
        "The truth was trained here at a small fidelity: it orders networks as that training does, not as a "
        "benchmark's full training would."
    )


def _single_seeds(groups: Sequence[Group]) -> str:
    """Methods that draw at random and have one seed."""
    scored = [group for group in groups if group.results and not group.published]
    single = [group for group in scored if len(group.seeds) == 1 and _draws(group)]
    if not single:
        return ""
    by_task: dict[str, list[str]] = {}
    for group in single:
        by_task.setdefault(group.run.task, []).append(group.method)
    if len(single) == len([group for group in scored if _draws(group)]):
        return (
            f"Every method has one seed ({wording.seeds(single[0].seeds)}): no number here has a spread over "
            "seeds, and none of them stands for its method."
        )
    told = "; ".join(f"{task}: {', '.join(dict.fromkeys(names))}" for task, names in by_task.items())
    return f"One seed alone ({told}): these numbers have no spread, and do not stand for their methods."


def _draws(group: Group) -> bool:
    """Whether another seed could give another number: not so of an oracle, nor of what takes the largest."""
    return parts.measured(group) or "queries" in group.settings or "population" in group.settings


def _small(groups: Sequence[Group]) -> str:
    scored = [group for group in groups if parts.measured(group) and "fidelity" in group.settings]
    names = sorted({str(group.settings["fidelity"]) for group in scored})
    small = [name for name in names if name != "benchmark"]
    if not small:
        return ""
    return (
        f"Networks of fidelity {', '.join(small)} are smaller than the benchmark's own: what is said here of "
        "a proxy is said of its score on those."
    )


def _few(groups: Sequence[Group]) -> str:
    scored = [group for group in groups if group.results and tasks.load(group.run.task).shared]
    counts = [count for group in scored for count in group.values("population.sampled") if count is not None]
    if not counts or max(counts) // TENTH >= FEW:
        return ""
    top = wording.spread(float(count // TENTH) for count in counts)
    return (
        f"Of the architectures that were scored, {top} make the top tenth: too few to say which score tells "
        "good architectures apart."
    )


def _ranks(groups: Sequence[Group]) -> str:
    """Searches whose seeds end far from each other."""
    found = []
    for group in groups:
        ranks = [rank for rank in group.values("rank") if rank is not None] if group.results else []
        if len(ranks) > 1 and parts.measured(group) and max(ranks) > 10 * min(ranks):
            found.append(f"{group.method} (ranks {wording.spread(ranks)})")
    return f"Which rank a single run finds hangs on its seed: {', '.join(found)}." if found else ""


def _failed(groups: Sequence[Group]) -> str:
    failed = [group.method for group in groups if group.failed]
    return f"Runs failed, and are missing here: {', '.join(dict.fromkeys(failed))}." if failed else ""
