"""Networks scored by a proxy, on a budget of evaluations: every isomorphism class once."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from harness.errors import RunFailed
from harness.options import Option
from harness.scorers import Score
from harness.searchers._tools import Found, Networks, columns
from harness.spaces import Architecture

EVALUATIONS = Option(int, 100, "distinct networks scored by the proxy")

REPEATS = 500
"""So many children in a row that are no new networks, and a search counts as stuck."""


class Pool:
    """The networks that a search has scored.

    Architectures of one isomorphism class (``space.canonical``) are one network: the first of them is scored
    and counts, the others have its score free of charge. A population proxy ranks all networks of the pool,
    so that a value holds until the next network is scored.

    Parameters
    ----------
    tools
        The functions of the search.
    evaluations
        How many networks may be scored.
    """

    def __init__(self, tools: Networks, evaluations: int) -> None:
        self._tools, self._evaluations = tools, evaluations
        self._places: dict[str, int] = {}
        self._archs: list[Architecture] = []
        self._measured: list[dict[str, Score]] = []
        self._scores: list[Score] = []

    @property
    def left(self) -> int:
        """How many more networks may be scored."""
        return self._evaluations - len(self._archs)

    def knows(self, arch: Architecture) -> bool:
        """Whether ``arch``'s network has been scored."""
        return self._tools.space.canonical(arch) in self._places

    def add(self, archs: Sequence[Architecture]) -> None:
        """Score the networks of ``archs`` that are not known, in their order, as far as the budget goes."""
        new: dict[str, Architecture] = {}
        for arch in archs:
            network = self._tools.space.canonical(arch)
            if network not in self._places and len(new) < self.left:
                new.setdefault(network, arch)
        if not new:
            return
        self._places |= {network: len(self._archs) + place for place, network in enumerate(new)}
        self._measured += self._tools.measure(list(new.values()))
        self._archs += new.values()
        self._scores = self._tools.combine(self._measured)

    def value(self, arch: Architecture) -> float:
        """The score of ``arch``'s network; minus infinity where it has none, or has not been scored."""
        place = self._places.get(self._tools.space.canonical(arch))
        value = None if place is None else self._scores[place].value
        return -inf if value is None else value

    def found(self) -> Found:
        """The network of the highest score, the first of equals, and the trace.

        Of a population proxy the trace has a row for each proxy that it ranks too.

        Raises
        ------
        RunFailed
            Where no network has a score.
        """
        values = [-inf if score.value is None else score.value for score in self._scores]
        best = max(range(len(values)), key=values.__getitem__, default=None)
        if best is None or values[best] == -inf:
            reasons = sorted({score.reason for score in self._scores})
            raise RunFailed(
                f"None of {len(values)} networks has a score, so that there is no best one: "
                f"{'; '.join(reasons) or 'none is within the limits'}."
            )
        return Found(self._archs[best], self._trace())

    def _trace(self) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for index, (arch, score) in enumerate(zip(self._archs, self._scores, strict=True)):
            row = {"index": index, "arch": self._tools.space.format(arch)}
            parts = self._measured[index]
            if len(parts) > 1:
                rows += [{"stage": part, **row, **columns(own)} for part, own in parts.items()]
            rows.append({"stage": "score", **row, **columns(score)})
        return rows
