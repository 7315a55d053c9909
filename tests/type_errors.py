"""Types of the whole package, in ``make lint``: ``python -m tests.type_errors``.

``type_errors.toml`` says how many errors of mypy a package may still have. One that has no line there has
none, and no number may grow.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from mypy import api

ALLOWED = Path(__file__).with_suffix(".toml")
ERROR = re.compile(r"^harness/(?P<package>\w+).*?: error: ")


def by_package(output: str) -> dict[str, list[str]]:
    """The errors in ``output``, as mypy writes them, by package or module at the top."""
    packages: dict[str, list[str]] = {}
    for line in output.splitlines():
        if error := ERROR.match(line):
            packages.setdefault(error["package"], []).append(line)
    return packages


def beyond(errors: Mapping[str, list[str]], allowed: Mapping[str, int]) -> Iterator[str]:
    """The errors of every package that has more than it is allowed."""
    for package, lines in sorted(errors.items()):
        if len(lines) > allowed.get(package, 0):
            yield from lines
            yield f"{package}: {len(lines)} errors of types, allowed are {allowed.get(package, 0)}"


def main() -> int:
    """Print the errors that are too many, or else how many there are by package."""
    output, complaint, code = api.run([])
    if code not in (0, 1):
        print(output + complaint, file=sys.stderr)
        return 2
    errors, allowed = by_package(output), tomllib.loads(ALLOWED.read_text())
    if told := list(beyond(errors, allowed)):
        print("\n".join(told), file=sys.stderr)
        return 1
    counts = {package: len(errors.get(package, [])) for package in allowed}
    print("Types: clean but for", ", ".join(f"{name} {number}" for name, number in counts.items()))
    if fewer := {name: number for name, number in counts.items() if number < allowed[name]}:
        print(f"Lower in {ALLOWED.name}:", ", ".join(f"{name} = {number}" for name, number in fewer.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
