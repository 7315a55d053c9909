"""What all recipes of a truth that is measured here have in common: how records hold them, their digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self


class Measuring:
    """A recipe is a frozen dataclass of JSON's types, with the sizes of its networks and its seeds.

    Attributes
    ----------
    form
        Number of how a measurement is put together; another one is another truth.
    optimiser
        What the recipe does not leave open.
    network
        By name the sizes of the network.
    seeds
        Of the measurements whose mean is the figure.
    """

    form: ClassVar[int]
    optimiser: ClassVar[str]
    network: Mapping[str, Any]
    seeds: tuple[int, ...]

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> Self:
        """The recipe that :attr:`settings` are of, as a record holds them."""
        names: Mapping[str, Any] = cls.__dataclass_fields__  # type: ignore[attr-defined]
        return cls(**{name: value for name, value in settings.items() if name in names})

    @property
    def settings(self) -> dict[str, Any]:
        """All of it in JSON's types."""
        told = asdict(self)  # type: ignore[call-overload]
        return {**told, "network": dict(told["network"]), "seeds": list(told["seeds"])}

    @property
    def training(self) -> dict[str, Any]:
        """What one measurement hangs on besides its architecture and its seed."""
        told = {name: value for name, value in self.settings.items() if name != "seeds"}
        return {"format": self.form, "optimiser": self.optimiser, **told}

    def digest_of(self, more: Mapping[str, Any]) -> str:
        """SHA-256, in hex, of the recipe, its seeds, and of ``more`` that it is measured of."""
        told = {**self.training, "seeds": list(self.seeds), **more}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def seed_words(self, one: str) -> tuple[str, str]:
        """The seeds in a label's name, and in a sentence of which each is of ``one`` measurement."""
        first, last = self.seeds[0], self.seeds[-1]
        if len(self.seeds) == 1:
            return f"seed{first}", f"one {one} (seed {first})"
        words = f"mean of {len(self.seeds)} {one}s (seeds {', '.join(map(str, self.seeds))})"
        return f"seeds{first}-{last}", words
