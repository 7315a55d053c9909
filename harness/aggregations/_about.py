"""What a user is told of a population proxy before it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

LISTED = ("synflow", "jacob_cov", "snip")
"""The list that a config ranks where it names none: that of the vote in Abdelfattah et al."""


@dataclass(frozen=True)
class PopulationAbout:
    """A population proxy's card, in words short enough for one line of a table.

    Attributes
    ----------
    formula
        The score of network i among m, r_p(i) being its rank by part p: 1 the worst, m the best.
    source
        Publication.
    choices
        Where the publication leaves something open or implementations differ, and what is done here.
    higher_is_better
        Whether a higher score is a better network.
    any_list
        Whether the user may name the parts; ``PARTS`` is then what is taken where none are named.
    """

    formula: str
    source: str
    choices: str
    higher_is_better: bool = True
    any_list: bool = False
