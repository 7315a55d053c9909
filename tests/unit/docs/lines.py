"""Plan every command line that the documentation shows: ``python -m tests.unit.docs.lines``, in one process.

Runs are composed and checked, all that a sweep asks for, and the first one is planned; verbs take their
arguments apart; ``make`` says what it would do. The example package stands on the path.
"""

from __future__ import annotations

import pickle
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any
from unittest import mock

import numpy as np

from harness import folders
from harness.benchmarks import _manifest
from harness.cli import _flags
from harness.cli import main as verbs
from harness.cli._compose import composing, expanded, run_config
from harness.cli._sentence import Parser
from harness.errors import HarnessError
from harness.runners import planned
from tests.unit.docs.pages import blocks, shell_lines

FOREIGN = {"cd", "complete", "eval", "export", "git", "mlflow", "pip", "pre-commit", "sbatch", "source"}
"""Commands of others, which are shown and not run."""

LEFT_OUT = ("hydra/launcher", "hydra.launcher", "tracker=mlflow")
"""Settings that ask for packages which need not be installed; tests of their own hold them."""

RUNS = {"harness", "harness.cli.run"}


def main() -> int:
    """Print every line that cannot be, and why; the last line counts."""
    bad, lines = 0, shell_lines()
    with TemporaryDirectory() as folder, labels_of_the_pages(), composing():
        write_cifar10(Path(folder) / "cifar10")
        for line in lines:
            start, error = process_time(), ""
            try:
                for command in commands(line.typed):
                    plan(command, Path(folder))
            except (Exception, SystemExit) as raised:
                error = f"{type(raised).__name__}: {raised}"
            if (line.error not in error) if line.error else error:
                bad += 1
                print(f"{line.page}: {line.typed}\n    {error}")
            if "--times" in sys.argv:
                print(f"{process_time() - start:.2f} s {line.typed}")
    print(f"{len(lines)} lines, {bad} cannot be")
    return bad > 0


@contextmanager
def labels_of_the_pages() -> Iterator[None]:
    """Inside, the manifest holds what the page on labels adds to it."""
    contents = _manifest.contents

    @cache
    def more(folder: Path) -> dict[str, Any]:  # one object, of which descriptions are made once
        found = deepcopy(contents(folder))
        for block in blocks():
            if block.title == "benchmarks_data/MANIFEST.toml":
                for space, added in tomllib.loads(block.text)["tables"].items():
                    found["tables"][space]["labels"] |= added["labels"]
        return found

    with mock.patch.object(_manifest, "contents", more):
        yield


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, as the shell takes them apart."""
    words = shlex.split(line, comments=True)
    command: list[str] = []
    for word in [*words, "&&"]:
        if word == "&&":
            yield command
            command = []
        elif not (not command and "=" in word):  # a variable of the environment
            command.append(word)


def plan(command: Sequence[str], folder: Path) -> None:
    """Raise where ``command`` could not be run."""
    name, *arguments = [each.replace(".venv/bin/", "", 1) for each in command]
    arguments = arguments[: arguments.index(">")] if ">" in arguments else arguments
    if name == "python" and arguments[0] == "-m":
        name, arguments = arguments[1], arguments[2:]
        if name not in RUNS and find_spec(name) is None:
            raise ModuleNotFoundError(name)
    if name == "make":
        subprocess.run(["make", "-n", *arguments], cwd=folders.ROOT, check=True, capture_output=True)
    elif name in RUNS:
        plan_verb(arguments, folder)
    elif name.startswith("harness.cli."):
        plan_verb([name.rpartition(".")[2], *arguments], folder)
    elif name not in FOREIGN and not name.startswith(("tests.", "pip", "pytest")):
        raise HarnessError(f"no command of this project: {name}")


def plan_verb(arguments: list[str], folder: Path) -> None:
    """The verb that comes first, or a run."""
    if arguments and arguments[0] in verbs.verbs() and arguments[0] != "run":
        parsed(arguments)
    elif arguments[:1] not in (["--help"], ["--version"]):
        plan_run(arguments[arguments[:1] == ["run"] :], folder)


def parsed(arguments: Sequence[str]) -> None:
    """Let the verb take its arguments apart and stop there."""

    class Taken(BaseException):
        pass

    def taken(method: str) -> Any:
        whole = getattr(Parser, method)

        def take(self: Parser, *given: Any, **more: Any) -> None:
            whole(self, *given, **more)
            raise Taken

        return mock.patch.object(Parser, method, take)

    with taken("parse_args"), taken("parse_intermixed_args"), mock.patch("sys.stderr") as stderr:
        try:
            code = verbs.main(arguments)
        except Taken:
            return
    if code:
        raise HarnessError("".join(str(each.args[0]) for each in stderr.write.call_args_list))


def plan_run(arguments: list[str], folder: Path) -> None:
    """Compose and check all runs, and plan the first."""
    line = _flags.read(arguments)
    if "-sc" in line.shown or "--help" in line.shown:
        return
    given = [here(each, folder) for each in line.settings if not each.lstrip("+").startswith(LEFT_OUT)]
    jobs = expanded(given)
    configs = [run_config(job) for job in jobs]
    if len(jobs) > 1 and not line.sweep:
        raise HarnessError("a sweep without -m")
    for outcome in planned(replace(configs[0], results=str(folder / "results"))):
        if outcome.status != "planned":
            raise HarnessError(str(outcome))


def here(setting: str, folder: Path) -> str:
    """The setting with what this machine has: a CIFAR-10 of noise, and the CPU."""
    name, _, value = setting.partition("=")
    instead = {"input.folder": folder / "cifar10", "device": "cpu"}
    return f"{name}={instead.get(name, value)}" if "=" in setting else setting


def write_cifar10(folder: Path, images: int = 60) -> None:
    """Five python batches of noise."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (images, 3072), dtype=np.uint8)
    content = {b"data": pixels, b"labels": [each % 10 for each in range(images)]}
    for number in range(1, 6):
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps(content, protocol=2))


if __name__ == "__main__":
    sys.exit(main())
