"""What a run leaves on disk: identity, rows, statistics, provenance; written once, never replaced."""

from __future__ import annotations

from harness.records._upgrades import FORMAT, with_truth
from harness.records.changes import differences
from harness.records.code import FITTING, MEASURING, TRAINING, foreign
from harness.records.failures import Failures, failures
from harness.records.method import method_parts
from harness.records.provenance import clone_state, decisive, provenance
from harness.records.record import Record, read_record
from harness.records.repetition import Repetition, repetition
from harness.records.run import Run
from harness.records.store import Store, check_writable

__all__ = [
    "FITTING",
    "FORMAT",
    "MEASURING",
    "TRAINING",
    "Failures",
    "Record",
    "Repetition",
    "Run",
    "Store",
    "check_writable",
    "clone_state",
    "decisive",
    "differences",
    "failures",
    "foreign",
    "method_parts",
    "provenance",
    "read_record",
    "repetition",
    "with_truth",
]
