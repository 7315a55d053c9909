"""What a run leaves on disk: identity, rows, statistics, provenance; written once, never replaced."""

from __future__ import annotations

from harness.records._upgrades import FORMAT
from harness.records.method import method_parts
from harness.records.provenance import provenance
from harness.records.record import Record, read_record
from harness.records.repetition import Repetition, repetition
from harness.records.run import Run
from harness.records.store import Store, check_writable

__all__ = [
    "FORMAT",
    "Record",
    "Repetition",
    "Run",
    "Store",
    "check_writable",
    "method_parts",
    "provenance",
    "read_record",
    "repetition",
]
