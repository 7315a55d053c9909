"""One proposal of a two-stage search: decisions of a supernet, made one after the other from scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from harness.scorers import Evaluate, Score, best_candidates
from harness.searchers._tools import Proxy, columns
from harness.seeding import generator
from harness.spaces import Mask, only

ScoreDecision = Callable[[Evaluate, Mask, int], dict[int, Score]]
"""``score(evaluate, mask, decision)`` of an operation scorer that reads a proxy."""

Scores = Mapping[int, Mapping[int, Score]]
"""By decision the scores of the candidates left there."""


class Proposal:
    """An architecture in the making; ``harness.searchers._orders`` says which decision comes when.

    Parameters
    ----------
    tools, score
        The functions of the search, and the operation scorer's.
    index, total
        The proposal's number, from 0, and how many there will be.
    first_batch
        The number of its first batch; each further one has the next number.

    Attributes
    ----------
    mask
        What the decisions made so far leave.
    visited
        These decisions, in the order in which they were made.
    batches
        How many batches that took.
    trace
        A row for every score: of stage ``proposal`` where a decision was made from it, of stage ``ranking``
        where it only helped to say which comes next. ``step`` counts the proposal's own batches.
    """

    def __init__(self, tools: Proxy, score: ScoreDecision, index: int, total: int, first_batch: int) -> None:
        self._tools, self._score = tools, score
        self._index, self._total, self._first_batch = index, total, first_batch
        self.mask = tools.population.mask
        self.visited: list[int] = []
        self.batches = 0
        self.trace: list[dict[str, object]] = []

    def decisions(self, kind: str) -> list[int]:
        """The space's decisions of ``kind`` that are to be made, in its order."""
        return [
            index
            for index, (spec, row) in enumerate(zip(self._tools.space.decisions, self.mask, strict=True))
            if spec.kind == kind and sum(row) > spec.picks
        ]

    def scores(self, decisions: Collection[int], fresh: bool = True) -> Scores:
        """Scores of open ``decisions``, all on one batch: a ``fresh`` one, or the last."""
        self.batches += fresh
        batch = self._first_batch + self.batches - 1
        done, each = len(self.visited), len(self.mask)
        self._tools.progress("proposals", self._index * each + done, self._total * each)

        return {
            decision: self._tools.operation_scores(self._score, self.mask, decision, batch)
            for decision in decisions
        }

    def decide(self, decision: int, fresh: bool = True) -> None:
        """Make ``decision`` from scores on a ``fresh`` batch, or on the last."""
        self.take(decision, self.scores([decision], fresh)[decision])

    def take(self, decision: int, scores: Mapping[int, Score]) -> None:
        """Make ``decision`` from ``scores``, which are the last batch's.

        Raises
        ------
        HarnessError
            Where fewer candidates have a score than the decision picks.
        """
        self._record("proposal", decision, scores)
        picks = best_candidates(scores, self._tools.space.decisions[decision].picks)
        self.mask = only(self.mask, decision, picks)
        self.visited.append(decision)

    def note(self, scores: Scores) -> None:
        """Record ``scores`` of the last batch that no decision is made from."""
        for decision, candidates in scores.items():
            self._record("ranking", decision, candidates)

    def shuffled(self, decisions: Collection[int]) -> list[int]:
        """``decisions`` in the proposal's own random order."""
        order = generator(self._tools.seed, "order", self._index).permutation(len(self.mask)).tolist()
        return [decision for decision in order if decision in decisions]

    def _record(self, stage: str, decision: int, scores: Mapping[int, Score]) -> None:
        spec = self._tools.space.decisions[decision]
        self.trace.extend(
            {
                "stage": stage,
                "index": self._index,
                "step": self.batches - 1,
                "decision": spec.name,
                "candidate": spec.candidates[candidate],
                **columns(score),
            }
            for candidate, score in scores.items()
        )
