"""Measuring a population shard by shard: by this process, by several of this machine, by many machines.

Whoever is at work takes the next shard that is neither written nor claimed, and ends when all are written, by
whomever. What a process has read or written of them stays in its memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from time import sleep

from harness.errors import DataError
from harness.inputs import Batch
from harness.processes.claims import claim, inside
from harness.processes.under_way import tell
from harness.records import Run
from harness.runs.config import RunConfig
from harness.runs.measured import batches, measured, network
from harness.runs.origins import here
from harness.runs.setup import Setup
from harness.sharing.shards import Rows, Shards, joined
from harness.spaces import Architecture

POLL_SECONDS = 0.5
"""Between two looks at what others have written."""


@dataclass(frozen=True)
class Job:
    """What is to be measured; another process can be sent it.

    Attributes
    ----------
    runs
        By proxy the run whose rows are measured.
    wanted_by
        By proxy the runs whose records are made of these rows. Once others have written them all, the
        proxy is not measured any further.
    archs
        The population, in order.
    made
        By proxy, as in :class:`~harness.sharing.shards.Shards`.
    size
        Architectures per shard.
    first
        Number of the first shard: a run that measures one population after the other numbers them all.
    apart
        Whether a proxy's shards lie in a folder of its own: those of several proxies of one run do.
    """

    config: RunConfig
    runs: Mapping[str, Run]
    wanted_by: Mapping[str, Sequence[Run]]
    archs: tuple[Architecture, ...]
    made: Mapping[str, str]
    size: int
    first: int = 0
    apart: bool = False

    @property
    def numbers(self) -> range:
        """Numbers of all shards."""
        return range(self.first, self.first - (-len(self.archs) // self.size))

    def members(self, number: int) -> tuple[Architecture, ...]:
        """The architectures of one shard."""
        place = number - self.first
        return self.archs[place * self.size : (place + 1) * self.size]


Batches = dict[tuple[str, ...], list[Batch]]
"""By proxies the batches that they read."""


class Team:
    """What one process knows of a job, and its part in it; ``batches`` are those read so far."""

    def __init__(self, setup: Setup, job: Job, batches: Batches | None = None) -> None:
        self._setup, self._job = setup, job
        names = {
            number: tuple(setup.space.format(arch) for arch in job.members(number)) for number in job.numbers
        }
        self._shards = {
            proxy: Shards(setup.store.root, run, job.made[proxy], names, proxy if job.apart else "")
            for proxy, run in job.runs.items()
        }
        self._found: dict[str, dict[int, Rows]] = {proxy: {} for proxy in job.runs}
        self._batches = {} if batches is None else batches

    @contextmanager
    def inside(self) -> Iterator[None]:
        """The folders of all shards exist and stay until the block ends."""
        with ExitStack() as stack:
            for shards in self._shards.values():
                stack.enter_context(inside(shards.folder))
            yield

    def begin(self) -> None:
        """Clear what is there where the run is to start afresh; tell of shards that are not for this one."""
        if self._job.config.force:
            for shards in self._shards.values():
                shards.clear()
        others = sum(shards.made_otherwise() for shards in self._shards.values())
        if others:
            folder = next(iter(self._shards.values())).folder.parent
            tell(
                f"{others} shards of these runs in {folder} were made by other code, versions, threads "
                "or another kind of machine; they are not used, those architectures are measured again."
            )

    @property
    def rows(self) -> dict[str, Rows]:
        """By proxy the rows of the whole population; without those that others have made use of already."""
        return {
            proxy: joined(found[number] for number in self._job.numbers)
            for proxy, found in self._found.items()
        }

    @property
    def open(self) -> list[int]:
        """Numbers of the shards that a proxy misses."""
        return [number for number in self._job.numbers if self._missing(number)]

    @property
    def done(self) -> int:
        """Architectures that no proxy misses."""
        return len(self._job.archs) - sum(len(self._job.members(number)) for number in self.open)

    def look(self) -> None:
        """Read what was written by now; a file that is of no use is left to the one who will replace it."""
        for proxy, found in self._found.items():
            for number in (self._shards[proxy].written() - found.keys()).intersection(self._job.numbers):
                try:
                    self._read(proxy, number)
                except DataError:
                    continue

    def work(self, report: Callable[[int, int], None]) -> None:
        """Measure until nothing is missing; others may do the same.

        ``report(number, count)`` is told how many architectures of which shard are measured.
        """
        while True:
            self.look()
            missing = self.open
            if not missing:
                return
            report(missing[0], 0)
            if not any(self._take(number, report) for number in missing):
                sleep(POLL_SECONDS)

    def _missing(self, number: int) -> list[str]:
        return [proxy for proxy in self._found if number not in self._found[proxy]]

    def _read(self, proxy: str, number: int) -> bool:
        rows = self._shards[proxy].read(number)
        if rows is not None:
            self._found[proxy][number] = rows
        return rows is not None

    def _take(self, number: int, report: Callable[[int, int], None]) -> bool:
        """Bring a shard on; ``False`` where others are at it.

        All claim in the same order and stop at the first that is taken, so that those who measure the same
        proxies do not divide the passes of one network between them.
        """
        with ExitStack() as claims:
            mine = []
            for proxy in self._missing(number):
                if not claims.enter_context(claim(self._shards[proxy].claim_path(number))):
                    break
                mine.append(proxy)
            self._measure(number, [proxy for proxy in mine if self._needed(proxy, number)], report)
        return bool(mine)

    def _needed(self, proxy: str, number: int) -> bool:
        try:
            if self._read(proxy, number):
                return False
        except DataError as error:
            tell(str(error))
        if not self._job.config.force and all(map(self._setup.store.find, self._job.wanted_by[proxy])):
            del self._found[proxy]
            return False
        return True

    def _measure(self, number: int, names: list[str], report: Callable[[int, int], None]) -> None:
        if not names:
            return
        setup = self._setup
        asked = tuple(names)
        if asked not in self._batches:
            self._batches[asked] = batches(setup, "batch", 0, names)
        rows = {name: Rows(origins=[here()]) for name in names}
        for count, arch in enumerate(self._job.members(number), start=1):
            found = measured(setup, partial(network, setup, arch), self._batches[asked], names)
            for name, measurement in found.items():
                rows[name].add(measurement)
            report(number, count)
        for name, own in rows.items():
            self._shards[name].write(number, own)
            self._found[name][number] = own
