"""Digests of code: of this package layer by layer, and of the packages that add items to it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from harness import folders, groups, registry, tasks
from harness.records.run import Run

DIGITS = 16
"""Of a digest in hex that are kept."""

MEASURING = (
    "evidence", "families", "graphs", "inputs", "networks", "parquet", "proxies", "released", "runners",
    "runs", "seeding", "sharing", "spaces", "switches",
)  # fmt: skip
"""Layers whose code makes a score what it is, of those that :func:`layers` names."""

TRAINING = (
    "families", "inputs", "networks", "parquet", "released", "seeding", "spaces", "switches", "training",
)  # fmt: skip
"""Layers whose code makes a trained supernet what it is: all that ``training`` imports, down to the draws.

The runner that puts them together does not count, since what it hands over is told by the description of the
training. So a training outlives commits to all other layers, such as reports, proxies and the command line.
"""

FITTING = ("families", "networks", "released", "restoration", "seeding", "spaces", "switches")
"""Likewise, whose code makes a fit to a degraded image what it is."""

_SUFFIXES = {".py", ".so", ".pyd", ".yaml"}


@cache
def layers(root: Path = folders.ROOT) -> Mapping[str, str]:
    """A digest of each part of the clone or installation at ``root`` that can change a number.

    That is of every package and module of ``harness/`` by its name, of ``conf``, and of ``manifest``, which
    holds the digests of all tables.
    """
    package = folders.PACKAGE if root == folders.ROOT else root / "harness"
    own = sorted(package.iterdir(), key=lambda path: path.stem)
    parts = {
        path.stem: path
        for path in own
        if path.suffix in ("", ".py") and path.name not in ("__pycache__", "_data")
    }
    parts |= {"conf": root / "conf", "manifest": root / "benchmarks_data" / "MANIFEST.toml"}
    return {name: digest(path) for name, path in parts.items() if path.exists()}


def digest(path: Path) -> str:
    """Of a file, or of all source files and compiled modules below a folder, by their names."""
    found = hashlib.sha256()
    inside = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES) if path.is_dir() else [path]
    for file in inside:
        data = file.read_bytes()
        found.update(f"{file.relative_to(path.parent).as_posix()} {len(data)}\n".encode() + data)
    return found.hexdigest()[:DIGITS]


def foreign(items: Iterable[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    """Of each of the ``items``, as group and name, that another package brought: what brought it.

    That is distribution, version, and a digest of its code, which tells apart what an editable installation,
    or one that keeps its version, has had in it.
    """
    found = {}
    for group, name in items:
        package = f"harness.{group}"
        points = [] if registry.is_own(package, name) else registry.entry_points(package)
        for point in (each for each in points if each.name == name):
            made = getattr(point, "dist", None)
            found[f"{group}.{name}"] = {
                "distribution": None if made is None else made.name,
                "version": None if made is None else made.version,
                "code": _digest_of(point.value.partition(":")[0]),
            }
    return found


def items(run: Run) -> Iterator[tuple[str, str]]:
    """Folders and names of the items that make the numbers of ``run``."""
    settings = run.settings
    yield from (("tasks", run.task), ("runners", run.task), ("spaces", run.space))
    if tasks.of_record(run.task).takes_aggregations:
        yield from (("aggregations", run.method), ("proxies", run.method))
    for name in settings.get("of") or []:
        yield "proxies", name
    for group in (*groups.METHODS, "input", "training"):
        named = settings.get(group)
        name = named.get("name") if isinstance(named, Mapping) else named
        if isinstance(name, str):
            yield from ((folder, name) for folder in groups.GROUPS[group].folders)


@cache
def _digest_of(module: str) -> str | None:
    """Of the top-level package that ``module`` is in; ``None`` where its files are not found."""
    try:
        spec = find_spec(module.partition(".")[0])
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    origin = [spec.origin] if spec.has_location and spec.origin else []
    places = [*(spec.submodule_search_locations or []), *origin]
    return digest(Path(places[0])) if places and Path(places[0]).exists() else None
