"""Settings whose value is a path or a text: taken as it stands, whatever characters it has."""

from __future__ import annotations

from hydra.core.override_parser.types import Quote, QuotedString

LITERAL = ("results", "input.folder", "tracker.experiment")
"""Hydra's grammar would take ``a,b`` for a sweep and ``2024_01`` for a number, and refuse ``ö`` and ``=``."""


def setting(name: str, value: object) -> str:
    """``name=value`` with the value quoted, so that Hydra reads it as it stands."""
    return f"{name}={QuotedString(str(value), Quote.single).with_quotes()}"


def quoted(override: str) -> str:
    """``override``, quoted where its value is taken as it stands.

    A value that is quoted already, ``null`` and ``choice(...)`` stay what they are to Hydra.
    """
    name, equals, value = override.partition("=")
    kept = value in ("", "null") or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\"")
    if name not in LITERAL or not equals or kept or value.startswith("choice("):
        return override
    return setting(name, value)
