"""3x3 averages of a pass, their gradients and the gradients of these have the bits of torch's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from harness.proxies._averages import FasterAverages

AVERAGE = {"kernel_size": 3, "stride": 1, "padding": 1, "count_include_pad": False}


def images(*shape: int, dtype: torch.dtype = torch.float32, name: int = 0) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(name))
    return drawn.to(dtype, memory_format=torch.channels_last)


def twice_differentiated(x: Tensor, arriving: Tensor, again: Tensor) -> list[Tensor]:
    """The averages of ``x``, their gradient, and the gradient of that by what arrives."""
    x, arriving = x.clone().requires_grad_(), arriving.clone().requires_grad_()
    averages = F.avg_pool2d(x, **AVERAGE)
    (gradient,) = torch.autograd.grad(averages, x, arriving, create_graph=True)
    (second,) = torch.autograd.grad(gradient, arriving, again)
    return [averages.detach(), gradient.detach(), second]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "shape", [(32, 16, 32, 32), (5, 32, 16, 16), (2, 64, 8, 8), (3, 7, 5, 4), (2, 3, 1, 2)]
)
def test_averages_and_gradients_are_torchs(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    given = [images(*shape, dtype=dtype, name=name) for name in range(3)]
    expected = twice_differentiated(*given)
    with FasterAverages():
        found = twice_differentiated(*given)
        assert "Averages" in F.avg_pool2d(given[0].requires_grad_(), **AVERAGE).grad_fn.name()
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
        assert one.stride() == other.stride()


def test_a_gradient_that_lies_otherwise_in_memory() -> None:
    x, arriving, again = (images(4, 6, 8, 8, name=name) for name in range(3))
    expected = twice_differentiated(x, arriving.contiguous(), again)
    with FasterAverages():
        found = twice_differentiated(x, arriving.contiguous(), again)
    assert all(map(torch.equal, found, expected))


@pytest.mark.parametrize(
    "other",
    [{"stride": 2}, {"count_include_pad": True}, {"divisor_override": 9}, {"padding": 0}, {"kernel_size": 2}],
)
def test_other_poolings_are_torchs_own(other: dict[str, object]) -> None:
    x = images(2, 3, 8, 8).requires_grad_()
    with FasterAverages():
        assert F.avg_pool2d(x, **AVERAGE | other).grad_fn.name().startswith("AvgPool2D")
        assert F.avg_pool2d(x.contiguous(), **AVERAGE).grad_fn.name().startswith("AvgPool2D")
