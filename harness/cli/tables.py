"""``harness tables``: import release files, verify the tables, list what they hold, compare costs.

Exit codes: 0 done, 1 verification failed, 2 bad input (one sentence on standard error).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track as show_progress

from harness import benchmarks
from harness.benchmarks import importers
from harness.cli._costs import costs
from harness.cli._sentence import Parser, folder, guarded
from harness.errors import ConfigError, HarnessError
from harness.folders import BENCHMARKS_DATA
from harness.published import operation_scores


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    return options.verb(options)


def import_release(options: argparse.Namespace) -> int:
    """Convert a release into tables and write them."""
    if options.partial and options.out.resolve() == BENCHMARKS_DATA.resolve():
        raise ConfigError(
            "--partial makes tables that lack architectures; name a folder of your own for them with --out."
        )
    importer = importers.load(options.format)
    imported = importer.read(options.source, options.partial, _track)
    if options.out.resolve() == BENCHMARKS_DATA.resolve() and not all(each.licensed for each in imported):
        raise ConfigError(
            f"{options.format} holds figures whose source states no licence; name a folder of your own "
            "for them with --out."
        )
    importers.write(imported, options.out, options.force)
    for each in imported:
        print(f"{each.space}: {each.facts}, from {each.release}")
    print(f"written to {options.out}")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Check every table of a folder and its operation scores, one line each."""
    failed = False
    for name in benchmarks.tables(options.dir):
        try:
            table = benchmarks.load_table(name, options.dir)
            faults = benchmarks.verify(table, options.dir)
            facts = f"{len(table):,} rows, {len(table.labels)} labels, digest "
            facts += table.digest(table.default_label.name)[:12]
        except HarnessError as error:
            faults, facts = [str(error)], ""
        failed = failed or bool(faults)
        print(f"{name}: {'FAILED: ' + '; '.join(faults) if faults else 'ok, ' + facts}")
    for name in operation_scores.names(options.dir):
        fault, facts = _check_scores(name, options.dir)
        failed = failed or bool(fault)
        print(f"{name} operation scores: {f'FAILED: {fault}' if fault else f'ok, {facts}'}")
    return int(failed)


def _check_scores(space: str, folder: Path) -> tuple[str, str]:
    """What is wrong with a space's operation scores, and what they are."""
    try:
        entry = operation_scores.entry(space, folder)
        for each in entry.sets:
            for seed in each.seeds:
                operation_scores.load(space, each.name, seed, folder)
    except HarnessError as error:
        return str(error), ""
    return "", f"{entry.file.rows:,} rows, {len(entry.sets)} sets, digest {entry.file.sha256[:12]}"


def list_tables(options: argparse.Namespace) -> int:
    """Print every table with its origin and what each of its labels means, and the operation scores."""
    for name in benchmarks.tables(options.dir):
        table = benchmarks.load_table(name, options.dir)
        described = table.description
        print(
            f"{name}: {described.title}, {int(table.listed.sum()):,} architectures"
            f"{' (partial)' * described.partial}"
        )
        _print_origin(described)
        for label in table.labels.values():
            print(
                f"  {label.name}{' (default)' * label.default}: {label.dataset}, {label.split} "
                f"{label.metric}, {label.epochs} epochs; {label.runs} [{label.source}]"
            )
    for name in operation_scores.names(options.dir):
        entry = operation_scores.entry(name, options.dir)
        print(f"{name} operation scores: {entry.title}, {entry.file.rows:,} scores for source=published")
        _print_origin(entry)
        for each in entry.sets:
            print(f"  {each.name}: {each.words}; {each.title} [{each.source}]")
    return 0


def _print_origin(entry: Any) -> None:
    for key in ("release", "source", "licence", "citation"):
        print(f"  {key}: {getattr(entry, key)}")
    for note in entry.notes:
        print(f"  note: {note}")


def _track(items: Iterable[Any], description: str, total: int | None) -> Iterable[Any]:
    console = Console(stderr=True)
    return show_progress(items, description, total=total, console=console, disable=not console.is_terminal)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="harness tables", description=__doc__ and __doc__.splitlines()[0])
    verbs = parser.add_subparsers(required=True, metavar="import | verify | list | costs")
    formats = "".join(f"\n  {name}: {importers.load(name).FORMAT}" for name in importers.names())
    add = verbs.add_parser(
        "import",
        help="convert a release into tables",
        epilog=f"formats:{formats}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add.add_argument("format", help=f"one of {', '.join(importers.names())}")
    add.add_argument("source", type=folder, help="the release's file or folder")
    add.add_argument("--out", type=folder, default=BENCHMARKS_DATA, help="folder to write to")
    add.add_argument("--partial", action="store_true", help="accept a release that lacks architectures")
    add.add_argument("--force", action="store_true", help="replace tables that are there")
    add.set_defaults(verb=import_release)
    beside = verbs.add_parser("costs", help="how well parameters and multiply-adds stand in for latency")
    beside.add_argument("space", help="a space with a table, such as nb201")
    beside.add_argument("--dataset", default="", help="a data set of its labels (default: all with costs)")
    beside.add_argument("--pairs", type=folder, metavar="CSV", help="write tau of every two costs there")
    beside.add_argument("--dir", type=folder, default=BENCHMARKS_DATA, help="folder of tables")
    beside.set_defaults(verb=costs)
    for name, verb, text in (
        ("verify", verify, "check digests, sizes, ranges and known best figures"),
        ("list", list_tables, "print tables and what their labels mean"),
    ):
        one = verbs.add_parser(name, help=text)
        one.add_argument("--dir", type=folder, default=BENCHMARKS_DATA, help="folder of tables")
        one.set_defaults(verb=verb)
    return parser


if __name__ == "__main__":
    sys.exit(main())
