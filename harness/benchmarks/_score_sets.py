"""The manifest's entries of published operation scores: which sets a file holds, and what each answers to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.benchmarks import _manifest
from harness.benchmarks._manifest import File, field, strings
from harness.errors import DataError

SECTION = "operation_scores"


@dataclass(frozen=True)
class ScoreSet:
    """The operation scores of one published method, for some seeds.

    Attributes
    ----------
    name, title
        Its name in the file, and what the publication calls the method.
    settings
        The settings of a run it answers to, by dotted name (``scorer.name``, ``training.epochs``, ...).
        Others have no effect on it, or are not known.
    seeds
        Those that were published.
    lower_is_better
        Whether the published figure is lower for a better operation: then the file holds it negated.
    source
        Where in the publication the scores stand.
    """

    name: str
    title: str
    settings: Mapping[str, Any]
    seeds: tuple[int, ...]
    lower_is_better: bool
    source: str

    @property
    def overrides(self) -> str:
        """The settings as on the command line: ``scorer=darts training=darts training.epochs=60``."""
        return " ".join(
            f"{name.removesuffix('.name')}={str(value).lower() if isinstance(value, bool) else value}"
            for name, value in self.settings.items()
            if value not in (None, "none")
        )

    @property
    def words(self) -> str:
        """The same with the seeds."""
        return f"{self.overrides} ({seeds_of(self)})"

    def answers(self, asked: Mapping[str, Any]) -> bool:
        """Whether ``asked`` has every setting it answers to."""
        return all(asked.get(name) == value for name, value in self.settings.items())


def seeds_of(scores: ScoreSet) -> str:
    """``seed 1``, ``seeds 0, 1``."""
    return f"seed{'s' * (len(scores.seeds) > 1)} {', '.join(map(str, scores.seeds))}"


@dataclass(frozen=True)
class ScoresEntry:
    """What the manifest says of one space's operation scores."""

    title: str
    importer: str
    release: str
    source: str
    licence: str
    citation: str
    notes: tuple[str, ...]
    file: File
    sets: tuple[ScoreSet, ...]


def read(folder: Path) -> dict[str, ScoresEntry]:
    """The entries of ``folder``'s manifest by space; empty where it has none.

    Raises
    ------
    DataError
        Where the manifest is missing, is not TOML, or an entry lacks a field or has a wrong type.
    """
    content, path = _manifest.contents(folder), folder / _manifest.NAME
    found = field({SECTION: {}} | content, SECTION, dict, str(path))
    return {space: _entry(fields, f"{path}, operation scores of {space}") for space, fields in found.items()}


def _entry(fields: Any, where: str) -> ScoresEntry:
    texts = {
        key: field(fields, key, str, where)
        for key in ("title", "importer", "release", "source", "licence", "citation")
    }
    sets = tuple(_set(each, where) for each in field(fields, "sets", list, where))
    if len({each.name for each in sets}) != len(sets):
        raise DataError(f"{where}: two sets have the same name; import again.")
    file = _manifest.file_of(field(fields, "file", dict, where), where)
    return ScoresEntry(**texts, notes=strings(fields, "notes", where), file=file, sets=sets)


def _set(fields: Any, where: str) -> ScoreSet:
    seeds = field(fields, "seeds", list, where)
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds):
        raise DataError(f"{where}: seeds must be a list of whole numbers, received {seeds!r}; import again.")
    return ScoreSet(
        name=field(fields, "name", str, where),
        title=field(fields, "title", str, where),
        settings=field(fields, "settings", dict, where),
        seeds=tuple(seeds),
        lower_is_better=field(fields, "lower_is_better", bool, where),
        source=field(fields, "source", str, where),
    )
