"""``harness status``: which runs are done, failed, running, interrupted, stale or missing.

Without settings every run found in the results; with settings, as ``python -m harness -m`` takes them, or
with ``--preset``, every run that they ask for.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness import folders
from harness.cli._progress import bars, console_for
from harness.cli._sentence import Parser, folder, guarded
from harness.errors import ConfigError

if TYPE_CHECKING:
    from harness.cli._states import Line
    from harness.runners import RunConfig

STYLES = {
    "done": "green", "running": "cyan", "interrupted": "yellow", "failed": "red", "missing": "dim",
    "stale": "yellow", "damaged": "red", "refused": "red",
}  # fmt: skip
TITLES = ("State", "Task", "Space", "Label", "Method", "Seed", "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line per run and how many there are of each state; 2 and one sentence for bad input."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    asked = _parser().parse_intermixed_args(arguments)
    if asked.seeds and not asked.preset:
        raise ConfigError("--seeds goes with --preset; without one name them as a setting, like seed=0,1.")
    from harness.cli import _states

    if asked.overrides or asked.preset:
        configs = _configs(asked)
        with bars(Console(stderr=True)) as progress:
            task = progress.add_task("settings", total=len(configs))
            lines = _states.planned(configs, lambda done: progress.update(task, completed=done))
        where = "planned"
    else:
        root = asked.results or folders.RESULTS
        lines, where = _states.found(root, _spaces(asked.space)), f"in {root}"
    console = console_for(sys.stdout)
    _print(lines, _states.told_apart(lines), console)
    counts = Counter(line.state for line in lines)
    told = ", ".join(f"{counts[state]:,} {state}" for state in _states.STATES if counts[state])
    console.print(f"{len(lines):,} runs {where}" + f": {told}" * bool(told), soft_wrap=True, highlight=False)
    return 0


def _configs(asked: Namespace) -> list[RunConfig]:
    """The runs that are asked for, composed and checked."""
    from harness.cli._compose import composing, run_configs
    from harness.cli._literal import setting
    from harness.cli.bench import plan, with_own_folders

    overrides = with_own_folders(asked.config_dir, asked.overrides)
    if asked.results:
        overrides.append(setting("results", asked.results.resolve()))
    if asked.preset:
        return plan(_spaces(asked.space or ["all"]), asked.preset, asked.seeds, overrides)
    with composing():
        configs = run_configs(overrides)
    spaces = _spaces(asked.space)
    return [config for config in configs if not spaces or config.space["name"] in spaces]


def _spaces(asked: Sequence[str]) -> tuple[str, ...]:
    """The spaces that are named, families taken apart."""
    if not asked:
        return ()
    from harness.cli.bench import choose_spaces

    return tuple(dict.fromkeys(space for name in asked for space in choose_spaces(name, measured=True)))


def _print(lines: Sequence[Line], settings: dict[str, str], console: Console) -> None:
    rows = [
        (
            line.state,
            *line.names,
            "; ".join(filter(None, [settings.get(line.identity, ""), " ".join(line.words.split())])),
        )
        for line in lines
    ]
    if not console.is_terminal:
        for row in rows:
            print("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for title in TITLES:
        table.add_column(title, justify="right" if title == "Seed" else "left", no_wrap=title == "State")
    for state, *rest in rows:
        table.add_row(Text(state, style=STYLES[state]), *map(Text, rest))
    if rows:
        console.print(table)


def _parser() -> Parser:
    parser = Parser(prog="harness status", description=__doc__)
    parser.add_argument(
        "overrides", nargs="*", metavar="name=value", help="settings, as `python -m harness -m` takes them"
    )
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="taken so that a sweep's command line fits; no meaning"
    )
    parser.add_argument(
        "--results",
        type=folder,
        metavar="DIR",
        help="results folder (default: that of the settings, or results/)",
    )
    parser.add_argument(
        "--space",
        action="append",
        default=[],
        metavar="NAME",
        help="this space or family of spaces alone; may be repeated",
    )
    parser.add_config_dir()
    parser.add_argument("--preset", default="", metavar="NAME", help="the runs of a file of conf/preset")
    parser.add_argument("--seeds", default="", metavar="0,1", help="seeds in place of the preset's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
