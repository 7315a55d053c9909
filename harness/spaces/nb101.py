"""NAS-Bench-101: all cells of at most seven vertices and nine edges.

Ying, Klein, Christiansen, Real, Murphy and Hutter, "NAS-Bench-101: Towards Reproducible Neural
Architecture Search", ICML 2019.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, combinations

import numpy as np

from harness.errors import ConfigError
from harness.spaces._nb101 import CANONICAL_OPERATIONS, Cell, SpaceOfCells
from harness.spaces._nb101_forms import BASE, EDGES, INNER, PLACES, kept, normal_numbers
from harness.spaces._space import Architecture, Decision

MOST_EDGES = 9
_PART = re.compile(r"([a-z0-9-]*)@(\d(?:,\d)*)")
_REMEMBERED = 2**16

Parents = tuple[frozenset[int], ...]
"""By place, from the input to the output, where its edges come from."""


class NB101(SpaceOfCells):
    """423,624 cells; nobody lists them but the benchmark's table.

    A decision for every edge and for the operation in every inner place. Places without a vertex on a way
    from input to output have no effect; isomorphic cells have one normal form
    (:mod:`harness.spaces._nb101_forms`).
    """

    name = "nb101"
    title = "NAS-Bench-101"
    family = "nb101"
    decisions = tuple(
        Decision(f"{target}<-{source}", ("absent", "present"), kind="edge")
        for source, target in reversed(EDGES)
    ) + tuple(Decision(f"op_{place}", CANONICAL_OPERATIONS) for place in range(1, INNER + 1))
    identity_candidates: frozenset[str] = frozenset()
    one_key_per_network = True
    stages = INNER
    forms = (
        "its string such as conv3x3-bn-relu@0|maxpool3x3@0,1|@1,2, NASBench-101's (matrix, operations) or "
        "{'matrix': ..., 'ops': ...}, or a sequence with the picked index of every decision"
    )

    def format(self, arch: Architecture) -> str:
        """Vertices as ``operation@parents``, then the output's parents: ``conv3x3-bn-relu@0|@0,1``."""
        cell = self.cell(arch)
        names = [*cell.operations, ""]
        parts = zip(names, cell.parents[1:], strict=True)
        return "|".join(f"{name}@{','.join(map(str, parents))}" for name, parents in parts)

    def parse_text(self, text: str) -> Architecture:
        """Read :meth:`format`'s string, with vertices in any order in which edges lead on."""
        matches = [_PART.fullmatch(part) for part in text.split("|")]
        arch = None
        if all(matches) and len(matches) < PLACES:
            names = [match[1] for match in matches if match]
            parents = [{int(digit) for digit in match[2].split(",")} for match in matches if match]
            backwards = any(max(each) > v for v, each in enumerate(parents))
            if names[-1] == "" and set(names[:-1]) <= set(CANONICAL_OPERATIONS) and not backwards:
                arch = _normal(_encoded([set(), *parents], names[:-1]))
        if arch is None or not self.has(arch):
            raise ConfigError(
                f"A cell of NAS-Bench-101 is written like conv3x3-bn-relu@0|maxpool3x3@0,1|@1,2, with at "
                f"most {INNER} operations of {', '.join(CANONICAL_OPERATIONS)} and {MOST_EDGES} edges; "
                f"received {text!r}."
            )
        return arch

    def of_cell(self, cell: Cell) -> Architecture:
        """Its architecture, where it is no larger than NAS-Bench-101's are."""
        edges = sum(map(len, cell.parents))
        if len(cell.parents) > PLACES or edges > MOST_EDGES:
            raise ConfigError(
                f"NAS-Bench-101 has cells of at most {PLACES} vertices and {MOST_EDGES} edges; received "
                f"{len(cell.parents)} and {edges}."
            )
        return _normal(_encoded(list(map(set, cell.parents)), list(cell.operations)))

    def has(self, arch: Architecture) -> bool:
        """Whether a way leads from input to output, over no more edges than cells have."""
        return 1 <= sum(pick for (pick,) in _normal(arch)[: len(EDGES)]) <= MOST_EDGES

    def validate(self, arch: Architecture) -> None:
        super().validate(arch)
        if not self.has(arch):
            raise ConfigError(
                f"A cell of {self.name} has a way from input to output and at most {MOST_EDGES} edges on "
                f"such ways; received {arch!r}."
            )

    def normalise(self, arch: Architecture) -> Architecture:
        return _normal(arch)

    def active(self, arch: Architecture) -> tuple[bool, ...]:
        used = {*kept(_parents(arch)), 0, PLACES - 1}
        edges = [source in used and target in used for source, target in reversed(EDGES)]
        return (*edges, *(place in used for place in range(1, INNER + 1)))

    def connected(self, arch: Architecture) -> bool:
        return bool(kept(_parents(arch)))

    def cell(self, arch: Architecture) -> Cell:
        """The cell without vertices that are on no way from input to output."""
        normal = _normal(arch)
        parents = _parents(normal)
        vertices = kept(parents) or [0, PLACES - 1]  # without a way from one to the other
        number = {v: index for index, v in enumerate(vertices)}
        picks = [pick for (pick,) in normal[len(EDGES) :]]
        return Cell(
            tuple(tuple(sorted(number[source] for source in parents[v])) for v in vertices),
            tuple(CANONICAL_OPERATIONS[picks[v - 1]] for v in vertices[1:-1]),
        )

    def canonical(self, arch: Architecture) -> str:
        """The NAS-Bench-101 module hash of :meth:`cell`."""
        return _hash(self.cell(arch))

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Every decision made uniformly and by itself, again until that is a cell."""
        arch = super().sample(rng)
        while not self.has(arch):
            arch = super().sample(rng)
        return arch

    def neighbours(self, arch: Architecture) -> tuple[Architecture, ...]:
        """Cells with another operation in a vertex, an edge more or less, or one vertex more.

        A new vertex has one parent and one child, and any operation.
        """
        return _neighbours(_normal(arch))

    def grown(self, arch: Architecture | None, stage: int) -> tuple[Architecture, ...]:
        """Cells with one vertex more, which feeds the output alone: any parents, any operation.

        The output keeps those of its parents that are not the new vertex's, and any of these. Stage 0 has the
        cells of one vertex.
        """
        return _extended(Cell(((), (0,)), ()) if arch is None else self.cell(arch))

    def mutated(self, arch: Architecture, rng: np.random.Generator) -> Architecture:
        """One of ``neighbours(arch)``, drawn uniformly."""
        others = self.neighbours(arch)
        return others[int(rng.integers(len(others)))]


def _parents(arch: Architecture) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(PLACES)]
    for (source, target), (pick,) in zip(reversed(EDGES), arch[: len(EDGES)], strict=True):
        if pick:
            found[target].add(source)
    return found


def _encoded(parents: Sequence[set[int]], operations: Sequence[str]) -> Architecture:
    """The encoding of a cell whose last vertex is the output."""
    last = len(parents) - 1
    edges = {(source, PLACES - 1 if v == last else v) for v, each in enumerate(parents) for source in each}
    picks = [CANONICAL_OPERATIONS.index(name) for name in operations]
    made = [int(edge in edges) for edge in reversed(EDGES)] + picks + [0] * (INNER - len(picks))
    return tuple((pick,) for pick in made)


@lru_cache(_REMEMBERED)
def _normal(arch: Architecture) -> Architecture:
    """The normal form; no edges where no way leads from input to output."""
    parents = _parents(arch)
    vertices = kept(parents)
    if not vertices:
        return ((0,),) * len(arch)
    number = {v: index for index, v in enumerate(vertices[:-1])} | {PLACES - 1: PLACES - 1}
    edges = {(number[source], number[v]) for v in vertices for source in parents[v] if source in number}
    picks = [arch[len(EDGES) + v - 1][0] for v in vertices[1:-1]]
    there = np.array([[edge in edges for edge in EDGES]])
    operations = np.array([picks + [0] * (INNER - len(picks))])
    return _decoded(int(normal_numbers(there, operations, len(picks))[0]))


def _decoded(number: int) -> Architecture:
    bits, rest = divmod(number, BASE)
    edges = [(bits >> bit) & 1 for bit in reversed(range(len(EDGES)))]
    digits = [rest // 3 ** (INNER - place) % 3 for place in range(1, INNER + 1)]
    return tuple((pick,) for pick in [*edges, *digits])


@lru_cache(_REMEMBERED)
def _neighbours(arch: Architecture) -> tuple[Architecture, ...]:
    found: dict[Architecture, None] = {}
    active = SPACE.active(arch)
    for index, decision in enumerate(SPACE.decisions):
        for option in decision.options if active[index] else ():
            found[_normal((*arch[:index], option, *arch[index + 1 :]))] = None
    for other in _grown(arch):
        found[_normal(other)] = None
    found.pop(arch, None)
    return tuple(other for other in found if SPACE.has(other))


def _grown(arch: Architecture) -> list[Architecture]:
    """Cells with one vertex more, of every operation, between any two that may have it between them."""
    cell, found = SPACE.cell(arch), []
    size = len(cell.parents)
    for source in range(size - 1 if size < PLACES else 0):
        for target in range(source + 1, size):
            new = source + 1  # the new vertex stands right behind its parent
            number = [v if v <= source else v + 1 for v in range(size)]
            parents = [{number[each] for each in before} for before in cell.parents]
            parents.insert(new, {source})
            parents[number[target]].add(new)
            for name in CANONICAL_OPERATIONS:
                operations = [*cell.operations[:source], name, *cell.operations[source:]]
                found.append(_encoded(parents, operations))
    return found


def _extended(cell: Cell) -> tuple[Architecture, ...]:
    """Normal forms of the cells that a further vertex before the output makes of ``cell``."""
    found: dict[Architecture, None] = {}
    *inner, out = cell.parents
    spare = MOST_EDGES - sum(map(len, cell.parents))
    for new in _subsets(range(len(inner)), least=1):
        for kept_by_output in _subsets(sorted(set(out) & set(new))):
            last = {*kept_by_output, *set(out) - set(new), len(inner)}
            if len(new) + len(last) - len(out) > spare:
                continue
            for name in CANONICAL_OPERATIONS:
                parents = [*map(set, inner), set(new), last]
                found[_normal(_encoded(parents, [*cell.operations, name]))] = None
    return tuple(found)


def _subsets(items: Sequence[int], least: int = 0) -> Iterator[tuple[int, ...]]:
    return chain.from_iterable(combinations(items, count) for count in range(least, len(items) + 1))


@lru_cache(_REMEMBERED)
def _hash(cell: Cell) -> str:
    return cell.hash()


SPACE = NB101()
