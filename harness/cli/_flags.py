"""What of a command line is flags: Hydra's own, taken anywhere among the settings."""

from __future__ import annotations

from argparse import SUPPRESS, Namespace
from collections.abc import Sequence
from dataclasses import dataclass

from harness.cli._sentence import Parser
from harness.errors import ConfigError

SHOWING = ("help", "hydra_help", "version", "cfg", "info", "shell_completion")
"""Flags that show something in place of running anything."""

REFUSED = {
    "--config-path": "settings of your own go in a folder that --config-dir adds, such as "
    "DIR/experiment/mine.yaml for experiment=mine",
    "--config-name": "settings of your own go in a folder that --config-dir adds, such as "
    "DIR/experiment/mine.yaml for experiment=mine",
    "--experimental-rerun": "`python -m harness.cli.reproduce RECORD` runs a record's config again",
}


@dataclass(frozen=True)
class Line:
    """A command line taken apart.

    Attributes
    ----------
    settings
        ``name=value``, in their order.
    folders
        Of ``--config-dir``.
    sweep
        Whether ``-m`` was given.
    shown
        The flags that show something, as Hydra takes them; nothing is run.
    """

    settings: tuple[str, ...]
    folders: tuple[str, ...]
    sweep: bool
    shown: tuple[str, ...]


def read(arguments: Sequence[str]) -> Line:
    """Take a command line apart.

    Raises
    ------
    ConfigError
        For a flag that Hydra does not have, one that has no place here, and flags that exclude each other.
    """
    found = _parser().parse_intermixed_args(arguments)
    for flag, instead in REFUSED.items():
        if getattr(found, flag[2:].replace("-", "_")) is not None:
            raise ConfigError(f"{flag} is not taken here: {instead}.")
    asked = [name for name in ("run", "sweep", *SHOWING) if getattr(found, name)]
    if len(asked) > 1 and set(asked) != {"help", "cfg"}:
        flags = ", ".join("--" + {"sweep": "multirun"}.get(name, name).replace("_", "-") for name in asked)
        raise ConfigError(f"{flags} exclude each other; take one of them.")
    if (found.resolve or found.package) and not found.cfg:
        raise ConfigError("--resolve and --package say how --cfg shows a config; add --cfg job.")
    if found.shell_completion and not {"install", "uninstall", "query"} & {
        each.partition("=")[0] for each in found.settings
    }:
        raise ConfigError("--shell-completion takes install=SHELL or uninstall=SHELL: bash, fish or zsh.")
    return Line(tuple(found.settings), tuple(found.config_dir), found.sweep, tuple(_shown(found)))


def _shown(found: Namespace) -> list[str]:
    flags = [f"--{name.replace('_', '-')}" for name in SHOWING if getattr(found, name) is True]
    for name in ("cfg", "info", "package"):
        if getattr(found, name):
            flags += [f"--{name}", getattr(found, name)]
    return flags + ["--resolve"] * found.resolve


def _parser() -> Parser:
    parser = Parser(prog="python -m harness", add_help=False, allow_abbrev=False)
    parser.add_argument("settings", nargs="*")
    for name, short in (
        ("help", "-h"), ("hydra-help", None), ("version", None), ("resolve", None), ("run", "-r"),
        ("shell-completion", "-sc"),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", *filter(None, [short]), action="store_true")
    parser.add_argument("--multirun", "-m", dest="sweep", action="store_true")
    parser.add_argument("--cfg", "-c", choices=("job", "hydra", "all"))
    parser.add_argument("--package", "-p")
    parser.add_argument("--config-dir", "-cd", action="append", default=[])
    parser.add_argument(
        "--info",
        "-i",
        nargs="?",
        const="all",
        choices=("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    )
    for flag, shorts in zip(REFUSED, (("-cp",), ("-cn",), ()), strict=True):
        parser.add_argument(flag, *shorts, help=SUPPRESS)
    return parser
