from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import proxies
from harness.inputs import Batch


def epe_nas(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["epe_nas"], seed=0)["epe_nas"]


def class_sums(network: nn.Module, batch: Batch) -> dict[int, tuple[float, int]]:
    """Class to its summed logarithms and its number of samples, entry by entry."""
    network = copy.deepcopy(network).train()
    rows = torch.autograd.functional.jacobian(lambda x: network(x.clone()).sum(), batch.images.double())
    rows, found = rows.flatten(1).numpy(), {}
    for label in set(batch.targets.tolist()):
        own = rows[batch.targets.numpy() == label]
        if len(own) >= 2:
            correlations = np.corrcoef(own).flatten()
            found[label] = sum(math.log(abs(entry) + 1e-5) for entry in correlations), len(own)
    return found


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    # Classes 2 of three samples, 0, 3 and 4 of one, 1 of none.
    assert sorted(batch.targets.tolist()) == [0, 2, 2, 2, 3, 4]
    expected = sum(abs(total) for total, _ in class_sums(network, batch).values())
    measured = epe_nas(network, batch)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(expected, rel=1e-8)


def test_every_class_of_two_adds_its_own_part(build_network, batch: Batch) -> None:
    network = build_network("residual")
    parts = []
    for targets in ([0, 0, 1, 1, 1, 4], [0, 0, 1, 2, 3, 4], [0, 4, 1, 1, 1, 2]):
        labelled = Batch(batch.images, torch.tensor(targets))
        expected = sum(abs(total) for total, _ in class_sums(network, labelled).values())
        parts.append(epe_nas(network, labelled).value)
        assert parts[-1] == pytest.approx(expected, rel=1e-8)
    assert parts[0] == pytest.approx(parts[1] + parts[2], rel=1e-12)


def hundred(classes: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        layers = [nn.Flatten(), nn.Linear(192, 30), nn.ReLU(), nn.Linear(30, classes)]
        return nn.Sequential(*layers).double()


def test_more_than_a_hundred_classes_are_compared_with_each_other(batch_of) -> None:
    images = batch_of(10).images
    labelled = Batch(images, torch.tensor([0, 0, 0, 7, 7, 100, 100, 100, 100, 55]))
    network = hundred(101)
    means = [total / count for total, count in class_sums(network, labelled).values()]
    assert len(means) == 3
    expected = sum(abs(one - other) for one in means for other in means) / 3
    assert epe_nas(network, labelled).value == pytest.approx(expected, rel=1e-8)


def test_a_hundred_classes_are_still_few(batch_of) -> None:
    images = batch_of(6).images
    labelled = Batch(images, torch.tensor([0, 0, 0, 99, 99, 5]))
    network = hundred(100)
    expected = sum(abs(total) for total, _ in class_sums(network, labelled).values())
    assert epe_nas(network, labelled).value == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("classes", "targets", "reason"),
    [
        (5, [0, 1, 2, 3, 4], "0 classes of the batch have two samples or more, 1 are needed"),
        (101, [0, 0, 2, 3, 4], "1 classes of the batch have two samples or more, 2 are needed"),
        (101, [9, 1, 2, 3, 4], "0 classes of the batch have two samples or more, 2 are needed"),
    ],
)
def test_classes_without_two_samples_give_no_number(
    batch_of, classes: int, targets: list[int], reason: str
) -> None:
    measured = epe_nas(hundred(classes), Batch(batch_of(5).images, torch.tensor(targets)))
    assert (measured.value, measured.status, measured.reason) == (None, "nan", reason)


def test_equal_images_have_a_correlation_of_one(build_network, batch: Batch) -> None:
    equal = Batch(batch.images[:1].expand(6, -1, -1, -1), torch.tensor([1, 1, 1, 1, 3, 3]))
    measured = epe_nas(build_network("no batch norm"), equal)
    assert measured.value == pytest.approx((16 + 4) * math.log(1 + 1e-5), rel=1e-6)


def test_opposite_gradients_are_as_alike_as_equal_ones() -> None:
    class Signed(nn.Module):
        """Logits are the pixels' weighted sum, of the sign of a sample's first pixel."""

        def forward(self, images: Tensor) -> Tensor:
            flat = images.flatten(1)
            weights = torch.linspace(-1, 2, flat.shape[1], dtype=flat.dtype)
            return (flat * flat[:, :1].detach().sign() * weights).sum(dim=1, keepdim=True).expand(-1, 5)

    images = torch.ones(2, 3, 8, 8).double()
    images[1] = -3
    images[1, 0, 0, 0] = -1
    measured = epe_nas(Signed(), Batch(images, torch.tensor([2, 2])))
    assert measured.value == pytest.approx(4 * math.log(1 + 1e-5), rel=1e-6)


def test_a_constant_row_has_no_correlation(batch: Batch) -> None:
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 5, bias=False))
    torch.nn.init.ones_(network[2].weight)
    measured = epe_nas(network.double(), batch)
    assert (measured.value, measured.status) == (None, "nan")
    assert measured.reason == "the input gradient of sample 0 is constant: its correlation is 0/0"
