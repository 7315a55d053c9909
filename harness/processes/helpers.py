"""Work that this process shares with others, which it starts where there is enough of it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any, Generic, TypeVar

from harness.collector import paused_collector
from harness.processes.children import sendable, start
from harness.processes.parent import end_with_parent

PAYS = 1.5
"""Seconds of work for each process that is started, which takes about one until it is ready."""

Item = TypeVar("Item")
Made = TypeVar("Made")
Maker = Callable[[], Callable[[Any], Any]]


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Helpers:
    """Up to ``count`` further processes, which take part in the work begun in the ``with`` block.

    They are started when there is enough work, and serve for what follows. None can change a result: one that
    cannot be started, or dies, leaves its work to this process.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._started: list[_Helper] = []

    def __enter__(self) -> Helpers:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._started:
            helper.end()

    def begin(
        self, make: Callable[[], Callable[[Item], Made]], items: Sequence[Item], seconds: float
    ) -> Work[Item, Made]:
        """Begin ``make()(item)`` for each of the ``items``, which other processes go about meanwhile.

        Parameters
        ----------
        make
            Called once in each process that takes part; it and what it returns for an item can be pickled.
        items
            What can be pickled; the first ones are begun first.
        seconds
            How long all take one process, roughly.
        """
        wanted = min(self._count, len(items) - 1, int(seconds / PAYS))
        with suppress(OSError):  # no more processes, or files, are allowed
            while len(self._started) < wanted:
                self._started.append(_Helper())
        return Work(make, items, self._started[: max(wanted, 0)])


class Work(Generic[Item, Made]):
    """Items of which every process takes the next one that is left."""

    def __init__(
        self, make: Callable[[], Callable[[Item], Made]], items: Sequence[Item], helpers: Sequence[_Helper]
    ) -> None:
        self.make = make
        self.items = items
        self.left = deque(range(len(items)))
        self.made: dict[int, Made] = {}
        self.errors: dict[int, Exception] = {}
        self._threads = [Thread(target=helper.work, args=(self,), daemon=True) for helper in helpers]
        for thread in self._threads:
            thread.start()

    def finish(self, told: Callable[[int], None] = lambda _: None) -> list[Made]:
        """Do what is left, wait for the others, and return what was made, in the order of the items.

        ``told`` is called with how many are done. What is raised for items, here or elsewhere, is raised for
        the first of them.
        """
        self._take_part(told)
        for thread in self._threads:
            thread.join()
        self._take_part(told)  # what those left who died
        if self.errors:
            raise self.errors[min(self.errors)]
        return [self.made[number] for number in range(len(self.items))]

    def next(self) -> int | None:
        """The number of the next item; ``None`` without one, or after an error."""
        with suppress(IndexError):
            return None if self.errors else self.left.popleft()
        return None

    def _take_part(self, told: Callable[[int], None]) -> None:
        function = None
        while (number := self.next()) is not None:
            told(len(self.made))
            try:
                function = function or self.make()
                self.made[number] = function(self.items[number])
            except Exception as error:
                self.errors[number] = error


ALONE = Helpers(0)
"""Nobody."""


class _Helper:
    """One further process, and the pipes to it."""

    def __init__(self) -> None:
        theirs, self._orders = Pipe(duplex=False)
        self._answers, self._process = start(_serve, theirs)
        theirs.close()

    def work(self, work: Work[Any, Any]) -> None:
        """Let it do items of ``work`` until none is left."""
        make: Maker | None = work.make
        while (number := work.next()) is not None:
            try:
                self._orders.send((make, work.items[number]))
                made, error = self._answers.recv()
            except (EOFError, OSError):
                work.left.appendleft(number)
                return
            except Exception as unsent:
                work.errors[number] = unsent
                return
            make = None
            if error is None:
                work.made[number] = made
            else:
                work.errors[number] = error

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._process.terminate()
        self._process.join()
        self._process.close()
        self._orders.close()
        self._answers.close()


def _nothing(item: object) -> None:
    """What a process does before it is told what to do."""


def _serve(orders: Connection, answers: Connection) -> None:
    """Do one item after the other, in a process of its own."""
    end_with_parent()
    with paused_collector(), suppress(EOFError, OSError):
        function: Callable[[Any], Any] = _nothing
        while True:
            make, item = orders.recv()
            answer: tuple[Any, Exception | None]
            try:
                function = function if make is None else make()
                answer = function(item), None
            except Exception as error:
                answer = None, sendable(error)
            answers.send(answer)
