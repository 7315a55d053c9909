"""A run's space, table and records: all of a config's parts that no network is needed for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from socket import gethostname
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from harness import aggregations, folders, records, spaces, trackers
from harness.benchmarks import Benchmark, Label, Measured
from harness.errors import HarnessError, MachineFailure, ResultsError, RunFailed, machine_failure
from harness.processes.under_way import alone
from harness.runs import truth
from harness.runs.config import Estimate, Outcome, Progress, RunConfig, duration, nothing
from harness.runs.origins import Origin, other_commits, other_places
from harness.scorers import OperationTruth
from harness.spaces import Architecture, Space

if TYPE_CHECKING:
    import pandas as pd

MaybeEstimate = Callable[[], Estimate | None]


def store_of(config: RunConfig) -> records.Store:
    """The store of the results folder the config names; raises where it cannot be written."""
    root = Path(config.results) if config.results else folders.RESULTS
    records.check_writable(root)
    return records.Store(root)


@dataclass(frozen=True)
class Context:
    """What is scored, the truth it is compared with, and where the record goes."""

    config: RunConfig
    space: Space
    benchmark: Benchmark
    label: Label
    store: records.Store
    estimating: bool = field(default=True, kw_only=True)
    """Whether a dry run says how long it would take."""
    further: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    """What else the provenance of its records says."""

    @property
    def computing(self) -> AbstractContextManager[Any]:
        """What the run computes in."""
        return nullcontext()

    @property
    def notice(self) -> str:
        """What is done otherwise on this machine than was asked for, in words; empty where nothing is."""
        return ""

    @cached_property
    def truth(self) -> OperationTruth:
        """Accuracy by operation under the run's label."""
        accuracies = self.benchmark.goodness(self.benchmark.keys, self.label.name)
        return OperationTruth(self.benchmark.population, accuracies, self.benchmark.complete)

    @property
    def search_label(self) -> str:
        """Name of the label whose figures a method is told, where it asks; by default the run's own."""
        named = self.config.search_label
        return self.label.name if named in ("same", self.config.label) else named

    @property
    def searched(self) -> dict[str, Any]:
        """The search label and its figures, as a setting; empty where that is the run's own label."""
        name = self.search_label
        if name == self.label.name:
            return {}
        return {"search_label": {"name": name, "truth": self.benchmark.digest(name)}}

    def goodness(self, arch: Architecture) -> float:
        """What a query of ``arch`` is answered with: the search label's figure, higher is better."""
        return float(self.benchmark.goodness([arch], self.search_label)[0])

    @cached_property
    def told_truth(self) -> OperationTruth:
        """Accuracy by operation under the search label, for oracles."""
        if not self.searched:
            return self.truth
        accuracies = self.benchmark.goodness(self.benchmark.keys, self.search_label)
        return OperationTruth(self.benchmark.population, accuracies, self.benchmark.complete)

    def run(self, method: str, settings: Mapping[str, object]) -> records.Run:
        """The run of one method, named by all that can change its numbers."""
        return records.Run(
            task=self.config.task["name"],
            space=self.space.name,
            label=self.label.name,
            method=method,
            seed=self.config.seed,
            settings={"truth": self.benchmark.digest(self.label.name), **self._measured_here, **settings},
        )

    @property
    def _measured_here(self) -> dict[str, Any]:
        """How the truth is measured, where it is: a run's setting, and what reports say of its label."""
        if not isinstance(self.benchmark, Measured):
            return {}
        taken = self.benchmark.architectures
        told = {**self.benchmark.recipe.settings, "architectures": "any" if taken is None else len(taken)}
        told["fidelity"] = truth.setting(self.config, "fidelity")
        return {"measured": told | ({"kept": "any"} if self.config.truth.get("kept") == "any" else {})}

    def with_truth(
        self, estimate: Estimate | None, archs: Sequence[Architecture] = (), more: int = 0
    ) -> Estimate | None:
        """``estimate`` and, where it is measured here, what the truth of ``archs`` and of ``more`` takes.

        Those that are taken for all count too.
        """
        if not isinstance(self.benchmark, Measured) or not self.estimating:
            return estimate
        seconds, words = self.benchmark.figures.estimate(
            [*archs, *(self.benchmark.architectures or ())], more
        )
        return (seconds, words) if estimate is None else (estimate[0] + seconds, f"{estimate[1]}; {words}")

    def existing(self, run: records.Run, estimate: MaybeEstimate = lambda: None) -> Outcome | None:
        """The outcome of a run that is not to be done: its record exists, or the config is a dry run's.

        ``estimate`` says how long it would take, or ``None`` where that cannot be known: other seeds tell.
        """
        record = None if self.config.force else self.store.find(run)
        if record is None and self.config.dry_run:
            seconds, told = self._estimate(run, estimate)
            return Outcome(run.method, "planned", self.store.path(run), told, seconds)
        if record is None:
            return None
        return Outcome(run.method, "skipped", record.path, "its record exists; force=true writes a new one")

    def _estimate(self, run: records.Run, estimate: MaybeEstimate) -> tuple[float | None, str]:
        if not self.estimating:
            return None, ""
        return estimate() or self._as_others_took(run)

    def _as_others_took(self, run: records.Run) -> tuple[float | None, str]:
        taken = [
            record.timing["seconds"]
            for record in self.store.alike(run)
            if record.status == "ok" and record.timing and "seconds" in record.timing
        ]
        if not taken:
            return None, "no estimate, since no other seed has run"
        seconds = sum(taken) / len(taken)
        return seconds, f"about {duration(seconds)}, as {len(taken)} other seed{'s' * (len(taken) > 1)} took"

    def provenance(self, run: records.Run) -> dict[str, Any]:
        """Where the numbers of ``run`` come from: code, versions, machine, data."""
        return records.provenance(
            "cpu", self.config.threads, self.benchmark.digest(self.label.name), None, run
        )

    def write(
        self,
        run: records.Run,
        rows: pd.DataFrame,
        statistics: dict[str, object],
        timing: dict[str, object],
        failure: str = "",
        origins: Mapping[str, Sequence[Origin]] = MappingProxyType({}),
    ) -> Path:
        """Write the run's record; its config names the run's own proxy alone, whatever ran beside it.

        ``origins`` says of what the numbers were joined where it was made.
        """
        if isinstance(self.benchmark, Measured):
            origins = {**origins, "truth": self.benchmark.figures.origins}
        commits, places = other_commits(origins), other_places(origins)
        left_out = {"tracker", "workers", "force", "dry_run", "results"}
        left_out |= set() if truth.is_measured(self.config) else {"truth"}
        config = {key: value for key, value in asdict(self.config).items() if key not in left_out}
        config["proxy"] = _own_proxies(self.config.proxy, run.method)
        path = self.store.write(
            run,
            status="failed" if failure else "ok",
            reason=failure,
            rows=rows,
            statistics=statistics,
            provenance={**self.provenance(run), **self.further} | ({"commits": commits} if commits else {}),
            config=config,
            timing=timing | ({"joined": places} if places else {}),
            force=self.config.force,
        )
        trackers.log(self.config.tracker, self.store.root, path)
        return path


