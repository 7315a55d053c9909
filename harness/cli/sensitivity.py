"""``harness sensitivity``: tables of what results hang on, from the records."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness.cli._sentence import Parser, folder, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the study and print where it lies; 2 and one sentence where that cannot be."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness.sensitivity.text import write_sensitivity

    for path in write_sensitivity(options.results, options.out or options.results / "sensitivity"):
        print(path)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="harness sensitivity", description=__doc__)
    parser.add_results()
    parser.add_argument(
        "--out",
        type=folder,
        metavar="DIR",
        help="folder of the tables (default: sensitivity in the results)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
