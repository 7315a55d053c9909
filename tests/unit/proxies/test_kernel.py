from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from harness.inputs import Batch
from harness.proxies import Passes, Undefined, _kernel


def counted(codes: list[torch.Tensor]) -> np.ndarray:
    """K by counting, for every pair of samples, the units on which they agree."""
    samples = len(codes[0])
    return np.array(
        [[sum(int((c[i] == c[j]).sum()) for c in codes) for j in range(samples)] for i in range(samples)]
    )


def observed_codes(network: nn.Module, batch: Batch, training: bool) -> list[torch.Tensor]:
    """Codes of every ReLU call, gathered by hooks of the test's own on the network itself."""
    codes: list[torch.Tensor] = []
    relus = [part for part in network.modules() if isinstance(part, nn.ReLU | nn.ReLU6)]
    handles = [
        relu.register_forward_pre_hook(lambda _, inputs: codes.append((inputs[0] > 0).flatten(1).clone()))
        for relu in relus
    ]
    network.train(training)
    with torch.no_grad():
        network(batch.images.double().clone())
    for handle in handles:
        handle.remove()
    return codes


@pytest.mark.parametrize("training", [True, False])
def test_the_kernel_counts_what_the_reference_counts(
    network: nn.Module, batch: Batch, training: bool
) -> None:
    kernel = Passes(network, batch, seed=0).relu_kernel(training)
    codes = observed_codes(network, batch, training)
    assert np.array_equal(_kernel.reference_kernel(codes), counted(codes))
    assert kernel.dtype == np.float64
    assert np.array_equal(kernel, counted(codes))


@pytest.mark.parametrize("product", [_kernel.code_product, _kernel.float_code_product])
@pytest.mark.parametrize(
    ("samples", "units"), [(1, 1), (2, 3), (5, 64), (17, 1001), (64, 4096), (33, 70_000)]
)
def test_both_products_are_exact(product: Callable, samples: int, units: int) -> None:
    codes = torch.rand(samples, units, generator=torch.Generator().manual_seed(units)) < 0.7
    assert torch.equal(product(codes), codes.long() @ codes.long().T)
    assert product(codes).dtype == torch.int64


def test_products_stay_exact_beyond_the_range_of_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    ones = torch.ones(2, 2**24 + 3, dtype=torch.bool)
    expected = torch.full((2, 2), 2**24 + 3)
    assert torch.equal(_kernel.float_code_product(ones), expected)
    assert torch.equal(_kernel.code_product(ones), expected)


def test_the_order_in_memory_does_not_change_the_kernel() -> None:
    activations = torch.randn(6, 5, 4, 3, generator=torch.Generator().manual_seed(0))
    kernels = []
    for layout in (torch.contiguous_format, torch.channels_last):
        kernel = _kernel.ReLUKernel(6)
        kernel.add(activations.contiguous(memory_format=layout))
        kernels.append(kernel.matrix())
    assert np.array_equal(kernels[0], kernels[1])


def test_a_tensor_read_twice_is_multiplied_once_and_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = _kernel.code_product
    monkeypatch.setattr(_kernel, "code_product", lambda codes: calls.append(1) or original(codes))
    activations = torch.randn(4, 9)
    kernel = _kernel.ReLUKernel(4)
    kernel.add(activations)
    kernel.add(activations)
    assert len(calls) == 1
    first = (activations > 0).clone()
    activations.mul_(-1)
    kernel.add(activations)
    assert len(calls) == 2
    assert np.array_equal(kernel.matrix(), counted([first, first, activations > 0]))


def test_a_new_tensor_in_the_place_of_a_freed_one_is_not_mistaken_for_it() -> None:
    kernel = _kernel.ReLUKernel(4)
    codes = []
    for number in range(20):
        activations = torch.randn(4, 9, generator=torch.Generator().manual_seed(number))
        codes.append(activations > 0)
        kernel.add(activations)
        del activations
    assert np.array_equal(kernel.matrix(), counted(codes))


def test_an_input_without_the_batch_in_front_is_refused() -> None:
    with pytest.raises(ValueError, match="first dimension is not the batch of 4"):
        _kernel.ReLUKernel(4).add(torch.zeros(8, 2))


def test_no_relu_call_leaves_the_kernel_undefined() -> None:
    with pytest.raises(Undefined, match="no ReLU module was called") as caught:
        _kernel.ReLUKernel(4).matrix()
    assert caught.value.status == "inf"


def test_the_log_determinant_is_the_sum_of_log_eigenvalues() -> None:
    root = np.random.default_rng(0).integers(0, 2, (7, 50)).astype(float)
    kernel = root @ root.T
    assert _kernel.log_determinant(kernel) == pytest.approx(
        np.log(np.linalg.eigvalsh(kernel)).sum(), rel=1e-12
    )


@pytest.mark.parametrize("kernel", [np.zeros((2, 2)), np.full((3, 3), 7.0)])
def test_a_singular_kernel_has_no_log_determinant(kernel: np.ndarray) -> None:
    with pytest.raises(Undefined, match="rank") as caught:
        _kernel.log_determinant(kernel)
    assert caught.value.status == "inf"


def test_a_kernel_singular_but_for_rounding_is_not_given_a_number() -> None:
    root = np.random.default_rng(0).integers(0, 2, (40, 30)).astype(float)
    kernel = 1000 * root @ root.T
    assert np.isfinite(np.linalg.slogdet(kernel)[1])
    with pytest.raises(Undefined, match="rank 30"):
        _kernel.log_determinant(kernel)
