"""What a user is told of a proxy before it is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """A proxy's card: what it computes and needs, in words short enough for one line of a table.

    Attributes
    ----------
    formula
        The score, higher or lower being better as ``higher_is_better`` says.
    source
        Publication, and the code whose choices are kept where there are several.
    undefined
        Where there is no value, and with which status.
    choices
        Where implementations differ, and what is done here.
    images, labels
        Whether the value depends on the batch's images, on its targets.
    batches
        How many batches are read; the first one serves every proxy that reads one.
    gradients
        Of nothing (``none``), of the whole batch's loss or logits (``batch``), or of every sample
        (``sample``).
    precision
        Of the passes: the ``network``'s number format, or ``double``.
    """

    formula: str
    source: str
    undefined: str
    choices: str = ""
    higher_is_better: bool = True
    images: bool = True
    labels: bool = False
    batches: int = 1
    gradients: str = "none"
    precision: str = "network"
