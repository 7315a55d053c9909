"""``python -m harness``: compose, check everything, run, write records.

One run by default; ``-m`` sweeps, one run after another in this process, or with Hydra's multirun where
something of Hydra's own is set: ``hydra/launcher=`` takes its launchers. Hydra's flags stand anywhere
among the settings.
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
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from harness import folders
from harness.cli import _flags, _own_folders
from harness.cli._compose import (
    as_hydra_writes,
    asks_hydra,
    composing,
    expanded,
    of_hydra,
    results_root,
    run_config,
    swept,
    to_run_config,
)
from harness.cli._items import bring_in, explained
from harness.cli._ledger import (
    BAD,
    FILE,
    Ending,
    end_with_sweep,
    ending_of,
    endings,
    exit_code,
    job_of,
    ledger,
    note,
    summary,
)
from harness.cli._literal import quoted, setting
from harness.cli._progress import single_run
from harness.cli._sentence import guarded
from harness.errors import ConfigError, HarnessError, RunFailed
from harness.runners import RunConfig, duration, execute


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line ``arguments``: 0 done or skipped, 1 a run failed, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    from harness.records import check_writable  # here, since a launcher's workers import this module too

    line = _flags.read(arguments)
    settings, places = _own_folders.taken_out(line.settings)
    _own_folders.look_in([*line.folders, *places])
    os.environ["HYDRA_FULL_ERROR"] = "1"
    if line.shown:
        return _show(line.shown, settings)
    with composing():
        jobs = expanded(settings)
        configs = [run_config(job) for job in jobs]
        names = [job_of(as_hydra_writes(job)) for job in jobs]
        with_hydra = asks_hydra(jobs[0]) if line.sweep else any(map(of_hydra, settings))
        sys.argv = ["harness", *(["--multirun", *swept(settings)] if line.sweep else jobs[0])]
    if len(jobs) > 1 and not line.sweep:
        raise ConfigError(
            f"These settings make {len(jobs)} runs; add -m to sweep over them, or put a value that holds a "
            "comma in quotes, as in 'name=\"a,b\"'."
        )
    root = results_root(configs[0].results)
    check_writable(root)
    # Workers of a sweep may run on other machines, which share the results and nothing else.
    with TemporaryDirectory() as own, ledger(root / "multirun" if line.sweep else Path(own)) as file:
        if line.sweep:  # nor need they inherit this environment
            sys.argv.append("+" + setting(f"hydra.job.env_set.{FILE}", file.resolve()))
        try:
            if with_hydra:
                _hydra_main()
            else:  # Hydra would compose the same configs twice more
                for config, name in zip(configs, names, strict=True):
                    _run(config, name)
        finally:
            found, each = endings(file), list(dict.fromkeys(names))
            _tell(found, each if line.sweep else ())
    return exit_code(found, each)


def _show(flags: Sequence[str], settings: Sequence[str]) -> int:
    """Let Hydra show what ``flags`` ask for."""
    bring_in()
    told = [] if "--hydra-help" in flags else map(quoted, settings)  # that page is Hydra's alone
    sys.argv = ["harness", *flags, *told]
    code = 0
    try:
        _hydra_main()
    except SystemExit as end:  # with which Hydra ends some of its pages
        code = int(end.code or 0)
    if "--help" in flags:
        print("\n".join(["== Settings of items ==", *explained()]))
    return code


def _tell(found: Sequence[Ending], jobs: Sequence[str]) -> None:
    """The sweep's last lines on stderr, or the one run's sentence."""
    if jobs:
        lines = summary(found, jobs, duration)
    else:
        lines = [ending.reason for ending in found if ending.status in BAD]
    for line in lines:
        print(f"harness: {line}", file=sys.stderr, flush=True)


@hydra.main(version_base="1.3", config_path=str(folders.CONF), config_name="config")
def _hydra_main(config: DictConfig) -> None:
    """One job of Hydra's."""
    # As they were given: `${...}` is told apart by its words, which a value read here would replace.
    given: Any = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    job = job_of(as_hydra_writes(given))
    if FILE in os.environ:
        end_with_sweep()
    _run(to_run_config(config), job)


def _run(run: RunConfig, job: str) -> None:
    """Execute one run, tell each outcome in a line, and note it."""
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
        reason = str(error) if told else f"{type(error).__name__}: {error}"
        note(Ending(job, "refused" if refused else "failed", reason))
        return
    name = f"{run.space['name']} {run.task['name']}"
    for outcome in outcomes:
        print(
            f"{outcome.status}: {name} {outcome.method} seed={run.seed}: {outcome.headline} ({outcome.path})",
            flush=True,
        )
        note(ending_of(job, outcome))
