"""``python -m harness``: compose, check everything, run, write records.

One run by default; ``-m`` sweeps with Hydra's multirun, and ``hydra/launcher=`` takes its launchers.
All combinations are composed and checked before the first one runs. A failing job does not stop
a sweep; every failure is told in the end.
"""

from __future__ import annotations

import os
import sys
import traceback

import hydra
from omegaconf import DictConfig

from harness import paths
from harness.cli._compose import composing, run_configs, to_run_config
from harness.cli._progress import single_run
from harness.cli._sentence import BAD_INPUT, guarded
from harness.errors import ConfigError, HarnessError
from harness.runners import execute

FAILED = 1
SWEEP_FLAGS = {"-m", "--multirun"}

_failures: list[tuple[str, Exception]] = []
"""What went wrong in this process; a launcher's workers raise instead, for their parent to see."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code of the command line ``arguments``: 0 done or skipped, 1 failed, 2 bad input."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return guarded(lambda: _main(arguments))


def _main(arguments: list[str]) -> int:
    flags = {argument for argument in arguments if argument.startswith("-")}
    if flags <= SWEEP_FLAGS:
        with composing():
            configs = run_configs([argument for argument in arguments if argument not in flags])
        if len(configs) > 1 and not flags:
            raise ConfigError(f"These settings make {len(configs)} runs; add -m to sweep over them.")
    os.environ.update(HYDRA_FULL_ERROR="1", HARNESS_PARENT=str(os.getpid()))
    sys.argv = ["harness", *arguments]
    _failures.clear()
    _hydra_main()
    for name, error in _failures:
        print(f"harness: {name}{error}" if flags else f"harness: {error}", file=sys.stderr)
    if not _failures:
        return 0
    return BAD_INPUT if all(isinstance(error, HarnessError) for _, error in _failures) else FAILED


@hydra.main(version_base="1.3", config_path=str(paths.CONF), config_name="config")
def _hydra_main(config: DictConfig) -> None:
    """One job of Hydra's: run and report each outcome in a line."""
    run = to_run_config(config)
    name = f"{run.space['name']} {run.task['name']}"
    try:
        with single_run(run) as progress:
            outcomes = execute(run, progress)
    except Exception as error:
        if os.environ["HARNESS_PARENT"] != str(os.getpid()):
            raise
        _failures.append((f"{name} seed={run.seed}: ", error))
        if not isinstance(error, HarnessError):
            traceback.print_exc()
        return
    for outcome in outcomes:
        print(
            f"{outcome.status}: {name} {outcome.method} seed={run.seed}: {outcome.headline} ({outcome.path})",
            flush=True,
        )
