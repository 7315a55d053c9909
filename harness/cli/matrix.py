"""``harness matrix``: every proxy and operation scorer against every label of its space, from the records."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness.cli._sentence import Parser, folder, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the matrix and print where it lies; 2 and one sentence where that cannot be."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness.matrix.text import write_matrix

    for path in write_matrix(options.results, options.out or options.results / "matrix"):
        print(path)
    return 0


def _parser() -> Parser:
    parser = Parser(prog="harness matrix", description=__doc__)
    parser.add_results()
    parser.add_argument(
        "--out", type=folder, metavar="DIR", help="folder of the files (default: matrix in the results)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
