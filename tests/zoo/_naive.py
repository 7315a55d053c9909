"""The proxies once more, each by itself and straight from its formula, on plain PyTorch.

Nothing of the harness is used but the names of its draws. Every pass is run on a network made afresh; a layer
is a convolution or ``nn.Linear`` whose weight is a parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.conv import _ConvNd

from tests.zoo._naive_counts import MultiplyAdds, handing_positive_through

OFFSET = 1e-5


class NoValue(Exception):
    """The formula has no value here; ``status`` says why."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True)
class Subject:
    """A network to be scored: how to make it, its batches in its number format, the seed."""

    make: Callable[[], nn.Module]
    batches: list[tuple[Tensor, Tensor]]
    seed: int = 0

    def network(self, training: bool) -> nn.Module:
        """Frozen layers count as others."""
        network = self.make().train(training)
        for parameter in network.parameters():
            parameter.requires_grad_()
        return network

    @property
    def images(self) -> Tensor:
        return self.batches[0][0].clone()

    @property
    def labels(self) -> Tensor:
        return self.batches[0][1]

    def logits(self, training: bool) -> tuple[nn.Module, Tensor]:
        network = self.network(training)
        return network, network(self.images)


def layers(network: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(name, part) for name, part in network.named_modules() if isinstance(part, _ConvNd | nn.Linear)]


def weights(network: nn.Module) -> list[nn.Parameter]:
    """Of the layers, a shared one once."""
    return list({id(layer.weight): layer.weight for _, layer in layers(network)}.values())


def require_connected(subject: Subject) -> None:
    network = subject.make().double().eval()
    images = subject.images.double().requires_grad_()
    logits = network(images)
    factors = torch.linspace(1, 2, logits.shape[1], dtype=torch.float64)
    (gradient,) = _grad((logits * factors).sum(), [images])
    if not gradient.any():
        raise NoValue("disconnected")


def _grad(output: Tensor, inputs: list[Tensor], **settings: object) -> list[Tensor]:
    """Gradients of a number, zeros where it does not depend on an input."""
    if not output.requires_grad:
        return [torch.zeros_like(each) for each in inputs]
    found = torch.autograd.grad(output, inputs, allow_unused=True, retain_graph=True, **settings)
    return [torch.zeros_like(i) if g is None else g for i, g in zip(inputs, found, strict=True)]


def _number(tensor: Tensor) -> float:
    return tensor.detach().item()


def _loss_gradients(subject: Subject, number: int = 0) -> list[tuple[Tensor, Tensor]]:
    network = subject.network(training=True)
    own = weights(network)
    images, labels = subject.batches[number]
    loss = F.cross_entropy(network(images.clone()), labels)
    return [(w.detach(), g) for w, g in zip(own, _grad(loss, own), strict=True)]


def snip(subject: Subject) -> float:
    return sum(_number((w * g).abs().sum()) for w, g in _loss_gradients(subject))


def plain(subject: Subject) -> float:
    return sum(_number((w * g).sum()) for w, g in _loss_gradients(subject))


def grad_norm(subject: Subject) -> float:
    return sum(_number(g.norm()) for _, g in _loss_gradients(subject))


def grasp(subject: Subject) -> float:
    with sdpa_kernel(SDPBackend.MATH):
        network, logits = subject.logits(training=True)
        own = weights(network)
        loss = F.cross_entropy(logits, subject.labels)
        first = _grad(loss, own, create_graph=True)
        step = sum((g.detach() * g).sum() for g in first)
        return -sum(_number((w * h).sum()) for w, h in zip(own, _grad(step, own), strict=True))


