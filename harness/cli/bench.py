"""``harness bench --space nb201``: run a preset on one space or several, then write the report.

A preset (``conf/preset/<name>.yaml``) holds seeds, lines of overrides, each a sweep, lines for single
families of spaces (``only``; ``instead`` of all others), and overrides for whole families; a line may name
seeds of its own, and has to where the preset has none. A run whose record exists is skipped. ``JOBS`` runs
work side by side, one CPU thread each, with results that do not depend on how many there are; by default one
per GPU, or else one per core.
"""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from rich.console import Console

from harness import benchmarks, spaces
from harness.cli._compose import composing, expanded, results_root, run_config
from harness.cli._literal import setting
from harness.cli._own_folders import look_in, presets, taken_out
from harness.cli._pool import exit_code, run_all
from harness.cli._progress import console_for, drawing
from harness.cli._sentence import Parser, folder, guarded
from harness.errors import ConfigError, NoFiguresError, ResultsError, RunFailed, unknown_name
from harness.processes.helpers import cores
from harness.runners import RunConfig, cards

MEASURED = ("truth=train", "truth=restore")
"""Settings that say that truth is measured."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 all done, 1 where a run began and failed, 2 for bad input."""
    return guarded(lambda: _main(sys.argv[1:] if arguments is None else arguments))


def _main(arguments: list[str]) -> int:
    # Worker processes import this module too, and need neither pandas nor plots to start.
    from harness import records

    asked = _parse(arguments)
    chosen = choose_spaces(asked.space, measured=any(each in MEASURED for each in asked.overrides))
    root = results_root(asked.results)
    records.check_writable(root)
    settings = with_own_folders(asked.config_dir, asked.overrides)
    configs = plan(chosen, asked.preset, asked.seeds, [*settings, *_results(asked)])
    console = console_for(sys.stdout)
    chosen = tuple(dict.fromkeys(config.space["name"] for config in configs))
    jobs = runs_at_a_time(asked.jobs, cards([config.device for config in configs]))
    console.print(f"{len(configs)} runs: {', '.join(chosen)}, preset {asked.preset}, {jobs} at a time")
    failures = run_all(configs, jobs, console)
    try:
        ran = len(failures) < len(configs) or any(failure.began for failure in failures)
        if ran and not all(config.dry_run for config in configs):
            _report(root, asked.space, chosen, console, runs_at_a_time(asked.jobs))
    except ResultsError as error:
        if failures:
            raise RunFailed(str(error)) from error
        raise
    finally:
        for failure in failures:
            print(f"harness: {'failed' if failure.began else 'refused'}: {failure.reason}", file=sys.stderr)
    return exit_code(failures)


def _report(root: Path, name: str, chosen: Sequence[str], console: Console, processes: int) -> None:
    from harness import reports

    with drawing() as progress:
        report = reports.build(root, root / "reports" / name, chosen, progress=progress, processes=processes)
    reports.print_tables(report, console)
    console.print(f"Report: {report.paths['page']}", soft_wrap=True)


def choose_spaces(asked: str, measured: bool = False) -> tuple[str, ...]:
    """The spaces that ``SPACE`` names: one, a family like ``nb1shot1``, or ``all``.

    What is the name of both a space and a family means the space. One without a benchmark can be named where
    truth is ``measured``.
    """
    if measured and asked in spaces.names():
        return (asked,)
    families: dict[str, list[str]] = {"all": list(benchmarks.names())}
    for name in benchmarks.names():
        families.setdefault(name, []).append(name)
        if spaces.load(name).family not in benchmarks.names():
            families.setdefault(spaces.load(name).family, []).append(name)
    for name in spaces.names():  # without figures it has no other name, and searches alone
        families.setdefault(name, [name])
    if not asked:
        raise ConfigError(f"SPACE is missing; allowed: {', '.join(sorted(families))}; like SPACE=nb201.")
    if asked not in families:
        raise unknown_name("space", asked, families)
    return tuple(families[asked])


