from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from harness.proxies import _unit_patterns


def swap(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["swap"], seed=0)["swap"]


def different_rows(network: nn.Module, batch: Batch) -> int:
    """By a set of tuples of truth values, one for every unit."""
    rows: set[tuple[bool, ...]] = set()
    for part in network.modules():
        if isinstance(part, nn.ReLU | nn.ReLU6):
            part.register_forward_pre_hook(
                lambda _, inputs: rows.update(map(tuple, (inputs[0] > 0).flatten(1).T.tolist()))
            )
    with torch.no_grad():
        network.train()(batch.images.double())
    return len(rows)


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = swap(network, batch)
    assert (measured.status, measured.value) == ("ok", different_rows(network, batch))


@pytest.mark.parametrize("samples", [1, 8, 9, 64, 65, 130])
def test_batches_of_any_size(build_network: Callable, batch_of: Callable, samples: int) -> None:
    network, batch = build_network("residual"), batch_of(samples)
    value = swap(network, batch).value
    assert value == different_rows(network, batch)
    assert value <= min(2**samples, 2 * 6 * 64)


@pytest.mark.parametrize(("samples", "units"), [(1, 1), (5, 40), (64, 300), (65, 300), (200, 300)])
def test_rows_are_counted_exactly(samples: int, units: int) -> None:
    rng = np.random.default_rng(samples)
    codes = rng.random((samples, units)) > 0.5
    codes[:, units // 2 :] = codes[:, : units - units // 2]  # copies
    codes[-1, -1] ^= True  # one differs in the last sample alone
    words = _unit_patterns.packed_columns(codes)
    assert words.shape == (units, -(-samples // 64))
    assert _unit_patterns.distinct_rows(words) == len(np.unique(codes, axis=1).T)
    assert _unit_patterns.distinct_rows(words[:0]) == 0


def test_different_words_of_one_hash_are_different() -> None:
    words = np.array([[1, 0], [0, 1], [1, 0], [0, 0], [1, 1]], dtype=np.uint64)
    assert _unit_patterns.distinct_rows(words) == 4


def test_the_same_tensor_is_packed_once_and_an_overwritten_one_again(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = []
    original = _unit_patterns.packed_columns
    monkeypatch.setattr(
        _unit_patterns, "packed_columns", lambda codes: packed.append(codes.shape) or original(codes)
    )

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.relu = nn.Linear(192, 5), nn.ReLU()

        def forward(self, images: Tensor) -> Tensor:
            hidden = self.layer(images.flatten(1))
            self.relu(hidden), self.relu(hidden)
            hidden.neg_()
            return self.relu(hidden)

    network = Shared().double()
    assert swap(network, batch).value == different_rows(network, batch)
    assert packed == [(6, 5), (6, 5)]


def test_the_modes_and_weights_of_the_network(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    value = swap(network, batch).value
    assert swap(network.eval(), batch).value == value
    nn.init.constant_(network[0][1].bias, 100.0)
    assert swap(network, batch).value < value


def test_an_input_of_zero_is_not_active(batch_of: Callable) -> None:
    batch = batch_of(20)
    twice = nn.Sequential(nn.Flatten(), nn.ReLU(), nn.ReLU(), nn.Linear(192, 5))
    columns = (batch.images > 0).flatten(1).T.tolist()
    assert swap(twice, batch).value == len(set(map(tuple, columns)))


def test_a_network_without_relu_has_no_pattern(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5), nn.Tanh())
    measured = proxies.measure(network, batch, ["swap", "swap_reg"], seed=0)
    assert (measured["swap"].value, measured["swap"].status) == (0, "ok")
    assert (measured["swap_reg"].value, measured["swap_reg"].status) == (None, "inf")
    assert "no ReLU was called" in measured["swap_reg"].reason
