"""What a scorer hands out, and how a decision is taken from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import RunFailed
from harness.spaces import Mask

ANY = None
"""As a method's ``KINDS``: it can make decisions of any kind."""


@dataclass(frozen=True)
class Score:
    """A number, or the reason why there is none. ``status`` as in ``harness.proxies.Measurement``."""

    value: float | None
    status: str = "ok"
    reason: str = ""


Evaluate = Callable[[Sequence[Mask]], list[Score]]
"""The proxy's score of the supernet that each mask leaves, in their order; all on one batch."""


def best_candidates(scores: Mapping[int, Score], picks: int) -> tuple[int, ...]:
    """The ``picks`` candidates of highest score, ascending; the lower index wins a tie.

    A candidate without a score ranks behind all others.

    Raises
    ------
    RunFailed
        Where fewer than ``picks`` candidates have a score.
    """
    values = {candidate: score.value for candidate, score in scores.items() if score.value is not None}
    ranked = sorted(values, key=lambda candidate: (-values[candidate], candidate))
    if len(ranked) < picks:
        reasons = sorted({score.reason for score in scores.values() if score.value is None})
        raise RunFailed(
            f"A decision needs {picks} scored candidates and {len(ranked)} of {len(scores)} have a score: "
            f"{'; '.join(reasons)}."
        )
    return tuple(sorted(ranked[:picks]))