def plan(chosen: tuple[str, ...], preset: str, seeds: str, overrides: list[str]) -> list[RunConfig]:
    """Every run of the preset on ``chosen``, composed and checked; ``overrides`` win."""
    allowed = presets()
    if preset not in allowed:
        raise unknown_name("preset", preset, allowed)
    for each in overrides:
        name, _, value = each.partition("=")
        if name == "seed":
            raise ConfigError(f"A preset's seeds are named with SEEDS or --seeds {value}; received {each!r}.")
    lines: Any = OmegaConf.to_object(OmegaConf.load(allowed[preset]))
    drawn = _seeds(seeds)
    with composing():
        configs, own = [], []
        for space, line in _lines(lines, chosen):
            made = _known([*line, f"space={space}", *overrides])
            configs += made
            own += [any(part.startswith("seed=") for part in line)] * len(made)
    if not configs:
        raise ConfigError(
            f"The preset {preset} has no runs for {', '.join(chosen)}; it is for "
            f"{', '.join(lines.get('only', {}))}: take one of these with SPACE, or another PRESET."
        )
    if "seeds" in lines:
        return _seeded(zip(configs, own, strict=True), drawn, lines["seeds"])
    named = sorted({config.seed for config in configs})
    if drawn and not set(drawn) & set(named):
        raise ConfigError(
            f"The runs of preset {preset} have seeds of their own, {', '.join(map(str, named))}; received "
            f"SEEDS={seeds}: take some of these, or none."
        )
    return [config for config in configs if not drawn or config.seed in drawn]


def _known(overrides: Sequence[str]) -> list[RunConfig]:
    """The runs of a line; of a space without figures those that compare with none."""
    found = []
    for choice in expanded(overrides):
        with suppress(NoFiguresError):
            found.append(run_config(choice))
    return found


def _seeded(
    configs: Iterable[tuple[RunConfig, bool]], drawn: Sequence[int], usual: Sequence[int]
) -> list[RunConfig]:
    """Every run for the seeds that are ``drawn``, or else for its line's own seed or the ``usual`` ones."""
    found = {}  # a line with seeds of its own has made a config for each
    for config, own in configs:
        for seed in drawn or ([config.seed] if own else usual):
            run = replace(config, seed=seed)
            found[repr(run)] = run
    return list(found.values())


def _lines(lines: Mapping[str, Any], chosen: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Every space with every line of a preset that is for it."""
    only, instead = lines.get("only", {}), lines.get("instead", {})
    for line in lines.get("runs", []):
        for space in chosen:
            if spaces.load(space).family not in instead:
                yield space, _with_family(lines, space, line)
    for space in chosen:
        family = spaces.load(space).family
        for line in (*instead.get(family, []), *only.get(family, [])):
            yield space, _with_family(lines, space, line)


def _with_family(lines: Mapping[str, Any], space: str, line: str) -> list[str]:
    return [*line.split(), *lines.get("families", {}).get(spaces.load(space).family, "").split()]


def _seeds(asked: str) -> list[int]:
    """The seeds that are named, each once."""
    if not asked:
        return []
    if not re.fullmatch(r"\s*[0-9]{1,18}\s*(,\s*[0-9]{1,18}\s*)*", asked):
        raise ConfigError(f"SEEDS takes integers from 0 on, like 0,1; received {asked!r}.")
    return list(dict.fromkeys(int(seed) for seed in asked.split(",")))


def _parse(arguments: list[str]) -> Namespace:
    parser = Parser(prog="harness bench", description=__doc__ and __doc__.splitlines()[0])
    parser.add_argument("--space", default="", help="a space, a family of spaces, or all")
    parser.add_argument("--preset", default="quick", help="a file of conf/preset")
    parser.add_argument("--seeds", default="", help="seeds like 0,1 in place of the preset's")
    parser.add_argument("--jobs", default="", help="runs at a time; one per GPU by default, or per core")
    parser.add_argument("--results", default="", help="folder of records; the clone's results/ by default")
    parser.add_argument("overrides", nargs="*", help="settings for every run, like batch_size=32 force=true")
    parser.add_config_dir()
    return parser.parse_intermixed_args(arguments)


def runs_at_a_time(asked: str, cards: int = 0) -> int:
    """What ``JOBS`` says; where it says nothing as many as there are GPUs, or else cores."""
    if not asked:
        return cards or cores()
    if not re.fullmatch("[0-9]{1,6}", asked) or int(asked) < 1:
        raise ConfigError(f"JOBS must be a positive integer; received {asked!r}.")
    return int(asked)


def _results(asked: Namespace) -> list[str]:
    return [setting("results", folder(asked.results).resolve())] if asked.results else []


def with_own_folders(folders: Sequence[str], overrides: Sequence[str]) -> list[str]:
    """``overrides`` without Hydra's search path; folders of one's own settings are looked in from here on."""
    settings, places = taken_out(overrides)
    look_in([*folders, *places])
    return settings


if __name__ == "__main__":
    sys.exit(main())
