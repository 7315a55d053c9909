"""What makes one run differ from another."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from harness.errors import ResultsError
from harness.records._json import canonical, plain

IDENTITY = 1
"""Version of what makes an identity, and part of it: with another one all runs are done anew."""

NAMES = ("task", "space", "label", "method")
"""Attributes of a run that name a folder each."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=,@-]*")


@dataclass(frozen=True)
class Run:
    """Task x space x label x method x seed x settings.

    Attributes
    ----------
    task, space, label, method
        Names; each is one folder of the results, so letters, digits and ``_.+=,@-`` only.
    seed
        A whole number from 0.
    settings
        Everything else that can change the numbers (proxy options, population, batch size, input,
        fidelity, digests of table and input, ...); no paths, launcher, threads or log level. In JSON's
        types: tuples become lists.

    Raises
    ------
    ResultsError
        For a name that cannot be a folder, a negative seed, or a setting JSON cannot hold.
    """

    task: str
    space: str
    label: str
    method: str
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for what in NAMES:
            name = getattr(self, what)
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise ResultsError(
                    f"The {what} of a run is made of letters, digits and _.+=,@- because it names a folder "
                    f"of the results; received {name!r}."
                )
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise ResultsError(f"The seed of a run is a whole number from 0; received {self.seed!r}.")
        object.__setattr__(self, "settings", _settings(self.settings))

    @cached_property
    def identity(self) -> str:
        """16 hex digits of SHA-256 over :data:`IDENTITY` and every attribute."""
        return _digest({"format": IDENTITY, **self._shared, "seed": self.seed})

    @cached_property
    def group(self) -> str:
        """The same without the seed: runs of one group may be averaged, no others."""
        return _digest({"format": IDENTITY, **self._shared})

    @property
    def _shared(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*NAMES, "settings")}

    def __hash__(self) -> int:
        return hash(self.identity)


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    settings = plain(dict(given), "the settings of a run")
    for name, value in settings.items():
        if value is None and given[name] is not None:
            raise ResultsError(f"The setting {name!r} of a run is a finite number; received {given[name]!r}.")
    return settings


def _digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:16]
