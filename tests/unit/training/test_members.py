"""Losses, predictions and accuracies of networks of several members, by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness.training import of_members
from harness.training._members import loss_of, predicted

LOGITS = torch.tensor([[[3.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [2.0, -1.0]]])
"""Two images, two classes, two members; the first image divides them, and the first member is the surer."""
TARGETS = torch.tensor([1, 1])


def test_the_loss_is_the_sum_of_the_members():
    one, other = (F.cross_entropy(LOGITS[:, :, member], TARGETS) for member in (0, 1))
    assert float(loss_of(LOGITS, TARGETS)) == pytest.approx(float(one + other))
    assert torch.equal(loss_of(LOGITS[:, :, 0], TARGETS), one)


def test_the_mean_of_the_softmax_decides():
    assert predicted(LOGITS).tolist() == [0, 1]
    assert predicted(LOGITS[:, :, 1]).tolist() == [1, 0]


def test_accuracies_and_how_often_members_differ():
    class Told(nn.Module):
        def forward(self, images):
            return LOGITS

    class Images:
        def in_order(self, half):
            assert half == "valid"
            yield type("Batch", (), {"images": None})

        def targets(self, half):
            return TARGETS

    assert of_members(Told(), Images()) == ([50.0, 50.0], 100.0)
