"""MLflow, into the results folder: ``mlflow ui --backend-store-uri sqlite:///results/mlruns/mlflow.db``.

Every record becomes a run of one experiment, with the run's settings as parameters, the numbers of its
statistics as metrics and its names as tags. A database, since MLflow no longer writes plain folders.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.options import Option

if TYPE_CHECKING:
    from harness.records import Record

REQUIRES = "mlflow"
OPTIONS = {"experiment": Option(str, "harness", "the name of MLflow's experiment")}

LONGEST = 500
"""Characters of a parameter or tag that are kept."""

MOST = 100
"""Of anything that MLflow takes at once."""

_FOREIGN = re.compile(r"[^\w\-. :/]")


class MLflow:
    """An experiment in ``folder``; several processes take turns."""

    def __init__(self, experiment: str, folder: Path) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
        from mlflow.tracking import MlflowClient

        self._folder = folder.resolve()
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._turn():
            self._client = MlflowClient(f"sqlite:///{self._folder / 'mlflow.db'}")
            known = self._client.get_experiment_by_name(experiment)
            self._experiment = (
                self._client.create_experiment(experiment, (self._folder / "artifacts").as_uri())
                if known is None
                else known.experiment_id
            )

    def log(self, record: Record) -> None:
        """Write ``record`` as a finished or failed run."""
        from mlflow.entities import Metric, Param

        start, end = _times(record)
        with self._turn():
            run = self._client.create_run(
                self._experiment, start, tags(record), f"{record.run.method} seed={record.run.seed}"
            ).info.run_id
            told = [Param(name, str(value)[:LONGEST]) for name, value in flat(record.run.settings)]
            for first in range(0, len(told), MOST):
                self._client.log_batch(run, params=told[first : first + MOST])
            numbers = [Metric(name, value, end or 0, 0) for name, value in metrics(record)]
            for first in range(0, len(numbers), MOST):
                self._client.log_batch(run, numbers[first : first + MOST])
            self._client.set_terminated(run, "FAILED" if record.status == "failed" else "FINISHED", end)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with (self._folder / "mlflow.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def start(settings: Mapping[str, Any], folder: Path) -> MLflow:
    """Track into ``folder/mlruns``, in the experiment that ``tracker.experiment`` names."""
    return MLflow(settings["experiment"], folder / "mlruns")


def tags(record: Record) -> dict[str, str]:
    """What names a record, and where it lies."""
    run = record.run
    told = {name: getattr(run, name) for name in ("task", "space", "label", "method", "identity", "group")}
    told |= {"seed": run.seed, "status": record.status, "reason": record.reason or ""}
    told |= {"record": record.path, "commit": record.provenance.get("commit") or ""}
    return {name: str(value)[:LONGEST] for name, value in told.items()}


def metrics(record: Record) -> Iterator[tuple[str, float]]:
    """Every number of the statistics; what is undefined is left out."""
    for name, value in flat(record.statistics):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def flat(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All leaves of mappings and lists, named like ``score/best_of/10``."""
    items: Iterable[tuple[Any, Any]]
    if isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield _FOREIGN.sub("_", name), value
        return
    for key, item in items:
        yield from flat(item, f"{name}/{key}" if name else str(key))


def _times(record: Record) -> tuple[int | None, int | None]:
    """Start and end in milliseconds since 1970."""
    timing = record.timing or {}
    try:
        started = datetime.fromisoformat(timing["started"]).timestamp()
        return round(1000 * started), round(1000 * (started + timing["seconds"]))
    except (KeyError, TypeError, ValueError):
        return None, None
