"""Lazily computed results that know their price: each runs once, whoever reads it pays for it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import perf_counter
from typing import Any


class Clock:
    """Runs named computations at most once and keeps, for each, its own seconds and what it read."""

    def __init__(self) -> None:
        self._outcomes: dict[Hashable, tuple[Any, Exception | None]] = {}
        self._seconds: dict[Hashable, float] = {}
        self._reads: dict[Hashable, set[Hashable]] = {}
        self._open: list[set[Hashable]] = []

    def read(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The outcome of ``compute`` under ``key``: computed the first time, also if it raised.

        What ends it without being an ``Exception``, such as a time limit, is no outcome: the next reader
        computes it anew.
        """
        if key not in self._outcomes:
            self._run(key, compute)
        if self._open:
            self._open[-1] |= self._reads[key] | {key}
        result, error = self._outcomes[key]
        if error is not None:
            raise error
        return result

    def seconds(self, key: Hashable) -> float:
        """The price of ``key`` alone: its own seconds and those of everything it read."""
        return sum(self._seconds[part] for part in self._reads[key] | {key})

    def _run(self, key: Hashable, compute: Callable[[], Any]) -> None:
        reads: set[Hashable] = set()
        self._open.append(reads)
        before = sum(self._seconds.values())
        started = perf_counter()
        outcome: tuple[Any, Exception | None]
        try:
            outcome = compute(), None
        except Exception as error:
            outcome = None, error
        finally:
            self._open.pop()
        elapsed = perf_counter() - started
        self._seconds[key] = elapsed - (sum(self._seconds.values()) - before)
        self._reads[key] = reads
        self._outcomes[key] = outcome
