"""All networks of the zoo by name, their images and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tests.zoo._networks_attention import ATTENTION
from tests.zoo._networks_layers import LAYERS, of_signals, of_vectors, of_volumes, one_colour, residual
from tests.zoo._networks_models import MODELS
from tests.zoo._networks_norms import GATES, NORMS, RELUS
from tests.zoo._networks_python import PROGRAMS
from tests.zoo._networks_random import RANDOM
from tests.zoo._networks_wrapped import TWINS, WRAPPERS
from tests.zoo._parts import plain

TARGETS = ((0, 0, 1, 1, 4, 2, 1), (3, 1, 0, 2, 2, 4, 4))
"""Labels of two batches of seven images, a number that no width of the networks is."""
Build = Callable[[], nn.Module]


@dataclass(frozen=True)
class Case:
    """A network of the zoo: how it is made, its number format, and the shape of an image."""

    name: str
    kind: str
    make: Build
    dtype: torch.dtype | None = torch.float64
    shape: tuple[int, ...] = (3, 8, 8)

    def build(self) -> nn.Module:
        """The same numbers every time; batch norm has running statistics unlike those of any batch."""
        return self._made(self.make)

    def build_twin(self) -> nn.Module:
        """The network that the naive formulas read: the same, or what computes the same more plainly."""
        return self._made(TWINS.get(self.name, self.make))

    def _made(self, make: Build) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            network = make()
            for part in network.modules():
                if _has_statistics(part):
                    part.running_mean.uniform_(-0.2, 0.2)
                    part.running_var.uniform_(0.5, 2)
        return network if self.dtype is None else network.to(self.dtype)

    def batches(self) -> list[tuple[Tensor, Tensor]]:
        """Two batches of images in float32 and labels."""
        draw = torch.Generator().manual_seed(1)
        images = [torch.randn(len(labels), *self.shape, generator=draw) for labels in TARGETS]
        return [(each, torch.tensor(labels)) for each, labels in zip(images, TARGETS, strict=True)]


def _has_statistics(part: nn.Module) -> bool:
    if not isinstance(part, nn.modules.batchnorm._BatchNorm):
        return False
    return part.running_mean is not None and not isinstance(part.running_mean, nn.UninitializedBuffer)


def _cases() -> dict[str, Case]:
    kinds = {
        "layers": LAYERS,
        "normalisations": NORMS,
        "ReLUs": RELUS,
        "gates": GATES,
        "architectures": MODELS,
        "attention": ATTENTION,
        "programs": PROGRAMS,
        "wrappers": WRAPPERS,
        "drawing": RANDOM,
    }
    cases = [Case(name, kind, make) for kind, found in kinds.items() for name, make in found.items()]
    scripted = ("scripted", "traced by jit")
    cases = [Case(c.name, c.kind, c.make, None) if c.name in scripted else c for c in cases]
    cases += [
        Case("images of 7 x 7", "images", residual, shape=(3, 7, 7)),
        Case("images of 6 x 11", "images", residual, shape=(3, 6, 11)),
        Case("one colour", "images", one_colour, shape=(1, 8, 8)),
        Case("vectors for images", "images", of_vectors, shape=(12,)),
        Case("signals for images", "images", of_signals, shape=(3, 16)),
        Case("volumes for images", "images", of_volumes, shape=(2, 4, 6, 6)),
        Case("single precision", "number formats", residual, torch.float32),
        Case("bfloat16", "number formats", plain, torch.bfloat16),
        Case("float16", "number formats", plain, torch.float16),
    ]
    return {case.name: case for case in cases}


CASES: dict[str, Case] = _cases()
DRAWING = frozenset(RANDOM)
"""Networks that draw in training mode."""
