"""What AZ-NAS reads off a network's blocks: how many directions their features use, how gradients pass."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.proxies._features import block_features
from harness.proxies._modules import parameters_of
from harness.proxies._outcome import Refused, Undefined, finite
from harness.proxies._passes import Passes

_CONSTANT = 1e-24
"""Variance over mean square below which features are constant but for rounding."""


@dataclass(frozen=True)
class Block:
    """One block's numbers.

    Attributes
    ----------
    entropy
        -sum p ln p over the normalised eigenvalues p of the covariance of its output's channels.
    gain
        Spectral norm of its Jacobian, see :func:`gain`; None for the first block, whose input is the images.
    """

    entropy: float
    gain: float | None


def blocks(passes: Passes) -> list[Block]:
    """The blocks of :func:`harness.proxies._features.block_features` in order; batch norm in training mode.

    A feature map that does not depend on the block before it, but stands beside it, is passed over. Costs a
    forward pass and a backward pass without gradients of weights: about four to five forward passes.

    Raises
    ------
    Undefined
        ``disconnected`` where the logits do not depend on the images, ``nan`` where no block is found or a
        block's output is constant.
    """
    return passes.read("az_nas_blocks", lambda: _blocks(passes))


def _blocks(passes: Passes) -> list[Block]:
    images = passes.images.detach().clone().requires_grad_()
    parameters = {name: leaf.detach() for name, leaf in parameters_of(passes.module).items()}
    features, logits = block_features(passes.module, parameters, images)
    passes.require_connected(logits)
    generator = passes.generator("az_nas")
    found: list[Block] = []
    before: Tensor | None = None
    for after in features:
        if not after.requires_grad:
            continue
        passed = None if before is None else gain(before, after, generator)
        if before is None or passed is not None:
            found.append(Block(entropy(after.detach()), passed))
            before = after
    if not found:
        raise Undefined("nan", "no block was found: the network has no child with layers in it")
    return found


def entropy(features: Tensor) -> float:
    """Entropy in nats of the normalised eigenvalues of the channels' covariance over samples and pixels.

    0 to ln(channels); 0 where one direction holds all variance.
    """
    rows = _rows(features)
    centred = rows - rows.mean(dim=0)
    small = centred if rows.shape[1] > rows.shape[0] else centred.T
    # The smaller of the two products, which have the same eigenvalues but for zeros.
    eigenvalues = torch.linalg.eigvalsh((small @ small.T).cpu()).clamp(min=0)
    total = eigenvalues.sum()
    if total <= _CONSTANT * rows.square().sum():
        raise Undefined("nan", "a block's output is constant: shares of its variance are 0/0")
    return float(torch.special.entr(eigenvalues / total).sum())


def gain(before: Tensor, after: Tensor, generator: torch.Generator) -> float | None:
    """Largest singular value of the mean over samples and pixels of g_in g_out^T, (channels, channels).

    g_out are random signs in the place of the gradient of ``after``, g_in the gradient of ``before`` that
    they lead to: as E[g_out g_out^T] is the identity, E[g_in g_out^T] is the transposed Jacobian. Where
    ``before`` has more pixels, g_in is summed over those that one pixel of ``after`` stands for. None where
    ``after`` does not depend on ``before``.
    """
    # In the memory format of the features: a gradient in another one is several times as slow.
    signs = torch.empty_like(after, requires_grad=False)
    signs.copy_(torch.randint(2, after.shape, generator=generator)).mul_(2).sub_(1)
    gradients: tuple[Tensor | None, ...] = torch.autograd.grad(
        after, before, signs, retain_graph=True, allow_unused=True
    )
    (gradient,) = gradients
    if gradient is None:
        return None
    gradient, signs = _as_map(gradient), _as_map(signs)
    if gradient.shape[2:] != signs.shape[2:]:
        joined = max(1.0, gradient.shape[2:].numel() / signs.shape[2:].numel())
        gradient = F.adaptive_avg_pool2d(gradient, (signs.shape[2], signs.shape[3])) * joined
    received, sent = _compact(_rows(gradient)), _compact(_rows(signs))
    return float(torch.linalg.matrix_norm(received.T @ sent, ord=2)) / signs[:, 0].numel()


def _as_map(features: Tensor) -> Tensor:
    """Vectors as maps of one pixel."""
    if features.ndim not in (2, 4):
        shape = tuple(features.shape)
        raise Refused(
            f"a block hands on features of shape {shape}, neither vectors nor maps of pixels; hand over a "
            "network of two-dimensional convolutions or linear layers, or take another proxy"
        )
    return features if features.ndim == 4 else features[:, :, None, None]


def _rows(features: Tensor) -> Tensor:
    """One row of channels for every pixel of every sample, in double precision."""
    features = _as_map(features).permute(0, 2, 3, 1)
    rows = features.reshape(-1, features.shape[3]).double()
    finite(float(rows.abs().max()), "the largest number that a block hands on")
    return rows


def _compact(rows: Tensor) -> Tensor:
    """Rows in at most as many columns as there are rows, with the same products with one another."""
    return rows if rows.shape[1] <= rows.shape[0] else torch.linalg.qr(rows.T, mode="r").R.T
