"""Several spaces side by side: every method's number on each, with its rank there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness import tasks
from harness.reports import wording
from harness.reports.analysis.groups import Group
from harness.reports.analysis.quantity import Quantity, quantity_of
from harness.reports.model import Cell, Column, Row, Table
from harness.reports.tables.overall import Method, named
from harness.stats import mean_with_interval, ranks

Place = tuple[str, str]
"""Space and label."""

SHOWN = 6
"""Places whose columns are shown first."""


@dataclass(frozen=True)
class Matrix:
    """A task's methods on all places.

    ``values`` holds by place and method the number of every seed, higher is better, undefined ones left out;
    ``ranks`` the rank of their mean among the methods of a place, 1 the best, equal ones sharing theirs, and
    ``notes`` what networks were smaller than the benchmark's own. A method's settings are those that tell it
    from others of its name on the same place; ``kind`` is ``reference`` for oracles and published scores.
    ``measuring`` are those that read networks.
    """

    task: tasks.Task
    methods: tuple[Method, ...]
    places: tuple[Place, ...]
    values: Mapping[tuple[Place, Method], tuple[float, ...]]
    ranks: Mapping[tuple[Place, Method], float]
    notes: Mapping[tuple[Place, Method], str]
    measuring: frozenset[Method] = frozenset()

    def mean_rank(self, method: Method) -> float:
        """Over the places that have the method."""
        return float(np.mean([self.ranks[key] for key in self.ranks if key[1] == method]))

    def name(self, place: Place) -> str:
        """The space, and its label where several labels of it stand here."""
        labels = [label for space, label in self.places if space == place[0]]
        return place[0] if len(labels) == 1 else ", ".join(place)

    def mean(self, place: Place, method: Method) -> float:
        """Over the seeds; NaN where there is none."""
        return float(np.mean(self.values.get((place, method), (np.nan,))))


def matrices(groups: Sequence[Group]) -> tuple[Matrix, ...]:
    """One for every ranked task with at least 2 places that have at least 2 methods each."""
    found = (_matrix(tasks.load(name), groups) for name in tasks.names() if tasks.load(name).ranking)
    return tuple(each for each in found if len(each.places) > 1 and len(each.methods) > 1)


def _matrix(task: tasks.Task, groups: Sequence[Group]) -> Matrix:
    members = [group for group in groups if group.run.task == task.name and group.results]
    values: dict[tuple[Place, Method], list[float]] = {}
    notes: dict[tuple[Place, Method], str] = {}
    measuring: set[Method] = set()
    for group in members:
        beside = [other for other in members if other.place == group.place]
        settings = wording.title(group, beside).removeprefix(group.method).lstrip(", ")
        oracle = task.group == "scorer" and "fidelity" not in group.settings
        kind = "reference" if group.published or oracle else "method"
        for method, statistic in named(task, group, settings, kind).items():
            own = values.setdefault((group.place[1:], method), [])
            if method.kind != "baseline" or not own:
                own += [value for value in group.values(statistic) if value is not None]
            if "fidelity" in group.settings:
                measuring.add(method)
            fidelity = str(group.settings.get("fidelity", "benchmark"))
            if fidelity != "benchmark" and method.kind != "baseline":
                notes[group.place[1:], method] = f"fidelity {fidelity}"
    known = {key: tuple(own) for key, own in values.items() if own}
    methods_at = Counter(place for place, _ in known)
    known = {key: own for key, own in known.items() if methods_at[key[0]] > 1}  # alone is nobody first
    places = tuple(sorted({place for place, _ in known}))
    ranked: dict[tuple[Place, Method], float] = {}
    for place in places:
        here = sorted(method for where, method in known if where == place)
        means = np.array([np.mean(known[place, method]) for method in here])
        ranked |= {(place, method): float(rank) for method, rank in zip(here, ranks(-means), strict=True)}
    methods = {method for _, method in known}
    matrix = Matrix(task, (), places, known, ranked, notes)
    ordered = sorted(methods, key=lambda method: (matrix.mean_rank(method), method))
    return Matrix(task, tuple(ordered), places, known, ranked, notes, frozenset(measuring))


def table(matrix: Matrix) -> Table:
    """Methods by rising mean rank, a column for every place."""
    measure = matrix.task.ranking
    digits = measure.digits if measure else 3
    quantities = {place: _quantity(matrix.task, place) for place in matrix.places}
    columns = (
        Column("Method", "proxy, scorer or searcher; trivial baseline", numeric=False),
        Column("Mean rank", "over the places that have the method", lower_first=True),
        *(
            Column(
                matrix.name(place),
                f"{place[1]}: mean ± standard deviation over seeds, and the rank among all here",
                lower_first=quantities[place].lower_first,
                extra=number >= SHOWN,
            )
            for number, place in enumerate(matrix.places)
        ),
        Column("Places", "spaces and labels that have the method"),
    )
    rows = []
    for method in matrix.methods:
        here = [place for place in matrix.places if (place, method) in matrix.ranks]
        rank = matrix.mean_rank(method)
        cells = [_cell(matrix, place, method, quantities[place], digits) for place in matrix.places]
        note = "baseline" if method.kind == "baseline" else method.settings
        count = Cell(str(len(here)), float(len(here)))
        mean = Cell(wording.number(rank, 2), rank)
        rows.append(Row((Cell(method.name, method.title, note), mean, *cells, count), method.kind))
    words = measure.words if measure else ""
    return Table(f"Every space side by side: {words}", columns, tuple(rows), _caption(matrix))


def _quantity(task: tasks.Task, place: Place) -> Quantity:
    """Of the numbers: the label's where they are its figures, a bare one where they are correlations."""
    return quantity_of(*place) if task.ranking and task.ranking.name == "accuracy" else Quantity("", "")


def _cell(matrix: Matrix, place: Place, method: Method, quantity: Quantity, digits: int) -> Cell:
    values = matrix.values.get((place, method))
    if values is None:
        return Cell(wording.NONE)
    cell = wording.mean_cell(quantity.stat(mean_with_interval(values)), digits)
    seeds = "" if method.kind == "baseline" else f", {wording.counted(len(values), 'seed')}"
    small = matrix.notes.get((place, method), "")
    note = f"rank {wording.count(matrix.ranks[place, method])}{seeds}{f', {small}' if small else ''}"
    return Cell(cell.text, cell.sort, note)


def _caption(matrix: Matrix) -> tuple[str, ...]:
    return (
        "Each method with its own seeds; a rank is among the methods that have a number in that column, 1 "
        "the best.",
        "Methods that only some of the spaces have are ranked among other methods there than elsewhere: "
        "compare mean ranks of methods with as many places.",
    )
