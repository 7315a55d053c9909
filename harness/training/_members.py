"""Networks of several members: their loss, their joint prediction, and what each gets right by itself."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.networks import in_mode
from harness.training._images import Images


def loss_of(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of a network's logits, (B, classes), or summed over members' (B, classes, members)."""
    if logits.dim() == 2:
        return F.cross_entropy(logits, targets)
    return torch.stack([F.cross_entropy(each, targets) for each in logits.unbind(2)]).sum()


def predicted(logits: Tensor) -> Tensor:
    """The class of each image, (B,): of members, (B, classes, members), by the mean of their softmax."""
    return (logits if logits.dim() == 2 else logits.softmax(1).mean(2)).argmax(1)


def of_members(ensemble: nn.Module, images: Images) -> tuple[list[float], float]:
    """Every member's accuracy on the validation half, and how often two of them name different classes.

    Both in per cent; the latter is the mean over all pairs. In evaluation mode.
    """
    with in_mode(ensemble, training=False), torch.no_grad():
        named = torch.cat([ensemble(batch.images).argmax(1) for batch in images.in_order("valid")])
    right = 100 * (named == images.targets("valid")[:, None]).double().mean(0)
    pairs = list(combinations(range(named.shape[1]), 2))
    apart = sum(float((named[:, one] != named[:, other]).double().mean()) for one, other in pairs)
    return right.tolist(), 100 * apart / len(pairs)
