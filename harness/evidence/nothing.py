"""Nothing is read: what a method knows is the space, and how large its networks are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.evidence._evidence import Evidence
from harness.evidence._method import Method
from harness.runs.config import Progress
from harness.searchers import Tools

if TYPE_CHECKING:
    from harness.runs.context import Context  # loads pandas

TRAINABLE = False
FIGURES_ALONE = True
LIMITS = True


class Nothing(Evidence):
    """No evidence."""

    def open(self, progress: Progress) -> Tools:
        """The space, and the size of its networks."""
        return Tools(**self.shared(progress))


def of(context: Context, method: Method, options: Mapping[str, Any]) -> list[Evidence]:
    """One record."""
    return [Nothing(context, method, options)]