def _own_proxies(told: dict[str, Any], method: str) -> dict[str, Any]:
    own = records.method_parts(method, told["names"])
    names = [name for name in told["names"] if name in own]
    lists = [
        name for name in names if name in aggregations.names() and aggregations.load(name).ABOUT.any_list
    ]
    return {"names": names} | ({"of": told["of"]} if lists and told.get("of") is not None else {})


def context_of(config: RunConfig, estimating: bool = True, progress: Progress = nothing) -> Context:
    """The context of a checked config; nothing is written. ``progress`` is told of trainings for the truth.

    Raises
    ------
    HarnessError
        Where something cannot be read, or the results folder cannot be written.
    """
    store, benchmark = store_of(config), truth.benchmark_of(config, progress)
    measured = isinstance(benchmark, Measured)
    label = benchmark.default_label if measured else benchmark.label(config.label)
    benchmark.require_known(label.name)
    return Context(config, spaces.load(config.space["name"]), benchmark, label, store, estimating=estimating)


class Clock:
    """Start and length of a run, for the record's timing file."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._start = time.perf_counter()

    def timing(self, **more: object) -> dict[str, object]:
        """What two identical runs may differ in."""
        seconds = round(time.perf_counter() - self._start, 3)
        return {"started": self._started, "seconds": seconds, "host": gethostname(), **more}


def once(
    context: Context,
    run: records.Run,
    work: Callable[[Clock], Outcome],
    estimate: MaybeEstimate = lambda: None,
) -> Outcome:
    """Do ``work``, which writes the run's record, unless it is not to be done (:meth:`Context.existing`).

    Of several processes one does it; the others wait and find the record. A failure leaves a failed record.
    """
    found = context.existing(run, estimate)
    if found is not None:
        return found
    with alone(context.store.root, run):
        found = context.existing(run)  # which another process may have written meanwhile
        if found is not None:
            return found
        clock = Clock()
        with failures_recorded(context, [run], clock):
            return work(clock)


@contextmanager
def failures_recorded(context: Context, runs: list[records.Run], clock: Clock) -> Iterator[None]:
    """Leave a failed record for each of ``runs`` that has none yet where the body raises.

    Raises
    ------
    MachineFailure
        For what says something of the machine at that minute.
    RunFailed
        For any other error of the harness's own, since these runs had begun. What nobody foresaw is raised
        as it is.
    """
    try:
        yield
    except Exception as error:
        failure = _failure(error)
        for run in runs:
            record_failure(context, run, clock, _reason(failure))
        if failure is error:
            raise
        raise failure from error


def record_failure(context: Context, run: records.Run, clock: Clock, reason: str) -> Path | None:
    """The failed record of ``run``; ``None`` where it has an ok one, or the disk takes no more."""
    import pandas as pd

    with suppress(ResultsError):  # on a full disk, of which the run's own error tells
        if context.config.force or context.store.find(run) is None:
            return context.write(run, pd.DataFrame(), {}, clock.timing(), failure=reason)
    return None


@contextmanager
def machine_failures_told() -> Iterator[None]:
    """Raise :class:`MachineFailure` for what the body meets of the machine, wherever it meets it."""
    try:
        yield
    except Exception as error:
        failure = _failure(error) if machine_failure(error) else error
        if failure is error:
            raise
        raise failure from error


def _failure(error: Exception) -> Exception:
    if machine_failure(error) and not isinstance(error, MachineFailure):
        return MachineFailure(" ".join(_reason(error).split()))
    if isinstance(error, HarnessError) and not isinstance(error, RunFailed):
        return RunFailed(str(error))
    return error


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
