from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch
from tests.unit.proxies.az_blocks import ONE_BLOCK, handed_on


def entropy(features: Tensor) -> float:
    rows = np.moveaxis(features.detach().numpy(), 1, -1).reshape(-1, features.shape[1])
    shares = np.clip(np.linalg.eigvalsh(np.cov(rows.T)), 1e-300, None)
    shares = shares / shares.sum()
    return float(-(shares * np.log(shares)).sum())


def test_the_formula(request: pytest.FixtureRequest, network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["az_progressivity"], seed=0)["az_progressivity"]
    kind = request.node.callspec.params["network"]
    if kind in ONE_BLOCK:
        assert (measured.value, measured.status) == (None, "nan")
        assert measured.reason == "the network has one block: there is no increase to the next one"
    else:
        entropies = [entropy(features) for features in handed_on(kind, network, batch.images.double())]
        assert measured.status == "ok"
        assert measured.value == pytest.approx(np.diff(entropies).min(), rel=1e-8)
