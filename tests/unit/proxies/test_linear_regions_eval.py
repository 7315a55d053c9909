from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from harness import proxies
from harness.inputs import Batch


def regions(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["linear_regions_eval"], seed=0)["linear_regions_eval"]


def few(count: int, batch_of: Callable) -> Batch:
    """Constant images of few shades, so that many samples share a pattern."""
    drawn = batch_of(count)
    return Batch(((drawn.images[:, :, :1, :1] * 2).round() / 2).expand(-1, -1, 8, 8), drawn.targets)


def test_the_formula(network: nn.Module, batch_of: Callable) -> None:
    """Against the sets of units that are positive, gathered sample by sample: no other sample takes part."""
    if any(isinstance(part, nn.BatchNorm2d) and part.running_mean is None for part in network.modules()):
        pytest.skip("its batch norm has no running statistics, so that samples are not by themselves")
    shaded, patterns = few(60, batch_of), set()
    network.eval()
    with torch.no_grad():
        for image in shaded.images.double():
            outputs: list[torch.Tensor] = []
            handles = [
                part.register_forward_hook(
                    lambda _, inputs, output, outputs=outputs: outputs.append(output != 0)
                )
                for part in network.modules()
                if isinstance(part, nn.ReLU | nn.ReLU6)
            ]
            network(image[None].clone())
            for handle in handles:
                handle.remove()
            patterns.add(tuple(torch.cat([output.flatten() for output in outputs]).tolist()))
    assert regions(network, shaded).value == len(patterns)
    assert 1 < len(patterns) < 60


def test_running_statistics_decide(build_network: Callable, batch_of: Callable) -> None:
    network, shaded = build_network("plain"), few(60, batch_of)
    assert regions(network, shaded).value > 1
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.fill_(1e3)  # no unit is active any more, nor does a logit move
    assert regions(network, shaded).value == 1


def test_without_relus_there_is_one_region(batch: Batch) -> None:
    assert regions(nn.Sequential(nn.Flatten(), nn.Linear(192, 5)), batch).value == 1


@pytest.mark.parametrize("name", ["disconnected", "severed"])
def test_without_a_path_there_is_no_number(build_network: Callable, batch: Batch, name: str) -> None:
    assert regions(build_network(name), batch).status == "disconnected"
