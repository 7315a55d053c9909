"""Folders of one's own settings beside the clone's ``conf/``: ``--config-dir`` and ``hydra.searchpath``.

Hydra looks there after ``conf/``, in checks, plans and runs alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin

from harness import folders
from harness.errors import ConfigError
from harness.groups import GROUPS, names

SETTING = "hydra.searchpath"


class OwnFolders(SearchPathPlugin):
    """Adds :attr:`places` to where Hydra looks, whichever way it is started."""

    places: ClassVar[tuple[str, ...]] = ()

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for place in self.places:
            search_path.append("own", place)


Plugins.instance().register(OwnFolders)


def taken_out(settings: Iterable[str]) -> tuple[list[str], list[str]]:
    """``settings`` without ``hydra.searchpath=[...]``, and the places that this lists.

    Raises
    ------
    ConfigError
        Where it is no list of texts.
    """
    others, places = [], []
    for each in settings:
        name, _, value = each.lstrip("+").partition("=")
        if name != SETTING:
            others.append(each)
            continue
        try:
            listed = OverridesParser.create().parse_override(f"{SETTING}={value}").value()
        except HydraException:
            listed = None
        if not isinstance(listed, list):
            raise ConfigError(
                f"{SETTING} lists folders, as in '{SETTING}=[file:///home/me/settings]'; received {each!r}. "
                "--config-dir takes one with any characters in its name."
            )
        places += [str(place) for place in listed]
    return others, places


def look_in(places: Iterable[str]) -> None:
    """Let Hydra look for settings in these folders (with or without ``file://``) and packages (``pkg://``).

    Raises
    ------
    ConfigError
        For a place that is not there, and a file in it that has the name of one in ``conf/`` or of an item.
    """
    OwnFolders.places = tuple(dict.fromkeys(_place(place) for place in places))


def presets() -> dict[str, Path]:
    """The presets of ``conf/`` and of the folders that :func:`look_in` added, by name."""
    own = [place.removeprefix("file://") for place in OwnFolders.places if place.startswith("file://")]
    looked_in = [folders.CONF, *map(Path, own)]
    return {path.stem: path for folder in looked_in for path in (folder / "preset").glob("*.yaml")}


def _place(place: str) -> str:
    kind, told, rest = place.partition("://")
    if told and kind == "pkg":
        try:
            package = find_spec(rest)
        except (ImportError, ValueError):
            package = None
        if package is None:
            raise ConfigError(f"There is no package {rest} for {place}; install it, or name a folder.")
        for folder in package.submodule_search_locations or ():
            _refuse_taken_names(Path(folder))
        return place
    if told and kind != "file":
        raise ConfigError(f"Settings lie in folders (file://) or packages (pkg://); received {place!r}.")
    return f"file://{_folder(place)}"


def _folder(place: str) -> Path:
    folder = Path(place.removeprefix("file://")).expanduser().resolve()
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}; name the one that holds your settings.")
    _refuse_taken_names(folder)
    return folder


def _refuse_taken_names(folder: Path) -> None:
    for path in [*sorted(folder.glob("*/*.yaml")), folder / "config.yaml"]:
        name, group = path.relative_to(folder), path.parent.name
        if not path.is_file() or folder == folders.CONF:
            continue
        if (folders.CONF / name).is_file():
            raise ConfigError(
                f"{path} has the name of a file in {folders.CONF}, which comes first; give it another name."
            )
        if group in GROUPS and path.stem in names(group):
            raise ConfigError(f"{path} has the name of a {group} that is there; give it another name.")
