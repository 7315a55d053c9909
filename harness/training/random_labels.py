"""Uniform single paths on labels that are drawn: nothing is learnt of the images but their appearance.

Zhang, Hou, Zhang and Sun, "Neural Architecture Search with Random Labels", CVPR 2021. Every image of the
training half has one label, drawn uniformly with the seed and kept; the validation half keeps its own, so
that accuracies there are those of guessing. What a step trains is :mod:`harness.training.single_paths`'s.
"""

from __future__ import annotations

from harness.training.single_paths import INITIAL_DEVIATION, TRAINS, architecture_gradient, drawn

__all__ = ["DRAWS_LABELS", "INITIAL_DEVIATION", "TRAINS", "architecture_gradient", "drawn"]

DRAWS_LABELS = True
