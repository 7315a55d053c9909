"""The operations and cells of DARTS's networks and supernets.

Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", ICLR 2019; shapes are the authors'.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import nn
from torch.nn import functional as F

from harness.networks._blocks import Conv2d, Drawing, ReLUConvBN, add
from harness.networks._masking import Left, mix, weighted
from harness.networks._partial import partial_channels
from harness.networks._supernet import Choices
from harness.spaces._darts import EDGES, INPUT_NODES, NODES, Darts

NAMES = tuple(f"{node}<-{predecessor}" for node, predecessor in EDGES)
"""Of a cell's edges, in the order of their decisions."""


@dataclass(frozen=True)
class Layer:
    """A cell's place: channels of both inputs and of its nodes, whether it and the one before it reduce."""

    before: int
    last: int
    channels: int
    reduction: bool
    after_reduction: bool

    def stride(self, predecessor: int) -> int:
        """Of an operation on ``predecessor``: a reduction cell's steps are on its two inputs."""
        return 2 if self.reduction and predecessor < 2 else 1


class FactorizedReduce(nn.Module):
    """ReLU, two 1x1 convolutions of stride 2, one on maps moved by a pixel, side by side, normalised.

    On maps of odd height or width, where DARTS's code fails, none is moved.
    """

    def __init__(self, inputs: int, outputs: int, affine: bool = True) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.first = Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.second = Conv2d(inputs, outputs - outputs // 2, 1, 2, bias=False)
        self.normalisation = nn.BatchNorm2d(outputs, affine=affine)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, inputs, H, W)`` to ``(B, outputs, H/2, W/2)``, rounded up."""
        active = moved = self.relu(inputs)
        height, width = inputs.shape[2:]
        if height % 2 == 0 and width % 2 == 0:
            moved = active.narrow(2, 1, height - 1).narrow(3, 1, width - 1)
        return self.normalisation(torch.cat([self.first(active), self.second(moved)], 1))


class Noise(Drawing):
    """Standard normal numbers in place of the input, which only gives the shape.

    They are drawn anew in every pass in training mode; in evaluation mode every pass has the same ones, so
    that scores of one supernet under several masks can be compared.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """``(B, C, H, W)`` to ``(B, C, H / stride, W / stride)``, rounded up."""
        height, width = (-(-size // self.stride) for size in inputs.shape[2:])
        shape = (*inputs.shape[:2], height, width)
        return torch.randn(shape, generator=self.generator()).to(inputs)


class DropPath(Drawing):
    """In training mode each sample is zero with ``probability`` p, and otherwise divided by 1 - p."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Input and output have one shape."""
        if not self.training or self.probability == 0:
            return inputs
        keep = 1 - self.probability
        kept = torch.rand((len(inputs), 1, 1, 1), generator=self.generator()) < keep
        return inputs * (kept.to(inputs) / keep)


def operation(
    name: str, channels: int, stride: int, searched: bool = False, affine: bool = True
) -> nn.Module:
    """The module of candidate ``name``, which is not ``none``.

    In a supernet, where it is ``searched``, a pooling is followed by a normalisation without weights.
    """
    kind, _, size = name.rpartition("_")
    if name == "noise":
        return Noise(stride)
    if name == "skip_connect":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, affine)
    if kind in _POOLINGS:
        pooling = _POOLINGS[kind](stride)
        return nn.Sequential(pooling, nn.BatchNorm2d(channels, affine=affine)) if searched else pooling
    kernel = int(size[0])
    halves = [_convolution(channels, kernel, stride, 2 if kind == "dil_conv" else 1, affine)]
    if kind == "sep_conv":
        halves.append(_convolution(channels, kernel, 1, 1, affine))
    return nn.Sequential(*(layer for half in halves for layer in half))


_POOLINGS = {
    "max_pool": lambda stride: nn.MaxPool2d(3, stride, padding=1),
    "avg_pool": lambda stride: nn.AvgPool2d(3, stride, padding=1, count_include_pad=False),
}


def _convolution(channels: int, kernel: int, stride: int, dilation: int, affine: bool) -> list[nn.Module]:
    """ReLU, a convolution of each channel by itself, one of 1x1, normalisation."""
    padding = dilation * (kernel // 2)
    return [
        nn.ReLU(),
        Conv2d(channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False),
        Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels, affine=affine),
    ]


def projections(layer: Layer, affine: bool = True) -> list[nn.Module]:
    """What brings the outputs of the cell before the last and of the last one to the cell's channels."""
    before = (
        FactorizedReduce(layer.before, layer.channels, affine)
        if layer.after_reduction
        else ReLUConvBN(layer.before, layer.channels, 1, affine=affine)
    )
    return [before, ReLUConvBN(layer.last, layer.channels, 1, affine=affine)]


class Cell(nn.Module):
    """Four nodes on the projected outputs of two cells before: sums of their edges, concatenated.

    ``edges`` maps ``"3<-1"`` to the edge's module. A node without any edge is zero.
    """

    def __init__(
        self, projected: Sequence[nn.Module], edges: Mapping[str, nn.Module], reduction: bool
    ) -> None:
        super().__init__()
        self.before, self.last = projected
        self.edges = nn.ModuleDict(edges)
        self.stride = 2 if reduction else 1

    def forward(self, last: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
        """The outputs of the last cell and of the one before it, to ``(B, 4 C, H, W)``."""
        states = [self.before(before), self.last(last)]
        for node in NODES:
            named = {f"{node}<-{number}": state for number, state in enumerate(states)}
            terms = [self.edges[name](state) for name, state in named.items() if name in self.edges]
            states.append(add(terms) if terms else F.avg_pool2d(states[1], 1, self.stride) * 0.0)
        return torch.cat(states[2:], 1)


class CellChoices(Choices):
    """A cell with all candidates on every edge, and all inputs of every node."""

    def __init__(self, space: Darts, layer: Layer, affine: bool = False, sampling: int = 1) -> None:
        super().__init__()
        self.layer, self.sampling = layer, sampling
        number = int(layer.reduction)
        self.first = number * len(EDGES)
        self.first_input = len(space.edges) + number * len(INPUT_NODES)
        self.projections = nn.ModuleList(projections(layer, affine))
        self.operations = nn.ModuleList(
            nn.ModuleDict(
                {
                    str(index): operation(
                        name, layer.channels // sampling, layer.stride(predecessor), True, affine
                    )
                    for index, name in enumerate(space.edges[edge])
                    if name != "none"
                }
            )
            for edge, (_, predecessor) in enumerate(EDGES, start=self.first)
        )

    def masked(self, lefts: Sequence[Left]) -> Cell:
        """A cell; an edge is left out where only ``none`` runs, or its node does not take it."""
        edges = {}
        for place, (node, predecessor) in enumerate(EDGES):
            operations = cast(nn.ModuleDict, self.operations[place])
            kept = lefts[self.first + place].among([int(index) for index in operations])
            branches, removed = (
                [operations[str(index)] for index in candidates]
                for candidates in (kept.candidates, kept.removed)
            )
            taken = _taken(self._inputs(node, lefts), predecessor)
            if (branches or removed) and taken is not None:
                module = partial_channels(
                    mix(kept, branches, removed), self.sampling, self.layer.stride(predecessor)
                )
                edges[NAMES[place]] = module if taken is _WHOLE else Taken(module, *taken)
        return Cell(list(self.projections), edges, self.layer.reduction)

    def _inputs(self, node: int, lefts: Sequence[Left]) -> Left:
        if node not in INPUT_NODES:
            return Left((0, 1), 1.0)
        return lefts[self.first_input + INPUT_NODES.index(node)]


def binarised_parts_of(cell: Cell | CellChoices) -> Iterator[nn.Module]:
    """What holds the convolutions of ``cell`` that may be binary.

    As in BNAS's test code: its operations and the 1x1 projections of its inputs, but not a projection that
    halves the resolution.
    """
    if isinstance(cell, Cell):
        yield cell.edges
        projected = [cell.before, cell.last]
    else:
        yield cell.operations
        projected = list(cell.projections)
    yield from (each for each in projected if not isinstance(each, FactorizedReduce))


class Taken(nn.Module):
    """An edge times a weight of its own, on zeros where it is to be."""

    def __init__(self, edge: nn.Module, weight: torch.Tensor | float, on_zeros: bool) -> None:
        super().__init__()
        self.edge, self.weight, self.on_zeros = edge, weight, on_zeros

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """As the edge's."""
        output = self.edge(inputs * 0.0 if self.on_zeros else inputs)
        return weighted(self.weight, output)


_WHOLE = (1.0, False)


def _taken(inputs: Left, predecessor: int) -> tuple[torch.Tensor | float, bool] | None:
    """The weight of an edge among its node's ``inputs``, and whether it runs on zeros; None: it does not run.

    An open input counts in full, as in DARTS: the 1 / n of its own weight is taken out again.
    """
    if predecessor in inputs.candidates:
        place = inputs.candidates.index(predecessor)
        if inputs.switches is not None:
            return inputs.switches[place], False
        return _WHOLE if inputs.weights is None else (inputs.weights[place] / inputs.weight, False)
    if predecessor in inputs.removed:
        return inputs.removed_weight, inputs.on_zeros
    return None


class CellNetwork(nn.Module):
    """A network whose cells read the outputs of the two before them.

    ``stem`` makes two of the images. In training mode, where there is an ``auxiliary`` head, the
    logits come with those of that head, which reads the output of cell ``auxiliary_after``.
    """

    def __init__(
        self,
        stem: nn.Module,
        body: Iterable[nn.Module],
        head: nn.Module,
        auxiliary: nn.Module | None = None,
        auxiliary_after: int = 0,
    ) -> None:
        super().__init__()
        self.stem, self.body, self.head = stem, nn.ModuleList(body), head
        self.auxiliary, self.auxiliary_after = auxiliary, auxiliary_after

    def forward(self, images: torch.Tensor) -> Any:
        """Images ``(B, 3, H, W)`` to logits ``(B, classes)``; two of them where both heads run."""
        before, last = self.stem(images)
        logits = None
        for place, cell in enumerate(self.body):
            before, last = last, cell(last, before)
            if self.training and self.auxiliary is not None and place == self.auxiliary_after:
                logits = self.auxiliary(last)
        found = self.head(last)
        return found if logits is None else (found, logits)


class Stem(nn.Module):
    """Both inputs of the first cell: ``first`` of the images, and ``second`` of that."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Images to what is the output of the cell before the last, and of the last one."""
        first = self.first(images)
        return first, self.second(first)
