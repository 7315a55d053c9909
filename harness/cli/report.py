"""``harness report``: tables, figures and a page from the records."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness.cli._progress import console_for, drawing
from harness.cli._sentence import Parser, folder, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the report, print its tables and where it lies; 2 and one sentence where that cannot be."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness import reports
    from harness.processes.helpers import cores

    results = options.results
    spaces = sorted(set(options.space)) if options.space else None
    out = options.out or results / "reports" / ("+".join(spaces) if spaces else "all")
    formats = [kind for kind in options.figures.split(",") if kind and options.figures != "none"]
    costs = [name for name in options.costs.split(",") if name]
    with drawing() as progress:
        report = reports.build(
            results, out, spaces, formats, progress, options.self_contained, costs, processes=cores()
        )
    console = console_for(sys.stdout)
    reports.print_tables(report, console)
    for name, path in report.paths.items():
        console.print(f"{name:<9} {path}", highlight=False, soft_wrap=True)
    if options.open:
        import webbrowser

        webbrowser.open(report.paths["page"].resolve().as_uri())
    return 0


def _parser() -> Parser:
    parser = Parser(prog="harness report", description=__doc__)
    parser.add_results()
    parser.add_argument(
        "--out", type=folder, metavar="DIR", help="folder of the report (default: reports/all in the results)"
    )
    parser.add_argument(
        "--space", action="append", metavar="NAME", help="report on this space alone; may be repeated"
    )
    parser.add_argument(
        "--figures",
        default="png,svg,pdf",
        metavar="KINDS",
        help="files of every chart beside the page: some of png,svg,pdf, or none (default: all three)",
    )
    parser.add_argument(
        "--costs",
        default="",
        metavar="NAMES",
        help="what accuracies found are drawn against: labels, params_millions, flops_millions "
        "(default: these two, a latency and an energy, and what searches limited)",
    )
    parser.add_argument(
        "--self-contained",
        action="store_true",
        help="one file that holds Plotly's script (5 MB), in place of sharing it in the results folder",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser: a file, no server")
    return parser


if __name__ == "__main__":
    sys.exit(main())
