"""The verbs: one file per command, each runnable with ``python -m harness.cli.<verb>``."""
