"""The matrix: every proxy and operation scorer, scored once a space, judged by every label of the space."""
