"""NAS-Bench-101's cells as numbers, one for each class of isomorphic cells.

A cell lies in seven places: the input in the first, the output in the last, its k inner vertices in those
from 1 to k. Its number is ``243 edges + operations``: the edge from x to y is bit ``x + y (y - 1) / 2``,
operations are digits to the base 3, that of the first inner vertex the highest. Of all orders of the inner
vertices in which edges lead on, the one with the least number is the cell's normal form; the release states
every cell so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import permutations

import numpy as np

PLACES = 7
INNER = PLACES - 2
EDGES = tuple((source, target) for target in range(1, PLACES) for source in range(target))
"""(from, to) by bit, ascending."""
OPERATIONS = 3
BASE = OPERATIONS**INNER
_AT_ONCE = 4096


def normal_numbers(edges: np.ndarray, operations: np.ndarray, inner: int) -> np.ndarray:
    """Numbers of the normal forms of cells with ``inner`` inner vertices; int64 (n,).

    Parameters
    ----------
    edges
        (n, 21), whether each of :data:`EDGES` is there.
    operations
        (n, 5), the operation of each place from 1 to 5, 0 where there is no vertex.
    inner
        0 to 5.
    """
    places, weights, backwards = _orders(inner)
    found = np.empty(len(edges), np.int64)
    for start in range(0, len(edges), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        there = edges[part].astype(np.int64)
        numbers = there @ weights * BASE + operations[part].astype(np.int64) @ places
        numbers[there @ backwards > 0] = np.iinfo(np.int64).max
        found[part] = numbers.min(axis=1)
    return found


@cache
def _orders(inner: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every order of the inner vertices what each operation and each edge counts, and which lead back."""
    orders = list(permutations(range(1, inner + 1)))
    places = np.zeros((INNER, len(orders)), np.int64)
    weights = np.zeros((len(EDGES), len(orders)), np.int64)
    backwards = np.zeros((len(EDGES), len(orders)), np.int64)
    for number, order in enumerate(orders):
        place = {0: 0, PLACES - 1: PLACES - 1, **{v: order[v - 1] for v in range(1, inner + 1)}}
        for v in range(1, inner + 1):
            places[v - 1, number] = OPERATIONS ** (INNER - place[v])
        for bit, (source, target) in enumerate(EDGES):
            if source in place and target in place:
                if place[source] < place[target]:
                    weights[bit, number] = 1 << EDGES.index((place[source], place[target]))
                else:
                    backwards[bit, number] = 1
    return places, weights, backwards


def kept(parents: Sequence[set[int]]) -> list[int]:
    """The vertices on a way from the first to the last, ascending; none where no way leads there."""
    last = len(parents) - 1
    reached, needed = {0}, {last}
    for v in range(1, last + 1):
        if parents[v] & reached:
            reached.add(v)
    for v in range(last, 0, -1):
        if v in needed:
            needed |= parents[v]
    return sorted(reached & needed) if last in reached else []


def edges_of_bits(vertices: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Which of :data:`EDGES` cells have whose ``bits`` count their own ``vertices`` alone; bool (n, 21)."""
    found = np.zeros((len(bits), len(EDGES)), bool)
    for size in range(2, PLACES + 1):
        rows = vertices == size
        for target in range(1, size):
            place = PLACES - 1 if target == size - 1 else target
            for source in range(target):
                bit = source + target * (target - 1) // 2
                found[rows, EDGES.index((source, place))] = (bits[rows] >> bit) & 1
    return found
