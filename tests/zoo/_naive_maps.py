"""The proxies of feature maps, written from their formulas: Zen-score, MeCo and the three of AZ-NAS."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import pooling
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from harness.seeding import derive
from tests.zoo._naive import NoValue, Subject, weights

LAYERS = (_ConvNd, nn.Linear)
POOLINGS = (
    pooling._AdaptiveAvgPoolNd,
    pooling._AdaptiveMaxPoolNd,
    pooling._AvgPoolNd,
    pooling._MaxPoolNd,
)


def _generator(subject: Subject, *names: object) -> torch.Generator:
    return torch.Generator().manual_seed(derive(subject.seed, "proxies", *names))


def _is_map(tensor: object) -> bool:
    return isinstance(tensor, Tensor) and tensor.dim() == 4 and tensor.shape[2:].numel() > 1


class _Maps:
    """Remembers the last map a module of the network hands out or a pooling takes."""

    def __init__(self, network: nn.Module) -> None:
        self.last: Tensor | None = None
        self.images: Tensor | None = None
        network.register_forward_pre_hook(self._begin)
        for part in network.modules():
            part.register_forward_hook(lambda part, inputs, output: self._see(output))
            if isinstance(part, POOLINGS):
                part.register_forward_pre_hook(lambda part, inputs: self._see(inputs[0]))

    def _begin(self, network: nn.Module, inputs: tuple) -> None:
        self.images = inputs[0]

    def _see(self, tensor: object) -> None:
        if _is_map(tensor) and tensor is not self.images:
            self.last = tensor


def zen(subject: Subject) -> float:
    """Mean of four draws."""
    return sum(_zen(subject, draw) for draw in range(4)) / 4


def _zen(subject: Subject, draw: int) -> float:
    generator = _generator(subject, "zen", draw)
    dtype, shape = subject.images.dtype, (16, *subject.images.shape[1:])
    first, change = (torch.randn(shape, generator=generator).to(dtype) for _ in range(2))
    shapes = [weight.shape for weight in weights(subject.make())]
    drawn = [torch.randn(shape, generator=generator).to(dtype) for shape in shapes]
    before, scale = _last_map(subject, drawn, first)
    after, _ = _last_map(subject, drawn, first + 0.01 * change)
    if before is None:
        raise NoValue("nan")
    moved = float((before - after).double().abs().sum()) / len(first)
    if moved == 0:
        raise NoValue("inf")
    return math.log(moved) + scale


@torch.no_grad()
def _last_map(subject: Subject, drawn: list[Tensor], images: Tensor) -> tuple[Tensor | None, float]:
    """The last map of a network of drawn weights, and the sum of its batch norms' log deviations."""
    network, scales = subject.network(training=True), []
    for part in network.modules():
        if isinstance(part, (*LAYERS, _NormBase, nn.GroupNorm, nn.LayerNorm)):
            for parameter, value in ((part.weight, 1), (part.bias, 0)):
                if parameter is not None:
                    parameter.fill_(value)
        if isinstance(part, nn.BatchNorm2d):
            part.register_forward_pre_hook(lambda part, inputs: scales.append(_scale(inputs[0])))
    for weight, numbers in zip(weights(network), drawn, strict=True):
        weight.copy_(numbers)
    maps = _Maps(network)
    network(images)
    return maps.last, sum(scales)


def _scale(features: Tensor) -> float:
    rows = features.double().movedim(1, 0).flatten(1)
    variance, mean = float(rows.var(1, correction=0).mean()), rows.mean(1)
    return (
        0.0
        if variance <= torch.finfo(features.dtype).eps * float(mean.square().mean())
        else math.log(variance) / 2
    )


def meco(subject: Subject) -> float:
    network, found = subject.network(training=True), []
    image = torch.randn(1, subject.images.shape[1], 64, 64, generator=_generator(subject, "meco"))

    def measure(layer: nn.Module, inputs: tuple, output: object) -> None:
        if _is_map(output):
            found.append(_smallest(output[0].detach().flatten(1).double().numpy()))

    for layer in network.modules():
        if not list(layer.children()) and not isinstance(layer, nn.Identity | _NormBase):
            layer.register_forward_hook(measure)
    network(image.to(subject.images.dtype))
    if not found:
        raise NoValue("nan")
    return sum(found)


def _smallest(rows: np.ndarray) -> float:
    """Smallest eigenvalue of the correlation of (channels, pixels); 0 with a constant channel."""
    deviation, length = rows.std(axis=1), np.sqrt((rows**2).mean(axis=1))
    if rows.shape[0] >= rows.shape[1] or (deviation <= 1e-12 * length).any():
        return 0.0
    return max(0.0, float(np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(rows)))[0]))


