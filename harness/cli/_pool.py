"""Runs side by side in worker processes, with one bar for each."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from threading import Thread
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import Progress, TaskID

from harness.cli._progress import bars, described
from harness.cli._sentence import BAD_INPUT, FAILED
from harness.errors import HarnessError, MachineFailure, RunFailed
from harness.runners import Outcome, RunConfig, end_with_parent, execute, how_it_died, on_own_card

Update = tuple[int, str, int, int]
"""(number of the run, what is done in it, units done, units in all)"""

DYING_SECONDS = 10.0
"""For how long a process that is being ended is waited for."""

_UPDATE_SECONDS = 0.2
_worker: dict[str, Any] = {}


@dataclass(frozen=True)
class Failure:
    """A run without a result: which and why, and whether it had begun."""

    reason: str
    began: bool


def exit_code(failures: Sequence[Failure]) -> int:
    """0 without failures, 1 where a run began and failed, 2 where some were refused and no other failed."""
    if any(failure.began for failure in failures):
        return FAILED
    return BAD_INPUT if failures else 0


def run_all(configs: list[RunConfig], jobs: int, console: Console) -> list[Failure]:
    """Execute every config, ``jobs`` at a time, and return each failure.

    A line is printed for every method as it ends. The processes end with this one.

    Raises
    ------
    MachineFailure
        Where a process died.
    """
    context = multiprocessing.get_context("spawn")
    failures: list[Failure] = []
    updates: Queue[Update | None] = context.Queue()
    numbers: Queue[int] = context.Queue()
    for number in range(jobs):
        numbers.put(number)
    with bars(console) as progress:
        overall = progress.add_task("all runs", total=len(configs))
        with (
            _listening(updates, progress, configs),
            ProcessPoolExecutor(
                jobs, mp_context=context, initializer=_start, initargs=(updates, numbers)
            ) as pool,
        ):
            futures = {pool.submit(_execute, number, config): number for number, config in enumerate(configs)}
            workers = multiprocessing.active_children()
            for finished, future in enumerate(as_completed(futures), start=1):
                number = futures[future]
                try:
                    _report(future, configs[number], f"[{finished}/{len(configs)}]", progress, failures)
                except BrokenProcessPool:
                    raise _died(workers) from None
                updates.put((number, "", 0, 0))
                progress.advance(overall)
    return failures


def _died(workers: list[BaseProcess]) -> MachineFailure:
    """What to say of the first of ``workers`` that died, upon which the pool has ended the others."""
    for worker in workers:
        worker.join(DYING_SECONDS)
    codes = [worker.exitcode for worker in workers if worker.exitcode != 0]
    own = [code for code in codes if code != -signal.SIGTERM] or codes[:1]
    return MachineFailure(
        f"A worker process died ({how_it_died(own or [None])}). What the others had finished is kept: run it "
        "again, or with fewer JOBS where memory may have run out."
    )


def _start(updates: Queue[Update | None], numbers: Queue[int]) -> None:
    """Remember, in a worker, its number and where progress goes: a queue can be inherited but not sent."""
    end_with_parent()
    _worker["updates"] = updates
    _worker["number"] = numbers.get()


def _execute(number: int, config: RunConfig) -> list[Outcome]:
    last = [0.0]

    def report(doing: str, done: int, total: int) -> None:
        if monotonic() - last[0] > _UPDATE_SECONDS:
            last[0] = monotonic()
            _worker["updates"].put((number, doing, done, total))

    return execute(on_own_card(config, _worker["number"]), report)


def _report(
    future: Future[list[Outcome]], config: RunConfig, count: str, progress: Progress, failures: list[Failure]
) -> None:
    name = f"{config.space['name']} {config.task['name']}"

    def say(line: str) -> None:
        progress.console.print(f"{count} {line}", soft_wrap=True, markup=False)

    try:
        outcomes = future.result()
    except BrokenProcessPool:
        raise
    except Exception as error:
        told = isinstance(error, HarnessError)
        reason = str(error) if told else f"{type(error).__name__}: {error}"
        began = not told or isinstance(error, RunFailed)
        failures.append(Failure(f"{name} seed={config.seed}: {reason}", began))
        say(f"failed: {failures[-1].reason}")
        return
    for outcome in outcomes:
        ending = f"{name} {outcome.method} seed={config.seed}: {outcome.headline}"
        say(f"{outcome.status}: {ending}")
        if outcome.status == "failed":
            failures.append(Failure(ending, True))


@contextmanager
def _listening(updates: Queue[Update | None], progress: Progress, configs: list[RunConfig]) -> Iterator[None]:
    tasks: dict[int, TaskID] = {}
    ended: set[int] = set()

    def listen() -> None:
        while (update := updates.get()) is not None:
            number, doing, done, total = update
            if total == 0:
                ended.add(number)
                if number in tasks:
                    progress.remove_task(tasks.pop(number))
            elif number not in ended:
                if number not in tasks:
                    tasks[number] = progress.add_task("", total=total)
                description = described(configs[number], doing)
                progress.update(tasks[number], description=description, completed=done, total=total)

    thread = Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        updates.put(None)
        thread.join()
