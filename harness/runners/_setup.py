"""From a checked config to the parts a task works with."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import torch

from harness import inputs, networks, paths, records, spaces, tables
from harness.errors import ConfigError, HarnessError, unknown_name
from harness.inputs import Source
from harness.runners._check import check
from harness.runners._config import Outcome, RunConfig
from harness.runners._memory import keep_freed_memory
from harness.spaces import Space
from harness.tables import Label, Table


@dataclass(frozen=True)
class Setup:
    """A config's parts, each found and checked."""

    config: RunConfig
    space: Space
    table: Table
    label: Label
    source: Source
    store: records.Store
    device: torch.device

    @property
    def classes(self) -> int:
        """Classes of the label's dataset."""
        return self.source.classes

    @property
    def fidelity(self) -> str:
        """Size of the networks and supernets."""
        return self.config.fidelity["name"]

    @property
    def masking(self) -> str:
        """What becomes of candidates removed from a supernet."""
        if self.config.masking != "default":
            return self.config.masking
        return "drop" if self.config.variant == "paper" else networks.released_masking(self.space)

    def run(self, method: str, settings: dict[str, object], measured: bool = True) -> records.Run:
        """The run of one method, named by all that can change its numbers.

        What is ``measured`` on networks depends on their size and on the batches too, and on the path:
        ``reference`` and ``exact`` give the same numbers.
        """
        measuring = {
            "fidelity": self.fidelity,
            "path": "fast" if self.config.path == "fast" else "exact",
            "input": {"name": self.source.name, "digest": self.source.digest},
            "batch_size": self.config.batch_size,
        }
        return records.Run(
            task=self.config.task["name"],
            space=self.space.name,
            label=self.label.name,
            method=method,
            seed=self.config.seed,
            settings={"table": self.table.digest, **(measuring if measured else {}), **settings},
        )

    def existing(self, run: records.Run) -> Outcome | None:
        """The outcome of a run whose record exists, unless the config forces a new one."""
        record = None if self.config.force else self.store.find(run)
        if record is None:
            return None
        return Outcome(run.method, "skipped", record.path, "its record exists; force=true writes a new one")

    def write(
        self,
        run: records.Run,
        rows: pd.DataFrame,
        statistics: dict[str, object],
        timing: dict[str, object],
        failure: str = "",
    ) -> Path:
        """Write the run's record; its config names the run's own proxy alone, whatever ran beside it."""
        config = {key: value for key, value in asdict(self.config).items() if key not in ("force", "results")}
        config["proxy"] = {
            "names": [name for name in self.config.proxy["names"] if name in run.method.split("-")]
        }
        return self.store.write(
            run,
            status="failed" if failure else "ok",
            reason=failure,
            rows=rows,
            statistics=statistics,
            provenance=records.provenance(
                device=str(self.device),
                threads=self.config.threads,
                table_digest=self.table.digest,
                input_digest=self.source.digest,
            ),
            config=config,
            timing=timing,
            force=self.config.force,
        )


def prepare(config: RunConfig) -> Setup:
    """Find and check everything the run needs; nothing is written.

    Raises
    ------
    HarnessError
        Where something does not exist, cannot be read, or the results folder cannot be written.
    """
    check(config)
    root = Path(config.results) if config.results else paths.RESULTS
    records.check_writable(root)
    space = spaces.load(config.space["name"])
    if config.fidelity["name"] not in networks.fidelities(space):
        raise unknown_name(f"fidelity of {space.name}", config.fidelity["name"], networks.fidelities(space))
    table = tables.load(space.name)
    label = table.label(config.label)
    dataset = tables.DATASETS[label.dataset]
    folder = config.input.get("folder")
    source = inputs.load(config.input["name"]).open(
        dataset.classes, dataset.image_size, Path(folder) if folder else None
    )
    torch.set_num_threads(config.threads)
    keep_freed_memory()
    return Setup(config, space, table, label, source, records.Store(root), _device(config.device))


def _device(name: str) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device=cuda needs a GPU that torch can see and none was found; use device=cpu.")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class Clock:
    """Start and length of a run, for the record's timing file."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC).isoformat(timespec="seconds")
        self._start = time.perf_counter()

    def timing(self, **more: object) -> dict[str, object]:
        """What two identical runs may differ in."""
        return {"started": self._started, "seconds": round(time.perf_counter() - self._start, 3), **more}


@contextmanager
def failures_recorded(setup: Setup, runs: list[records.Run], clock: Clock):
    """Leave a failed record for each of ``runs`` where the body raises, and raise on."""
    try:
        yield
    except Exception as error:
        reason = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        for run in runs:
            setup.write(run, pd.DataFrame(), {}, clock.timing(), failure=reason)
        raise