def _stages(network: nn.Module) -> list[nn.Module]:
    """Children with layers in them; those of the only one, where there is one that has children."""
    stages = [c for c in network.children() if any(isinstance(part, LAYERS) for part in c.modules())]
    return _stages(stages[0]) if len(stages) == 1 and list(stages[0].children()) else stages


def _parts(stage: nn.Module) -> list[nn.Module]:
    """A layer, a module with children, a sequence with one part in it; longer sequences and lists opened."""
    if not isinstance(stage, nn.Sequential | nn.ModuleList | nn.ModuleDict):
        return [stage] if isinstance(stage, LAYERS) or list(stage.children()) else []
    inner = [part for child in stage.children() for part in _parts(child)]
    return [stage] if isinstance(stage, nn.Sequential) and len(inner) == 1 else inner


def _blocks(subject: Subject) -> list[Tensor]:
    """What each block hands on to the next one, up to the classifier, the stage that is called last."""
    network = subject.network(training=True)
    stages = _stages(network)
    parts = {part for stage in stages for part in _parts(stage)}
    maps, inputs, until = _Maps(network), [], []

    def enter(part: nn.Module, arguments: tuple) -> tuple:
        """What is handed on is a copy, so that nothing that works in place changes what was seen."""
        features = arguments[0]
        if part in stages:
            ends = features if _is_map(features) or maps.last is None else maps.last
            until[:] = [len(inputs), ends]
        if part in parts:
            inputs.append(features)
            maps.last = None
        return (features.clone(), *arguments[1:])

    for part in parts.union(stages):
        part.register_forward_pre_hook(enter)
    network(subject.images.requires_grad_())
    if not until or not until[0]:
        return []
    return [features for features in [*inputs[1 : until[0]], until[1]] if features.requires_grad]


def _az(subject: Subject) -> tuple[list[float], list[float]]:
    """Entropies of all blocks, gains of those after the first; a map that stands beside is passed over."""
    generator = _generator(subject, "az_nas")
    entropies, gains, before = [], [], None
    for after in _blocks(subject):
        gain = None if before is None else _gain(before, after, generator)
        if before is None or gain is not None:
            entropies.append(_entropy(after))
            gains += [] if gain is None else [gain]
            before = after
    if not entropies:
        raise NoValue("nan")
    return entropies, gains


def _as_rows(features: Tensor) -> np.ndarray:
    return features.detach().double().movedim(1, -1).reshape(-1, features.shape[1]).numpy()


def _entropy(features: Tensor) -> float:
    rows = _as_rows(features)
    covariance = np.atleast_2d(np.cov(rows.T, bias=True))
    values = np.linalg.eigvalsh(covariance).clip(min=0)
    if values.sum() <= 1e-24 * (rows**2).sum() / len(rows):
        raise NoValue("nan")
    shares = values[values > 0] / values.sum()
    return -float((shares * np.log(shares)).sum())


def _gain(before: Tensor, after: Tensor, generator: torch.Generator) -> float | None:
    signs = (torch.randint(2, after.shape, generator=generator) * 2 - 1).to(after.dtype)
    (gradient,) = torch.autograd.grad(after, before, signs, retain_graph=True, allow_unused=True)
    if gradient is None:
        return None
    while gradient.dim() < 4:
        gradient = gradient[..., None]
    while signs.dim() < 4:
        signs = signs[..., None]
    if gradient.shape[2:] != signs.shape[2:]:
        joined = max(1.0, gradient.shape[2:].numel() / signs.shape[2:].numel())
        gradient = nn.functional.adaptive_avg_pool2d(gradient, signs.shape[2:]) * joined
    received, sent = _as_rows(gradient), _as_rows(signs)
    return float(np.linalg.svd(received.T @ sent / len(sent), compute_uv=False)[0])


def az_expressivity(subject: Subject) -> float:
    return sum(_az(subject)[0])


def az_progressivity(subject: Subject) -> float:
    entropies, _ = _az(subject)
    if len(entropies) < 2:
        raise NoValue("nan")
    return float(np.diff(entropies).min())


def az_trainability(subject: Subject) -> float:
    _, gains = _az(subject)
    if not gains:
        raise NoValue("nan")
    if not min(gains):
        raise NoValue("inf")
    return sum(2 - gain - 1 / gain for gain in gains) / len(gains)
