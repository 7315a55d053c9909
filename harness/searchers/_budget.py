"""Table queries on a budget: every distinct network is paid for once."""

from __future__ import annotations

from math import inf, isnan

from harness.errors import RunFailed
from harness.options import Option
from harness.searchers._tools import Found, Queries
from harness.spaces import Architecture

QUERIES = Option(int, 100, "distinct networks looked up in the table")

REPEATS = 500
"""So many known networks in a row, and a search counts as stuck."""


UNKNOWN = {"status": "unknown", "reason": "the label has no figure for this architecture"}
"""What is said of an architecture without truth, where its accuracy would stand."""


class Budget:
    """The query function of a search, with a limit, a memory and the trace.

    Architectures of one isomorphism class (``space.canonical``) are one network: the first of them is
    looked up and counts, the others have its accuracy free of charge.

    Parameters
    ----------
    tools
        The functions of the search.
    queries
        How many networks may be looked up; any number by default.
    """

    def __init__(self, tools: Queries, queries: float = inf) -> None:
        self._tools, self._queries = tools, queries
        self._accuracies: dict[str, float] = {}
        self._archs: list[Architecture] = []
        self._trace: list[dict[str, object]] = []
        self._repeats = 0

    @property
    def left(self) -> float:
        """How many more networks may be looked up."""
        return self._queries - len(self._accuracies)

    @property
    def stuck(self) -> bool:
        """Whether the last :data:`REPEATS` networks asked for were all known."""
        return self._repeats >= REPEATS

    def knows(self, arch: Architecture) -> bool:
        """Whether ``arch``'s network has been looked up."""
        return self._tools.space.canonical(arch) in self._accuracies

    def accuracy(self, arch: Architecture) -> float:
        """Accuracy in per cent of ``arch``'s network; minus infinity where the label has no figure for it.

        Raises
        ------
        ValueError
            For an unknown network when no query is left.
        """
        network = self._tools.space.canonical(arch)
        if network in self._accuracies:
            self._repeats += 1
            return self._accuracies[network]
        if not self.left:
            raise ValueError(f"all {self._queries} queries are spent; look at Budget.left before asking")
        index = len(self._archs)
        if self._queries < inf:
            self._tools.progress("queries", index, int(self._queries))
        accuracy = self._tools.query(arch)
        self._repeats = 0
        self._archs.append(arch)
        self._accuracies[network] = -inf if isnan(accuracy) else accuracy
        name = self._tools.space.format(arch)
        row = {"stage": "query", "index": index, "arch": name, "accuracy": accuracy}
        self._trace.append(row | (UNKNOWN if isnan(accuracy) else {}))
        return self._accuracies[network]

    def found(self) -> Found:
        """The most accurate network looked up, the earliest of equals, and a trace row per query.

        Raises
        ------
        RunFailed
            Where none was looked up, since no draw was within the limits.
        """
        if not self._archs:
            raise RunFailed("No architecture that the search drew was within the limits; raise them.")
        accuracies = list(self._accuracies.values())
        best = max(range(len(accuracies)), key=accuracies.__getitem__)
        return Found(self._archs[best], self._trace)
