"""``python -m harness``: compose, check everything, run, write records.

One run by default; ``-m`` sweeps with Hydra's multirun, and ``hydra/launcher=`` takes its launchers.
All combinations are composed and checked before the first one runs. A failing job does not stop
a sweep; the last lines tell of every failure, whichever process it happened in.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from harness import paths
from harness.cli._compose import as_hydra_writes, composing, expanded, run_config, to_run_config
from harness.cli._ledger import (
    BAD,
    FILE,
    Entry,
    end_with_sweep,
    enter,
    entries,
    entry_of,
    exit_code,
    job_of,
    ledger,
    summary,
)
from harness.cli._progress import single_run
from harness.cli._sentence import guarded
from harness.errors import ConfigError, HarnessError, RunFailed
from harness.runners import duration, execute

SWEEP_FLAGS = {"-m", "--multirun"}


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line ``arguments``: 0 done or skipped, 1 a run failed, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    from harness.records import check_writable  # here, since a launcher's workers import this module too

    flags = {argument for argument in arguments if argument.startswith("-")}
    os.environ["HYDRA_FULL_ERROR"] = "1"
    sys.argv = ["harness", *arguments]
    if not flags <= SWEEP_FLAGS:  # such as --help and --cfg, which are Hydra's own
        _hydra_main()
        return 0
    with composing():
        jobs = expanded([argument for argument in arguments if argument not in flags])
        configs = [run_config(job) for job in jobs]
        names = list(dict.fromkeys(job_of(as_hydra_writes(job)) for job in jobs))
    if len(jobs) > 1 and not flags:
        raise ConfigError(f"These settings make {len(jobs)} runs; add -m to sweep over them.")
    root = Path(configs[0].results) if configs[0].results else paths.RESULTS
    check_writable(root)
    # Workers of a sweep may run on other machines, which share the results and nothing else.
    with TemporaryDirectory() as own, ledger(root / "multirun" if flags else Path(own)) as file:
        if flags:  # nor need they inherit this environment
            sys.argv.append(f"+hydra.job.env_set.{FILE}={str(file.resolve())!r}")
        try:
            _hydra_main()
        finally:
            found = entries(file)
            _tell(found, names if flags else ())
    return exit_code(found, names)


def _tell(found: Sequence[Entry], jobs: Sequence[str]) -> None:
    """The sweep's last lines on stderr, or the one run's sentence."""
    if jobs:
        lines = summary(found, jobs, duration)
    else:
        lines = [entry.words for entry in found if entry.status in BAD]
    for line in lines:
        print(f"harness: {line}", file=sys.stderr, flush=True)


@hydra.main(version_base="1.3", config_path=str(paths.CONF), config_name="config")
def _hydra_main(config: DictConfig) -> None:
    """One job of Hydra's: run and report each outcome in a line."""
    # As they were given: `${...}` is told apart by its words, which a value read here would replace.
    job = job_of(as_hydra_writes(OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)))
    if FILE in os.environ:
        end_with_sweep()
    run = to_run_config(config)
    try:
        with single_run(run) as progress:
            outcomes = execute(run, progress)
    except Exception as error:
        if FILE not in os.environ:
            raise
        told = isinstance(error, HarnessError)
        refused = told and not isinstance(error, RunFailed)
        if not told:
            traceback.print_exc()
        words = str(error) if told else f"{type(error).__name__}: {error}"
        enter(Entry(job, "refused" if refused else "failed", words))
        return
    name = f"{run.space['name']} {run.task['name']}"
    for outcome in outcomes:
        print(
            f"{outcome.status}: {name} {outcome.method} seed={run.seed}: {outcome.headline} ({outcome.path})",
            flush=True,
        )
        enter(entry_of(job, outcome))