def fisher(subject: Subject) -> float:
    """Hooks clone what a layer hands on, so that nothing overwrites it."""
    network, outputs = subject.network(training=True), []

    def keep(layer: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        outputs.append((layer, output))
        return output.clone()

    for _, layer in layers(network):
        layer.register_forward_hook(keep)
    loss = F.cross_entropy(network(subject.images), subject.labels)
    score = 0.0
    outputs = [(layer, output) for layer, output in outputs if output.requires_grad]
    for (layer, output), gradient in zip(outputs, _grad(loss, [o for _, o in outputs]), strict=True):
        products = output * gradient
        last = isinstance(layer, nn.Linear)
        channels = output.shape[-1] if last else output.shape[1]
        sums = products.movedim(-1, 1) if last else products
        sums = sums.reshape(len(output), channels, -1).sum(2)
        fan_in = layer.weight.numel() // channels
        score += fan_in * _number(sums.square().mean(0).sum()) / 2
    return score


def zico(subject: Subject) -> float:
    score, found = 0.0, False
    for (_, first), (_, second) in zip(*(_loss_gradients(subject, n) for n in (0, 1)), strict=True):
        steps = np.stack([first.double().numpy(), second.double().numpy()])
        deviation = steps.std(axis=0)
        varies = deviation > 0
        if varies.any():
            found = True
            score += math.log((np.abs(steps).mean(axis=0)[varies] / deviation[varies]).sum())
    if not found:
        raise NoValue("nan")
    return score


def _correlation(subject: Subject) -> np.ndarray:
    network, images = subject.network(training=True), subject.images.requires_grad_()
    (gradients,) = _grad(network(images.clone()).sum(), [images])
    rows = gradients.flatten(1).double().numpy()
    # Where a normalisation fixes the sum of all logits, what is left of the gradient is rounding.
    (of_one_logit,) = _grad(network(images.clone())[0, 0], [images])
    if (np.ptp(rows, axis=1) <= 1e-8 * float(of_one_logit.abs().max())).any():
        raise NoValue("nan")
    return np.corrcoef(rows)


def jacob_cov(subject: Subject) -> float:
    shifted = np.linalg.eigvalsh(_correlation(subject)) + OFFSET
    return -float((np.log(shifted) + 1 / shifted).sum())


def epe_nas(subject: Subject) -> float:
    correlation, labels, score = _correlation(subject), subject.labels.numpy(), 0.0
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        if len(own) > 1:
            score += abs(np.log(np.abs(correlation[np.ix_(own, own)]) + OFFSET).sum())
    return score


def _rows(numbers: Tensor, own: list[Tensor]) -> np.ndarray:
    """A backward pass for each of ``numbers`` (samples,)."""
    rows = [torch.cat([g.flatten() for g in _grad(one, own)]) for one in numbers]
    return torch.stack(rows).double().numpy()


def _condition(subject: Subject, training: bool) -> float:
    network, logits = subject.logits(training)
    own = [parameter for name, parameter in network.named_parameters() if "weight" in name]
    rows = _rows(logits.sum(1), own)
    values = np.linalg.eigvalsh(rows @ rows.T)
    if values[-1] <= 0:
        raise NoValue("nan")
    if values[0] <= len(rows) * torch.finfo(logits.dtype).eps * values[-1]:
        raise NoValue("inf")
    return -float(values[-1] / values[0])


def ntk(subject: Subject) -> float:
    return _condition(subject, training=True)


def ntk_eval(subject: Subject) -> float:
    return _condition(subject, training=False)


def sample_gradients(subject: Subject) -> np.ndarray:
    """Row i: the gradient of sample i's loss with respect to all parameters, evaluation mode."""
    network = subject.network(training=False)
    own = list(network.parameters())
    return _rows(F.cross_entropy(network(subject.images), subject.labels, reduction="none"), own)


def gradsign(subject: Subject) -> float:
    return float(np.abs(np.sign(sample_gradients(subject)).sum(0)).sum())


def vkdnw(subject: Subject) -> float:
    network = subject.network(training=False)
    own = weights(network)
    logits = network(subject.images)
    shares = logits.detach().double().softmax(1).numpy()
    information = np.zeros((len(own),) * 2)
    for row, share in zip(logits, shares, strict=True):
        jacobian = [[_number(g.flatten()[0]) for g in _grad(logit, own)] for logit in row]
        centred = np.array(jacobian) - share @ np.array(jacobian)
        information += (centred * share[:, None]).T @ centred / len(shares)
    eigenvalues = np.linalg.eigvalsh(information).clip(min=0)
    deciles = np.quantile(eigenvalues, np.arange(1, 10) / 10)
    if not deciles.sum():
        raise NoValue("nan")
    shares = deciles[deciles > 0] / deciles.sum()
    return len(own) - float((shares * np.log(shares)).sum()) / math.log(9)


def params(subject: Subject) -> float:
    return float(sum(parameter.numel() for parameter in subject.make().parameters()))


def trainable_layers(subject: Subject) -> float:
    return float(len(weights(subject.make())))


def l2_norm(subject: Subject) -> float:
    return sum(_number(weight.detach().double().norm()) for weight in weights(subject.make()))


def flops(subject: Subject) -> float:
    """Of two images, halved."""
    network = subject.network(training=False)
    with MultiplyAdds(network) as count:
        network(subject.images[:2])
    return count.total / 2


def _flow(subject: Subject) -> list[tuple[Tensor, Tensor]]:
    network = subject.network(training=False).double()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_()
    ones = torch.ones_like(subject.images[:1], dtype=torch.float64).requires_grad_()
    own = weights(network)
    with handing_positive_through():
        output = network(ones.clone()).sum()
    arriving, *gradients = _grad(output, [ones, *own])
    if not arriving.any():
        raise NoValue("disconnected")
    return list(zip((weight.detach() for weight in own), gradients, strict=True))


def synflow(subject: Subject) -> float:
    return math.log(sum(_number((weight * gradient).abs().sum()) for weight, gradient in _flow(subject)))


def logsynflow(subject: Subject) -> float:
    return sum(_number((w * g.abs().log1p()).sum()) for w, g in _flow(subject))
