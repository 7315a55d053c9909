"""``harness compare A B``: does method A beat method B, by how much, and how surely."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from harness.cli._sentence import Parser, guarded


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comparison; 2 and one sentence where there is none."""
    return guarded(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    from harness.comparison.methods import compare
    from harness.comparison.text import comparison_lines

    found = compare(options.results, options.a, options.b, options.space, options.label, options.task)
    print("\n".join(comparison_lines(found)))
    return 0


def _parser() -> Parser:
    parser = Parser(prog="harness compare", description=__doc__)
    parser.add_argument(
        "a", metavar="A", help="a method as reports name it, such as nwot or zero_cost_pt-nwot_eval"
    )
    parser.add_argument(
        "b", metavar="B", help="another one; in arch_correlation also params, flops, operations"
    )
    parser.add_results()
    for name in ("space", "label", "task"):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="NAME",
            help=f"compare on this {name} alone; may be repeated",
        )
    return parser


if __name__ == "__main__":
    sys.exit(main())
