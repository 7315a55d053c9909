"""Errors as a user should see them: one sentence on stderr and an exit code."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from harness import folders
from harness.errors import ConfigError, HarnessError, RunFailed

FAILED = 1
BAD_INPUT = 2


def folder(text: str) -> Path:
    """A path of the command line, ``~`` being the home folder."""
    return Path(text).expanduser()


class Parser(ArgumentParser):
    """An argument parser whose complaints are sentences of the same family."""

    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message[:1].upper()}{message[1:]}; `{self.prog} --help` lists what is allowed.")

    def add_results(self) -> None:
        """Take ``--results``, the folder of the records to read."""
        self.add_argument(
            "--results",
            type=folder,
            default=folders.RESULTS,
            metavar="DIR",
            help="results folder (default: %(default)s)",
        )

    def add_config_dir(self) -> None:
        """Take ``--config-dir``, folders of one's own settings."""
        self.add_argument(
            "--config-dir",
            action="append",
            default=[],
            metavar="DIR",
            help="a folder of your own settings, laid out like conf/; may be repeated",
        )


def guarded(verb: Callable[[], int]) -> int:
    """Exit code of ``verb``, and one sentence on stderr where it was not to be.

    1 where a run that began failed, 2 for bad input, 130 where the user interrupts. A terminal that cannot
    show a character (latin-1, ASCII) shows another one in its place.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return verb()
    except HarnessError as error:
        print(f"harness: {error}", file=sys.stderr)
        return FAILED if isinstance(error, RunFailed) else BAD_INPUT
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; what is left in the buffer has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("harness: interrupted; records already written are kept.", file=sys.stderr)
        return 130
    except Exception as error:
        if not isinstance(error, config_errors()):
            raise
        print(f"harness: {sentence(error)}", file=sys.stderr)
        return BAD_INPUT


def config_errors() -> tuple[type[Exception], ...]:
    """Hydra's, OmegaConf's and YAML's; none where they were not loaded, as in verbs that only read."""
    places = {
        "hydra.errors": "HydraException",
        "omegaconf.errors": "OmegaConfBaseException",
        "yaml": "YAMLError",
    }
    return tuple(
        getattr(sys.modules[module], name) for module, name in places.items() if module in sys.modules
    )


def sentence(error: BaseException) -> str:
    """The innermost cause's first line, behind the first line of what it spoiled."""
    causes = [error]
    while causes[-1].__cause__ is not None:
        causes.append(causes[-1].__cause__)
    lines = [str(cause).strip().splitlines()[0] for cause in (causes[0], causes[-1]) if str(cause).strip()]
    place = getattr(causes[-1], "problem_mark", None)  # of YAML, which tells it in further lines
    if place is not None:
        lines = [f"{place.name}, line {place.line + 1}", *lines]
    return ": ".join(dict.fromkeys(line.rstrip(".:") for line in lines)) + "."
