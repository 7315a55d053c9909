"""``harness reproduce RECORD``: run a record's config again and compare every row.

Exit codes: 0 all the same, 1 something differs or the run failed, 2 bad input.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from tempfile import TemporaryDirectory
from typing import Any

from harness.cli._progress import single_run
from harness.cli._sentence import Parser, folder, guarded
from harness.errors import ConfigError, ResultsError, RunFailed, unknown_name
from harness.runners import RunConfig, check, execute

SHOWN = 10
"""Entries that are told of each kind of difference, those of the rows by falling relative difference."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it again and say what is the same; 2 and one sentence where that cannot be."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness.records import read_record, repetition

    if not options.record.is_file():
        raise ConfigError(
            f"RECORD is the JSON file of a record, <results>/records/.../<identity>.json; "
            f"{options.record} is none."
        )
    first = read_record(options.record.resolve())
    if first.status != "ok":
        raise ResultsError(f"{options.record} is the record of a failed run; there are no rows to compare.")
    config = config_of(first, options.overrides)
    with TemporaryDirectory() as folder:
        config = replace(config, results=str(options.results or folder))
        check(config)
        with single_run(config) as progress:
            outcomes = execute(config, progress)
        outcome = next((each for each in outcomes if each.method == first.run.method), None)
        if outcome is None:
            made = ", ".join(each.method for each in outcomes)
            raise RunFailed(
                f"The config of {options.record} made records of {made}, not of {first.run.method}."
            )
        if outcome.status == "failed":
            raise RunFailed(outcome.headline)
        again = repetition(first, read_record(outcome.path))
    print("\n".join(told(again)))
    return 0 if again.same else 1


def config_of(record: Any, overrides: Sequence[str]) -> RunConfig:
    """The config that ``record`` was made with, on the device it was made on, and with ``overrides``.

    Raises
    ------
    ConfigError, UnknownNameError
        For a setting this version does not know, or an override that is none.
    """
    known = {field.name: field for field in fields(RunConfig)}
    content = dict(record.config)
    for name in content:
        if name not in known:
            raise unknown_name("setting of the record", name, known)
    device = str(record.provenance.get("device") or "cpu").partition(":")[0]
    if not content.get("proxy", {}).get("names"):
        content["proxy"] = {"names": ["params"]}  # a config names one, also where none is read
    config = RunConfig(**{**content, "device": device})
    for override in overrides:
        config = _overridden(config, override)
    return config


def _overridden(config: RunConfig, override: str) -> RunConfig:
    allowed = ("device", "threads", "workers", "path", "input.folder")
    name, equals, value = override.partition("=")
    if not equals or name not in allowed:
        raise ConfigError(
            f"A record is run again with its own settings; only {', '.join(allowed)} may be given, as "
            f"name=value; received {override!r}."
        )
    whole = name in ("threads", "workers") and value.isascii() and value.isdigit()
    changed: dict[str, Any] = {name: int(value) if whole else value}
    if name == "input.folder":
        changed = {"input": {**config.input, "folder": str(folder(value))}}
    return replace(config, **changed)


def told(again: Any) -> Iterator[str]:
    """What is the same and what is not, line by line."""
    before, after = again.rows
    if again.same:
        yield f"The same: all {before:,} rows and every statistic, bit for bit."
    elif before == after and not again.moved:
        yield f"All {before:,} rows are the same, bit for bit; statistics are not."
    else:
        rows = {moved.row for moved in again.moved}
        yield f"Not the same: {len(rows):,} of {before:,} rows differ" + (
            "." if before == after else f"; the new run has {after:,} rows."
        )
        worst = sorted(again.moved, key=lambda moved: -moved.relative)
        for moved in worst[:SHOWN]:
            yield (
                f"  row {moved.row}, {moved.place}: {moved.column} {moved.before} -> {moved.after} "
                f"(relative difference {moved.relative:.1e})"
            )
        yield from _more(len(worst))
    for title, changes in (
        ("Statistics that differ", () if again.same else again.statistics),
        ("Settings that differ, so that this is another run", again.settings),
        ("Environment that differs", again.environment),
    ):
        if changes:
            yield f"{title}:"
            yield from (f"  {name}: {old} -> {new}" for name, old, new in changes[:SHOWN])
            yield from _more(len(changes))
    if again.unknown:
        yield f"Not known of the first run: {', '.join(again.unknown)}."
    if not again.environment:
        yield (
            "The environment is the same: code, versions, machine, precision, threads."
            if not again.unknown
            else ("What is known of the environment is the same.")
        )


def _more(count: int) -> Iterator[str]:
    if count > SHOWN:
        yield f"  and {count - SHOWN:,} more"


def _parser() -> Parser:
    parser = Parser(prog="harness reproduce", description=__doc__)
    parser.add_argument("record", type=folder, metavar="RECORD", help="JSON file of a record")
    parser.add_argument(
        "overrides", nargs="*", metavar="name=value", help="device, threads, workers, path or input.folder"
    )
    parser.add_argument(
        "--results",
        type=folder,
        metavar="DIR",
        help="keep the new record in this folder (default: thrown away)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
