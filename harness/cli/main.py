"""``harness VERB ...``: one command for all verbs; ``harness key=value`` is a run.

Each verb is a module of this folder, and ``harness VERB --help`` tells of it.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from harness import registry
from harness.cli._sentence import guarded
from harness.collector import paused_collector
from harness.errors import unknown_name

PACKAGE = __package__ or ""
COMPLETING = ("-sc", "--shell-completion")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code of the verb that ``arguments`` begin with, or of a run with these settings."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    return guarded(lambda: _main(given))


def verbs() -> tuple[str, ...]:
    """Names of all verbs."""
    return tuple(name for name in registry.names(PACKAGE) if name != "main")


def _main(given: list[str]) -> int:
    if not given or given[0] in ("-h", "--help", "help"):
        print("\n".join(_help()))
        return 0
    if given[0] == "--version":
        from harness.version import VERSION

        print(f"harness {VERSION}")
        return 0
    verb = given[0]
    if verb in verbs():
        return _loaded(verb).main(given[1:])
    if verb in COMPLETING and not _completes(given):
        return 0
    if "=" in verb or verb.startswith("-"):
        return _loaded("run").main(given)
    raise unknown_name("verb", verb, verbs())


def _loaded(verb: str) -> ModuleType:
    with paused_collector():  # a tenth of the time
        module = importlib.import_module(f"{PACKAGE}.{verb}")
    gc.freeze()  # what was loaded stays: no collection looks through it, nor the one when Python ends
    return module


def _completes(given: Sequence[str]) -> bool:
    """Whether Hydra completes what is typed; it knows no verbs, so that they are printed here.

    The shell hands over the line typed so far in ``COMP_LINE``.
    """
    command, _, typed = os.environ.get("COMP_LINE", "").partition(" ")
    first, space, rest = typed.partition(" ")
    if not any(each.startswith("query=") for each in given):
        return True
    if first == "run" and space:
        os.environ["COMP_LINE"] = f"{command} {rest}"
    elif not space:
        print(" ".join(verb for verb in verbs() if verb.startswith(first)))
    return first not in verbs() or first == "run"


def _help() -> list[str]:
    lines = ["usage: harness VERB ..., or harness key=value ... for one run, -m for a sweep", ""]
    for verb in verbs():
        lines.append(f"  {verb:<12} {_summary(verb)}")
    return [*lines, "", "harness VERB --help tells of one; harness run --help of all settings."]


def _summary(verb: str) -> str:
    """The first line of the verb's docstring behind its usage, read without importing what the verb needs."""
    source = Path(__file__).with_name(f"{verb}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0].rpartition("``: ")[2]


if __name__ == "__main__":
    sys.exit(main())
