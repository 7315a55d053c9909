"""A supernet small enough to train in a second, and images of which the right architecture is known.

An image is ``a A + b B + noise`` with the hidden patterns ``A`` (vertical halves) and ``B`` (quadrants),
whose mean over pixels is 0, and signs ``a`` and ``b`` that are its class. The head sees means over pixels, so
that only a convolution with a pattern tells the sign: candidate ``pattern`` of the first decision has ``A``,
that of the second ``B``. Candidate 0, which ties favour, is the skip connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import training
from harness.inputs import LabelledImages
from harness.networks._blocks import classifier
from harness.networks._masking import Left, mix
from harness.networks._supernet import Choices, Supernet
from harness.networks._weights import draw
from harness.seeding import generator
from harness.spaces import Decision, Space
from harness.training import Images, Length, Trained, fit
from harness.training._trained import State

SIDE, CHANNELS, CLASSES = 8, 3, 4
OPERATIONS = ("skip", "avg_pool", "pattern")
SKIP, PATTERN = 0, 2
CPU = torch.device("cpu")


def patterns() -> Tensor:
    """The two hidden patterns, (2, 8, 8), of +1 and -1."""
    half = torch.where(torch.arange(SIDE) < SIDE // 2, 1.0, -1.0)
    return torch.stack([half.expand(SIDE, SIDE), half[:, None] * half])


class ToySpace(Space):
    """Two operations and, with ``inputs``, two parents of the output out of the image and both of them."""

    name = title = family = "toy"
    identity_candidates = frozenset({"skip"})

    def __init__(self, inputs: bool = False) -> None:
        parents = Decision("parents", ("image", "halves", "quadrants"), picks=2, kind="input")
        operations = (Decision("halves", OPERATIONS), Decision("quadrants", OPERATIONS))
        self.decisions = (*operations, parents) if inputs else operations

    @property
    def best(self):
        """The right architecture."""
        return ((PATTERN,), (PATTERN,), (1, 2))[: len(self.decisions)]

    def format(self, arch):
        return "|".join("".join(map(str, picks)) for picks in arch)

    def parse_text(self, text):
        return tuple(tuple(map(int, part)) for part in text.split("|"))

    def canonical(self, arch):
        return self.format(arch)


class Pattern(nn.Module):
    """A convolution of every channel with one fixed pattern of the image's size: how much of it is there."""

    def __init__(self, pattern: Tensor) -> None:
        super().__init__()
        self.register_buffer("pattern", pattern.expand(CHANNELS, 1, SIDE, SIDE) / SIDE**2)

    def forward(self, images: Tensor) -> Tensor:
        return F.conv2d(images, self.pattern, groups=CHANNELS).expand_as(images)


class ToyCell(nn.Module):
    def __init__(self, first: nn.Module, second: nn.Module, parents: Left) -> None:
        super().__init__()
        self.first, self.second, self.parents = first, second, parents

    def forward(self, images: Tensor) -> Tensor:
        states = [images, self.first(images), self.second(images)]
        kept = self.parents.each([states[parent] for parent in self.parents.candidates])
        running = dict(zip(self.parents.candidates, kept, strict=True))
        return torch.cat([running.get(parent, torch.zeros_like(images)) for parent in range(3)], 1)


class ToyChoices(Choices):
    def __init__(self) -> None:
        super().__init__()
        self.operations = nn.ModuleList(
            nn.ModuleList([nn.Identity(), nn.AvgPool2d(3, 1, padding=1), Pattern(pattern)])
            for pattern in patterns()
        )

    def masked(self, lefts: Sequence[Left]) -> nn.Module:
        first, second = (
            mix(left, [candidates[index] for index in left.candidates], [])
            for left, candidates in zip(lefts, self.operations, strict=False)
        )
        return ToyCell(first, second, lefts[2] if len(lefts) == 3 else Left((1, 2), 1.0))


def toy_supernet(space: Space, seed: int = 0) -> Supernet:
    channels = 3 * CHANNELS
    head = classifier(channels, CLASSES, nn.BatchNorm2d(channels))
    return draw(Supernet(space, nn.BatchNorm2d(CHANNELS), [ToyChoices()], head), "pytorch", seed)


@dataclass(frozen=True)
class ToyImages(LabelledImages):
    mirrored: ClassVar[bool] = False
    pixels: Tensor = field(repr=False, compare=False)
    labels: np.ndarray = field(repr=False, compare=False)

    def _read(self, rows):
        return self.pixels[torch.from_numpy(rows)], self.labels[rows]


def toy_images(count: int = 256, noise: float = 0.5, seed: int = 0) -> ToyImages:
    draws = generator(seed, "toy")
    labels = draws.integers(CLASSES, size=count)
    signs = torch.from_numpy(np.stack([labels // 2, labels % 2], 1) * 2.0 - 1)
    clean = torch.einsum("np,phw->nhw", signs, patterns().double())[:, None]
    noisy = clean + noise * torch.from_numpy(draws.normal(size=(count, CHANNELS, SIDE, SIDE)))
    return ToyImages("toy", "toy", CLASSES, SIDE, count, noisy.float(), labels)


def toy(
    method: str = "darts",
    epochs: int = 2,
    fine_tuning_epochs: int = 1,
    *,
    seed: int = 0,
    inputs: bool = False,
    count: int = 64,
    batch_size: int = 8,
) -> Trained:
    """A toy supernet before its first step."""
    return Trained(
        toy_supernet(ToySpace(inputs), seed),
        Images(toy_images(count), None, batch_size, seed, CPU),
        training.load(method),
        Length(epochs, fine_tuning_epochs),
        seed,
    )


@cache
def _ended(method: str, seed: int) -> tuple[Trained, State]:
    trained = toy(method, 6, 1, seed=seed, inputs=True, count=256, batch_size=16)
    fit(trained)
    return trained, trained.state()


def trained_toy(method: str, seed: int) -> Trained:
    """A toy supernet after 6 epochs on 128 images, as it was then: the next call takes it back there."""
    trained, state = _ended(method, seed)
    trained.restore(state)
    return trained


def everything(trained: Trained) -> dict[str, Tensor]:
    """Copies of all numbers that training changes."""
    numbers = {name: value.clone() for name, value in trained.supernet.state_dict().items()}
    return numbers | {f"alpha {i}": alpha.detach().clone() for i, alpha in enumerate(trained.alphas)}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether both hold the same numbers, to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Interrupted(Exception):
    """Training was stopped from outside."""


def stopping_at(step: int) -> Callable[[str, int, int], None]:
    """A progress function that stops training in step number ``step``, from 1."""

    def progress(words: str, done: int, total: int) -> None:
        if done == step:
            raise Interrupted

    return progress
