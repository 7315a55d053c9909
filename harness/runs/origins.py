"""Where numbers were made that a run joins with its own: shards, parts of a population's score, trainings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from socket import gethostname
from typing import Any

from harness import folders, records

Origin = dict[str, Any]
"""``host``, ``commit`` and ``dirty``, as in a record's provenance."""

COMMIT = ("commit", "dirty")


def here() -> Origin:
    """Where this process makes its numbers."""
    return {"host": gethostname(), **records.clone_state(folders.ROOT)}


def of_record(record: records.Record) -> Origin:
    """Where a record was made."""
    host = (record.timing or {}).get("host")
    return {"host": host, **{name: record.provenance.get(name) for name in COMMIT}}


def distinct(origins: Iterable[Origin]) -> list[Origin]:
    """Each of them once, in a fixed order."""
    return sorted({repr(sorted(each.items(), key=str)): each for each in origins}.values(), key=repr)


def other_commits(origins: Mapping[str, Sequence[Origin]]) -> dict[str, list[Origin]]:
    """By what was joined the commits it is of, where that is not this clone's; for a record's provenance."""
    own = here()
    found = {
        what: [
            {name: each[name] for name in COMMIT} for each in made if any(each[n] != own[n] for n in COMMIT)
        ]
        for what, made in origins.items()
    }
    return {what: distinct(made) for what, made in found.items() if made}


def other_places(origins: Mapping[str, Sequence[Origin]]) -> dict[str, list[Origin]]:
    """By what was joined where else it was made; for the sidecar, as two identical runs may differ in it."""
    own = here()
    found = {what: [each for each in made if each != own] for what, made in origins.items()}
    return {what: distinct(made) for what, made in found.items() if made}


def well_formed(origins: object) -> bool:
    """Whether a file's ``origins`` can be such."""
    return isinstance(origins, list) and all(
        isinstance(each, dict) and set(each) == {"host", *COMMIT} for each in origins
    )
