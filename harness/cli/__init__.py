"""The verbs: one file per command, ``harness VERB``, which ``python -m harness.cli.VERB`` runs too."""
