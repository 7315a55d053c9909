"""What a notebook calls, as ``harness.run``, ``.load_results``, ``.score`` and ``.rank_agreement``.

The same runs, records and numbers as the command line's. Importing this loads neither torch nor pandas.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import folders
from harness.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import nn

    from harness.proxies import Measurement
    from harness.records import Record
    from harness.stats import Agreement

__all__ = ["load_results", "rank_agreement", "run", "score"]


def run(task: str, *overrides: str, **settings: Any) -> list[Record]:
    """Run a task and return its records; those that exist already are not made again.

    In a notebook a record shows its headline, what it rests on, and its figure.

    Parameters
    ----------
    task
        ``arch_correlation``, ``ensemble``, ``op_correlation``, ``search``, ``shrink`` or ``variance``.
    overrides
        Settings as on the command line, such as ``"searcher.queries=50"``.
    settings
        The same by name: ``space="nb201"``, ``proxy="nwot"``, ``seed=0``, ``results="folder"``. A list of
        values is a sweep over them.

    Raises
    ------
    HarnessError
        As the command line: before anything runs for what cannot be, and where a run fails.

    Examples
    --------
    >>> import tempfile, harness
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (record,) = harness.run("search", "searcher.queries=5", space="nbmacro", searcher="random_search",
    ...                             results=folder)
    ...     record.statistics["table_queries"]
    5
    """
    from harness.cli._compose import composing, run_configs
    from harness.cli._literal import setting
    from harness.cli._sentence import config_errors, sentence
    from harness.records import read_record
    from harness.runners import execute

    given = [f"task={task}", *overrides]
    for name, value in settings.items():
        values = list(value) if isinstance(value, list | tuple) else [value]
        if not values:
            raise ConfigError(f"{name} is an empty list, so that there is nothing to run; name a value.")
        texts = [setting(name, value) for value in values] if name == "results" else []
        given += texts or [f"{name}={','.join(map(_text, values))}"]
    try:
        with composing():
            configs = run_configs(given)
    except config_errors() as error:
        raise ConfigError(sentence(error)) from error
    outcomes = [outcome for config in configs for outcome in execute(config)]
    return [_shown(read_record(outcome.path)) for outcome in outcomes if outcome.path.is_file()]


def load_results(folder: str | Path | None = None) -> pd.DataFrame:
    """Every number of the records in ``folder``: one row per run and statistic.

    The columns are task, space, label, method, seed, status, statistic (dotted, as in ``report.csv``), value,
    identity, and path. Numbers are those that the records hold; a report recomputes them from the rows first.
    A run that failed has one row without a statistic.
    """
    import pandas as pd

    from harness.records import Store
    from harness.reports.analysis.results import numbers_of

    rows: list[dict[str, Any]] = []
    for record in Store(Path(folder).expanduser() if folder else folders.RESULTS).records():
        own = record.run
        shared: dict[str, Any] = {
            "task": own.task,
            "space": own.space,
            "label": own.label,
            "method": own.method,
        }
        shared |= {"seed": own.seed, "status": record.status, "identity": own.identity, "path": record.path}
        numbers = numbers_of(record.statistics)
        rows += [{**shared, "statistic": name, "value": value} for name, value in numbers.items()] or [shared]
    columns = ["task", "space", "label", "method", "seed", "status", "statistic", "value", "identity", "path"]
    return pd.DataFrame(rows, columns=columns).astype({"value": float})


def score(
    module: nn.Module, batch: Any, proxies: str | Iterable[str], seed: int = 0
) -> dict[str, Measurement]:
    """Zero-cost proxies of any network: by name a value with its status, see :func:`harness.proxies.measure`.

    ``batch`` is ``(images, targets)``, or as many of these as the proxies read.
    """
    from harness.proxies import measure

    return measure(module, batch, proxies, seed)


def rank_agreement(
    scores: Sequence[float] | np.ndarray,
    accuracies: Sequence[float] | np.ndarray,
    params: Sequence[float] | np.ndarray | None = None,
) -> Agreement:
    """How well ``scores`` rank by ``accuracies``, with intervals: a :class:`harness.stats.Agreement`.

    Higher is better in both. A score that is not finite counts as failed, an accuracy as not known.
    ``params`` adds the correlations that are left once size is taken out.
    """
    import numpy as np

    from harness.stats import agreement

    sizes = None if params is None else np.asarray(params, dtype=np.float64)
    return agreement(np.asarray(scores, dtype=np.float64), np.asarray(accuracies, np.float64), params=sizes)


def _shown(record: Record) -> Record:
    """The record, of a class that notebooks show as HTML; records themselves know nothing of reports."""
    from harness.reports.record import Shown

    return Shown(**{field.name: getattr(record, field.name) for field in fields(record)})


def _text(value: Any) -> str:
    """A value as the command line takes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
