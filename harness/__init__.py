"""A reproducible benchmark harness for training-free neural architecture search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import load_results, rank_agreement, run, score

    __version__: str

__all__ = ["load_results", "rank_agreement", "run", "score"]


def __getattr__(name: str) -> Any:
    """The calls of :mod:`harness.api`, imported when they are first used, and ``__version__``."""
    if name == "__version__":
        from harness.version import VERSION

        return VERSION
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness import api

    return getattr(api, name)
