"""Where records were made: code, versions, machine and precision, in few words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from harness.records import Record

TITLES = {
    "commit": "commits",
    "code": "digests of uncommitted or installed code",
    "torch": "torch",
    "foreign": "other packages",
    "device": "devices",
    "gpu": "GPUs",
    "processor": "CPUs",
    "numerics": "kernels and precision",
}
"""What is told of an origin, and what it is called."""


def origin_of(record: Record) -> dict[str, Any]:
    """What is told of a record's provenance, under the names of :data:`TITLES`.

    ``None`` where the record does not say. Further ``dirty``, and ``published``: where scores that others
    measured were published.
    """
    made = record.provenance
    kept = {name: made.get(name) for name in ("commit", "dirty", "device", "processor", "published")}
    numerics = made.get("numerics") or {}
    return kept | {
        "torch": (made.get("versions") or {}).get("torch"),
        "code": _code(made),
        "foreign": [_package(each) for each in (made.get("foreign") or {}).values()],
        "gpu": numerics.get("device_model"),
        "numerics": _numerics(numerics),
    }


def _code(made: Mapping[str, Any]) -> str | None:
    """A digest of all layers where the commit does not say which code it was; ``None`` otherwise."""
    if not made.get("code") or (made.get("commit") and not made.get("dirty")):
        return None
    return hashlib.sha256(repr(sorted(made["code"].items())).encode()).hexdigest()[:8]


def _package(made: Mapping[str, Any]) -> str:
    return f"{made.get('distribution')} {made.get('version')} ({str(made.get('code'))[:8]})"


def _numerics(numerics: Mapping[str, Any]) -> str | None:
    """Kernels and precision in a few words; ``None`` where the record does not say."""
    if not numerics:
        return None
    parts = {"kernels": numerics.get("cpu_capability"), **(numerics.get("limits") or {})}
    parts |= {name: numerics.get(name) for name in ("cuda", "cudnn", "deterministic", "codes")}
    parts |= numerics.get("precision") or {}
    return " ".join(f"{name}={value}" for name, value in parts.items() if value is not None)


def values(origins: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    """The different values of ``name``, sorted."""
    found = [origin.get(name) for origin in origins]
    lists = (value if isinstance(value, list) else [value] for value in found if value is not None)
    return sorted({str(each) for own in lists for each in own})


def differing(origins: Sequence[Mapping[str, Any]]) -> str:
    """In what they are not alike, as a sentence; empty where they are."""
    by_title = {title: values(origins, name) for name, title in TITLES.items()}
    lists = [f"{title} {', '.join(each)}" for title, each in by_title.items() if len(each) > 1]
    return f"Not all of these records were made alike: {'; '.join(lists)}." if lists else ""
