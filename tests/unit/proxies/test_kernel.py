from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from harness.errors import UnknownNameError
from harness.inputs import Batch
from harness.proxies import PATHS, Undefined, _kernel
from harness.proxies._eigenvalues import rank
from harness.proxies._outcome import Refused
from harness.runners import _check


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


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("training", [True, False])
def test_every_path_counts_what_the_reference_counts(
    network: nn.Module, batch: Batch, training: bool, path: str
) -> None:
    found = _kernel.Kernels([network], batch.images.double(), path).of(0, training)
    codes = observed_codes(network, batch, training)
    assert np.array_equal(_kernel.reference_kernel(codes), counted(codes))
    assert found.kernel.dtype == torch.int64
    assert np.array_equal(found.kernel.numpy(), counted(codes))
    assert found.units == sum(code.shape[1] for code in codes)


def test_networks_together_count_what_each_counts_alone(network: nn.Module, batch: Batch) -> None:
    # The second one cannot be traced, the third shares its layers with the first.
    others = [network, nn.Sequential(network, nn.Tanh()), nn.Sequential(network, nn.Identity())]
    images = batch.images.double()
    for path in PATHS:
        together = _kernel.Kernels(others, images, path)
        for index, other in enumerate(others):
            alone = _kernel.Kernels([other], images, path).of(0, True)
            assert torch.equal(together.of(index, True).kernel, alone.kernel)
            assert torch.equal(together.of(index, True).logits, alone.logits)


def test_the_order_in_memory_does_not_change_the_kernel(network: nn.Module, batch: Batch) -> None:
    images = batch.images.double()
    layouts = (torch.contiguous_format, torch.channels_last)
    first, second = (
        _kernel.watched_kernel(network, images.contiguous(memory_format=layout), False).kernel
        for layout in layouts
    )
    assert torch.equal(first, second)


def test_a_tensor_that_was_overwritten_is_counted_again() -> None:
    images = torch.tensor([[1.0, 1, 0], [1, 0, 1]])
    count, codes = _kernel.CodeCount(images), []
    for step in (0.0, 0.0, 1.0):
        images += step  # the same tensor: as it is twice, then with other codes
        codes.append((images > 0).clone())
        count.add(images)
    found = count.counted(images)
    assert found.kernel.tolist() == counted(codes).tolist() == [[9, 5], [5, 9]]
    assert found.units == 9


def test_an_unknown_path_is_refused(network: nn.Module, batch: Batch) -> None:
    with pytest.raises(UnknownNameError, match="reference"):
        _kernel.Kernels([network], batch.images, "fsat")


def test_an_input_without_the_batch_in_front_is_refused(batch: Batch) -> None:
    class Split(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.relu(images.flatten(1).reshape(2 * len(images), -1)).reshape(len(images), -1)

    with pytest.raises(Refused, match="first dimension is not the batch of 6"):
        _kernel.watched_kernel(Split(), batch.images, False)


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


def test_configs_know_the_paths_without_loading_torch() -> None:
    assert tuple(PATHS) == _check.RUN["path"]


@pytest.mark.parametrize("samples", [1, 2, 30, 64])
@pytest.mark.parametrize("smallest", [1.0, 1e-6, 1e-11, 1e-13, 1e-14, 1e-15, 1e-17, 0.0])
def test_the_rank_is_that_of_the_eigenvalues_however_small_they_are(samples: int, smallest: float) -> None:
    rng = np.random.default_rng(samples)
    vectors, _ = np.linalg.qr(rng.normal(size=(samples, samples)))
    values = np.concatenate([[smallest], rng.uniform(0.5, 1, samples - 1)]) * 1e6
    kernel = vectors * values @ vectors.T
    kernel = (kernel + kernel.T) / 2
    assert rank(kernel) == np.linalg.matrix_rank(kernel, hermitian=True)


def test_no_eigenvalue_is_asked_for_where_none_is_near_0(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = np.random.default_rng(0).integers(0, 2, (32, 400))
    monkeypatch.setattr(np.linalg, "matrix_rank", None)
    assert rank((codes @ codes.T + (1 - codes) @ (1 - codes).T).astype(float)) == 32
