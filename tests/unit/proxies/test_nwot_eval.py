from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def test_running_statistics_are_used_and_not_the_batch(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    before = proxies.measure(network, batch, ["nwot", "nwot_eval"], seed=0)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            torch.nn.init.constant_(part.running_mean, 0.4)
    after = proxies.measure(network, batch, ["nwot", "nwot_eval"], seed=0)
    assert after["nwot"].value == before["nwot"].value
    assert after["nwot_eval"].value != before["nwot_eval"].value
