from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness import proxies
from harness.inputs import Batch


def vkdnw(network: nn.Module, batch: Batch) -> proxies.Measurement:
    return proxies.measure(network, batch, ["vkdnw"], seed=0)["vkdnw"]


def layers_and_evenness(network: nn.Module, batch: Batch) -> float:
    """The Fisher matrix as the mean outer product of the log-likelihood's gradients, one by one."""
    network = copy.deepcopy(network).eval()
    kinds = nn.Conv2d | nn.ConvTranspose2d | nn.Linear
    weights = list({id(p.weight): p.weight for p in network.modules() if isinstance(p, kinds)}.values())
    likelihoods = torch.log_softmax(network(batch.images.double()), dim=1)
    information = np.zeros((len(weights), len(weights)))
    for sample in likelihoods:
        for likelihood in sample:
            found = torch.autograd.grad(likelihood, weights, retain_graph=True, allow_unused=True)
            step = np.array([0.0 if gradient is None else float(gradient.flatten()[0]) for gradient in found])
            information += math.exp(float(likelihood.detach())) * np.outer(step, step) / len(likelihoods)
    eigenvalues = np.sort(np.abs(np.linalg.eigvals(information)))
    deciles = [between(eigenvalues, tenth / 10 * (len(eigenvalues) - 1)) for tenth in range(1, 10)]
    shares = [decile / sum(deciles) for decile in deciles]
    entropy = -sum(share * math.log(share) for share in shares if share > 0)
    return len(weights) + entropy / math.log(9)


def between(values: np.ndarray, place: float) -> float:
    """The entry at ``place``, or the straight line between its two neighbours."""
    below = math.floor(place)
    above = min(below + 1, len(values) - 1)
    return float(values[below] + (place - below) * (values[above] - values[below]))


def test_the_formula(network: nn.Module, batch: Batch) -> None:
    measured = vkdnw(network, batch)
    assert measured.status == "ok"
    assert measured.value == pytest.approx(layers_and_evenness(network, batch), rel=1e-9)


def test_many_layers_and_a_transposed_one(batch: Batch) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        blocks = [part for _ in range(12) for part in (nn.Conv2d(4, 4, 3, padding=1), nn.Tanh())]
        head = [nn.ConvTranspose2d(4, 2, 2, stride=2), nn.Flatten(), nn.Linear(512, 5)]
        network = nn.Sequential(nn.Conv2d(3, 4, 1), *blocks, *head).double()
    measured = vkdnw(network, batch)
    assert measured.value == pytest.approx(layers_and_evenness(network, batch), rel=1e-9)
    assert 15 < measured.value < 16


def test_the_layers_are_those_of_trainable_layers(network: nn.Module, batch: Batch) -> None:
    measured = proxies.measure(network, batch, ["vkdnw", "trainable_layers"], seed=0)
    assert 0 <= measured["vkdnw"].value - measured["trainable_layers"].value <= 1


def test_one_layer_is_perfectly_even(batch: Batch) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(192, 5)).double()
    assert vkdnw(network, batch).value == pytest.approx(2, rel=1e-12)


def test_evaluation_mode_reads_the_running_statistics(build_network: Callable, batch: Batch) -> None:
    network = build_network("residual")
    before = vkdnw(network, batch).value
    assert vkdnw(nn.Sequential(network, nn.Dropout(0.5)).train(), batch).value == before
    network.stem[1].running_mean.add_(0.3)
    assert vkdnw(network, batch).value != before


def test_labels_do_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    other = Batch(batch.images, torch.full_like(batch.targets, 99))
    assert vkdnw(network, other).value == vkdnw(network, batch).value


def test_layers_that_never_run_leave_deciles_of_zero(batch: Batch) -> None:
    class Idle(nn.Module):
        def __init__(self, layers: int) -> None:
            super().__init__()
            self.idle = nn.ModuleList(nn.Linear(1, 1) for _ in range(layers))
            self.live = nn.Linear(192, 5)

        def forward(self, images: Tensor) -> Tensor:
            return self.live(images.flatten(1))

    # Of n eigenvalues all but one are 0: the ninth decile is above them where 0.9 (n - 1) > n - 2.
    assert vkdnw(Idle(9).double(), batch).value == pytest.approx(10, rel=1e-12)
    measured = vkdnw(Idle(11).double(), batch)
    assert (measured.value, measured.status) == (None, "nan")
    assert "eigenvalues are 0" in measured.reason


def test_a_layer_that_no_logit_depends_on(batch: Batch) -> None:
    class Bypassed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(192, 5)

        def forward(self, images: Tensor) -> Tensor:
            self.layer(images.flatten(1))
            return images.flatten(1)[:, :5]

    assert vkdnw(Bypassed(), batch).status == "nan"


class Mean(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features.mean(dim=1)


class Centred(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features - 0.5 * features.mean(dim=0)


class Read(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(192, 6), nn.Linear(6, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.second(F.linear(images.flatten(1), self.first.weight).tanh())


class Standardised(nn.Conv2d):
    def forward(self, images: Tensor) -> Tensor:
        return self._conv_forward(images, self.weight / self.weight.std(), self.bias)


UNLIKE_LAYERS = {
    "samples merged": lambda: [
        nn.Flatten(0, 1), nn.Flatten(), nn.Linear(64, 4), nn.Unflatten(0, (6, 3)), nn.Tanh(), Mean(),
    ],
    "samples that meet": lambda: [nn.Flatten(), nn.Linear(192, 6), Centred(), nn.Tanh(), nn.Linear(6, 4)],
    "a weight that is read": lambda: [Read()],
    "a weight that is made of one": lambda: [Standardised(3, 4, 3), nn.Flatten(), nn.Linear(144, 4)],
    "attention": lambda: [
        nn.Flatten(2), nn.Linear(64, 8), nn.TransformerEncoderLayer(8, 2, 8, 0.0, batch_first=True), Mean(),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", UNLIKE_LAYERS)
def test_networks_whose_layers_are_no_plain_layers_have_the_formulas_value(kind: str, batch: Batch) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network = nn.Sequential(*UNLIKE_LAYERS[kind]()).double()
    assert vkdnw(network, batch).value == pytest.approx(layers_and_evenness(network, batch), rel=1e-8)


def test_a_network_without_a_path_is_disconnected(build_network: Callable, batch: Batch) -> None:
    measured = vkdnw(build_network("disconnected"), batch)
    assert (measured.value, measured.status) == (None, "disconnected")
