"""``harness regress``: fresh results against the committed golden ones.

Exit codes: 0 nothing moved, 1 something moved or failed, 2 bad input. With ``--accept REASON`` what moved
becomes golden, and the exit code is 0.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from harness import folders
from harness.cli._literal import setting
from harness.cli._pool import Failure, run_all
from harness.cli._progress import console_for
from harness.cli._sentence import Parser, folder, guarded
from harness.cli.bench import plan, runs_at_a_time
from harness.errors import ConfigError, ResultsError, RunFailed

if TYPE_CHECKING:
    from harness.regression.goldens import Entry

GOLDENS = folders.ROOT / "tests" / "goldens"
PRESET = "regress"
SPACES = (
    "nb201", "nbmacro", "nb1shot1_1", "darts", "transnas_micro", "transnas_macro", "nats_sss",
    "nb101", "mnasnet", "mobilenet",
)  # fmt: skip
"""One of each family; table facts are of all spaces."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, compare, and tell what moved."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    # Worker processes import this module too, and need none of it.
    from harness.regression import compare, goldens, text

    asked = _parse(arguments)
    golden = goldens.read(asked.goldens)
    if not golden and asked.accept is None:
        raise ResultsError(f"No goldens in {asked.goldens}; record some with --accept REASON.")
    with ExitStack() as stack:
        root = asked.results or Path(stack.enter_context(TemporaryDirectory(prefix="harness-regress-")))
        failures = _run(root, asked.jobs)
        fresh = _fresh(root, asked.accept or "")
    compared = compare.compare(golden, fresh)
    moved = any(each.findings for each in compared)
    print("\n".join(text.regression_lines(compared)))
    for failure in failures:
        print(f"harness: failed: {failure.reason}", file=sys.stderr)
    if asked.accept is None:
        if moved:
            print('Where this is meant: make regress ACCEPT="the reason".')
        return int(moved or bool(failures))
    if failures:
        runs = "1 run" if len(failures) == 1 else f"{len(failures)} runs"
        raise RunFailed(f"Nothing was recorded, because {runs} failed.")
    accepted = compare.accepted(compared)
    files = goldens.write(asked.goldens, accepted)
    print("", text.changes(golden, accepted), *files, sep="\n")
    return 0


def _run(root: Path, jobs: int) -> list[Failure]:
    """Run the preset, on the CPU wherever this is, and return each failure."""
    from harness import records

    records.check_writable(root)
    if next(records.Store(root).records(), None) is not None:
        raise ResultsError(
            f"{root} holds records already, so its results would not be fresh; name a new folder."
        )
    configs = plan(SPACES, PRESET, "", ["device=cpu", setting("results", root.resolve())])
    return run_all(configs, jobs, console_for(sys.stderr))


def _fresh(root: Path, reason: str) -> list[Entry]:
    import torch

    from harness import benchmarks, records
    from harness.regression import fresh as fresh_entries

    capability = torch.backends.cpu.get_cpu_capability()
    here = fresh_entries.origin(records.provenance("cpu", 1), reason, capability)
    return [
        *fresh_entries.of_records(records.Store(root).records(), reason, capability),
        *fresh_entries.of_tables(benchmarks.tables(), here),
    ]


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = Parser(prog="harness regress", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument(
        "--goldens", type=folder, default=GOLDENS, metavar="DIR", help="golden files (default: %(default)s)"
    )
    parser.add_argument("--accept", metavar="REASON", help="record what moved as golden, and why it moved")
    parser.add_argument(
        "--results", type=folder, metavar="DIR", help="keep the fresh records in this new folder"
    )
    parser.add_argument("--jobs", default="", help="runs at a time; all cores by default")
    asked = parser.parse_args(arguments)
    asked.jobs = runs_at_a_time(asked.jobs)
    if asked.accept is not None:
        asked.accept = " ".join(asked.accept.split())
        if not asked.accept:
            raise ConfigError('Goldens are recorded with a reason; say why they move, ACCEPT="the reason".')
    return asked


if __name__ == "__main__":
    sys.exit(main())
