"""What the blocks of each small network hand on, written out by hand: the oracle of AZ-NAS's scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn

ONE_BLOCK = ("linear", "relu6", "no running statistics", "unused")


def handed_on(kind: str, network: nn.Module, images: Tensor) -> list[Tensor]:
    """The output of every block of the network of ``kind``, in training mode, each a function of the last."""
    network.train()
    return _BLOCKS[kind](network, images)


def _plain(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = network[1](network[0](images))
    return [first, network[2](first)]


def _residual(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = network.stem(images)
    return [first, first + network.inner(first)]


def _no_batch_norm(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = network[1](network[0](images))
    return [first, network[3](network[2](first))]


def _depthwise(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = network[0](images)
    second = network[1](first)
    return [first, second, network[2](second)]


def _three_layers(network: nn.Module, images: Tensor) -> list[Tensor]:
    return [network[2](network[1](network[0](images))).clone()]


def _reused(network: nn.Module, images: Tensor) -> list[Tensor]:
    features = network.stem(images)
    first, beside = torch.relu(features), torch.relu(features)
    return [first, torch.relu(network.convolution(beside * 2) - network.convolution(first))]


def _in_place(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = torch.relu(network.norm(network.stem(torch.relu(images))))
    return [first, torch.relu(network.inner(first) + first)]


def _unused(network: nn.Module, images: Tensor) -> list[Tensor]:
    return [network.live(images)]


def _tied(network: nn.Module, images: Tensor) -> list[Tensor]:
    first = network.stem(images)
    second = torch.tanh(network.first(first))
    return [first, second, network.second(second)]


_BLOCKS = {
    "plain": _plain,
    "residual": _residual,
    "no batch norm": _no_batch_norm,
    "depthwise": _depthwise,
    "linear": _three_layers,
    "relu6": _three_layers,
    "no running statistics": _three_layers,
    "reused": _reused,
    "in place": _in_place,
    "unused": _unused,
    "tied": _tied,
}
