"""What a NASWOT score of a supernet costs as the authors of Zero-Cost-PT compute it.

A plain rewriting of the work their released code does per candidate (zerocostptnas/zerocost_operation_score,
``Scorers/scorer.py`` and the supernets' mixed operations): a deep copy of the supernet in evaluation mode;
every candidate's output times its own weight, also the masked one's, which runs; one forward pass that
keeps the autograd graph, in anomaly mode; at every ReLU module two float products of samples x units,
handed to NumPy. In the DARTS spaces (``sota/cnn/init_projection.py``) a candidate of weight 0 does not run,
no graph is kept, and the products are made at every module whose type name holds "ReLU", blocks too.
``make benchmark`` compares with it, and nothing else uses it.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from harness import networks
from harness.networks import Supernet
from harness.networks._masking import Mixed
from harness.spaces import Mask


class Weighted(nn.Module):
    """A mixed operation that multiplies every candidate's output by its weight."""

    def __init__(self, mixed: Mixed) -> None:
        super().__init__()
        self.mixed = mixed

    def forward(self, inputs: Tensor) -> Tensor:
        kept = self.mixed.kept
        removed_input = kept.removed_input(inputs)
        terms = [branch(inputs) * kept.weight for branch in self.mixed.branches]
        terms += [branch(removed_input) * kept.removed_weight for branch in self.mixed.removed]
        return sum(terms)


def network(supernet: Supernet, mask: Mask) -> nn.Module:
    """The supernet under ``mask`` as the authors run it in its space."""
    view = supernet.masked(mask, networks.released_masking(supernet.space))
    for part in list(view.modules()):
        for name, child in part.named_children():
            if isinstance(child, Mixed):
                part.register_module(name, Weighted(child))
    return view


def kernel(network: nn.Module, images: Tensor, family: str = "") -> np.ndarray:
    """The kernel of ReLU codes, (samples, samples) float, as the code for a ``family`` of spaces makes it."""
    graph = family != "darts"
    network = copy.deepcopy(network).eval()
    total = np.zeros((len(images), len(images)))

    def count(relu: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        codes = (inputs[0].reshape(len(images), -1) > 0).float()
        total = total + (codes @ codes.T).cpu().numpy() + ((1 - codes) @ (1 - codes).T).cpu().numpy()

    for part in network.modules():
        if isinstance(part, nn.ReLU) or (family == "darts" and "ReLU" in str(type(part))):
            part.register_forward_hook(count)
    with torch.autograd.set_detect_anomaly(graph, check_nan=False), torch.set_grad_enabled(graph):
        network(images)
    return total


def score(network: nn.Module, images: Tensor, family: str = "") -> float:
    """Log determinant of the kernel."""
    return float(np.linalg.slogdet(kernel(network, images, family))[1])
