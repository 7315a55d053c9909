"""Runs side by side in worker processes, with one bar for each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from time import monotonic
from typing import Any

from rich.console import Console
from rich.progress import Progress

from harness.cli._progress import bars, described
from harness.errors import HarnessError
from harness.runners import Outcome, RunConfig, execute, on_own_card

Update = tuple[int, str, int, int]
"""(number of the run, words, done, total)"""

_UPDATE_SECONDS = 0.2
_worker: dict[str, Any] = {}


def run_all(configs: list[RunConfig], jobs: int, console: Console) -> list[str]:
    """Execute every config, ``jobs`` at a time, and return a sentence for each that failed.

    A line is printed for every method as it ends.
    """
    context = multiprocessing.get_context("spawn")
    failures: list[str] = []
    updates, numbers = context.Queue(), context.Queue()
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
            for finished, future in enumerate(as_completed(futures), start=1):
                number = futures[future]
                _report(future, configs[number], f"[{finished}/{len(configs)}]", progress, failures)
                updates.put((number, "", 0, 0))
                progress.advance(overall)
    return failures


def _start(updates: Queue[Update | None], numbers: Queue[int]) -> None:
    """Remember, in a worker, its number and where progress goes: a queue can be inherited but not sent."""
    _worker["updates"] = updates
    _worker["number"] = numbers.get()


def _execute(number: int, config: RunConfig) -> list[Outcome]:
    last = [0.0]

    def report(words: str, done: int, total: int) -> None:
        if monotonic() - last[0] > _UPDATE_SECONDS:
            last[0] = monotonic()
            _worker["updates"].put((number, words, done, total))

    return execute(on_own_card(config, _worker["number"]), report)


def _report(future: Future, config: RunConfig, count: str, progress: Progress, failures: list[str]) -> None:
    name = f"{config.space['name']} {config.task['name']}"
    try:
        outcomes = future.result()
    except BrokenProcessPool:
        raise HarnessError("A worker process died, most likely for lack of memory; try fewer JOBS.") from None
    except Exception as error:
        words = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        failures.append(f"{name} seed={config.seed}: {words}")
        progress.console.print(f"{count} failed: {failures[-1]}", soft_wrap=True, markup=False)
        return
    for outcome in outcomes:
        progress.console.print(
            f"{count} {outcome.status}: {name} {outcome.method} seed={config.seed}: {outcome.headline}",
            soft_wrap=True,
            markup=False,
        )


@contextmanager
def _listening(updates: Queue[Update | None], progress: Progress, configs: list[RunConfig]) -> Iterator[None]:
    tasks: dict[int, int] = {}
    ended: set[int] = set()

    def listen() -> None:
        while (update := updates.get()) is not None:
            number, words, done, total = update
            if total == 0:
                ended.add(number)
                if number in tasks:
                    progress.remove_task(tasks.pop(number))
            elif number not in ended:
                if number not in tasks:
                    tasks[number] = progress.add_task("", total=total)
                description = described(configs[number], words)
                progress.update(tasks[number], description=description, completed=done, total=total)

    thread = Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield
    finally:
        updates.put(None)
        thread.join()
