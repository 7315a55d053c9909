"""Processes that begin with torch and the harness loaded: each is forked from one that loads them once."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import registry

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    [
        *(f"harness.cli.{verb}" for verb in ("run", "bench", "report")),
        *(f"harness.runners.{task}" for task in ("arch_correlation", "op_correlation", "search")),
        *(f"harness.searchers.{name}" for name in ("darts", "zero_cost_pt")),
        *(f"harness.{name}" for name in ("training.darts", "scorers.zero_cost_pt", "inputs.digits")),
        *("harness.reports", "matplotlib.figure", "scipy.stats", "pytest"),
    ]
)


def command(
    *arguments: str, module: str = "harness.cli.run", packages: Sequence[Path] = ()
) -> subprocess.CompletedProcess[str]:
    """What ``python -m module *arguments`` does, in this folder and environment.

    Python finds other people's ``packages`` too, as by its ``PYTHONPATH``.
    """
    with TemporaryDirectory() as folder:
        told = Path(folder, "out"), Path(folder, "err")
        asked = (module, arguments, packages, dict(os.environ), told)
        process = CHILDREN.Process(target=_main, args=asked)
        process.start()
        process.join()
        out, err = (path.read_text(encoding="utf-8") for path in told)
    return subprocess.CompletedProcess((module, *arguments), process.exitcode, out, err)


def _main(
    module: str,
    arguments: Sequence[str],
    packages: Sequence[Path],
    environment: dict[str, str],
    told: tuple[Path, Path],
) -> None:
    for path, stream in zip(told, (sys.stdout, sys.stderr), strict=True):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = map(str, packages)
    registry.entry_points.cache_clear()
    registry._all_entry_points.cache_clear()
    gc.freeze()
    sys.argv = [module, *arguments]
    sys.exit(importlib.import_module(module).main())
