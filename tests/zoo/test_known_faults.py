"""Small inputs that once had wrong numbers with status ok, and their right values."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils.checkpoint import checkpoint

from harness import proxies
from harness.inputs import Batch
from tests.zoo._parts import module

PATHS = tuple(proxies.PATHS)


def batches() -> list[Batch]:
    draw = torch.Generator().manual_seed(1)
    images = torch.randn(8, 3, 16, 16, generator=draw)
    labels = torch.randint(10, (8,), generator=draw)
    return [Batch(images, labels), Batch(images.flip(0), labels)]


def head(*body: nn.Module, width: int = 8) -> nn.Module:
    pool, flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(nn.Conv2d(3, width, 3, padding=1), *body, pool, flat, nn.Linear(width, 10))


def made(make: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make()


def values(make: Callable[[], nn.Module], *names: str, path: str = "exact") -> dict[str, float | str | None]:
    found = proxies.measure(made(make), batches(), names, seed=0, path=path)
    return {name: each.value if each.status == "ok" else each.reason for name, each in found.items()}


def conv(width: int = 8) -> nn.Conv2d:
    return nn.Conv2d(width, width, 3, padding=1)


def plain() -> nn.Module:
    return head(nn.BatchNorm2d(8), nn.ReLU(), conv(), nn.BatchNorm2d(8), nn.ReLU())


def gated() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.rise(self.relu(self.drop(self.pool(x)))))

    def gate() -> nn.Module:
        drop, relu, rise = nn.Conv2d(16, 1, 1), nn.ReLU(), nn.Conv2d(1, 16, 1)
        return module(forward, pool=nn.AdaptiveAvgPool2d(1), drop=drop, relu=relu, rise=rise)

    return head(nn.ReLU(), gate(), width=16)


def with_body(forward: Callable[..., Tensor]) -> Callable[[], nn.Module]:
    return lambda: head(module(forward, bn=nn.BatchNorm2d(8), conv=conv(), relu=nn.ReLU()))


@pytest.mark.parametrize("path", PATHS)
def test_a_gate_of_one_unit_has_one_value(path: str) -> None:
    """A product of whole numbers whose inner dimension is 1 read memory that nobody had written."""
    for _ in range(3):
        assert values(gated, "nwot_eval", path=path)["nwot_eval"] == pytest.approx(63.0445, abs=1e-3)


@pytest.mark.parametrize("path", PATHS)
def test_a_sum_in_place_is_seen_under_every_name(path: str) -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        h = self.bn(x)
        first = h
        h += self.conv(self.relu(x))
        return self.relu(first) + self.relu(h)

    found = values(with_body(forward), "ntk_eval", "grasp", "gradsign", path=path)
    assert found["ntk_eval"] == pytest.approx(-971.8, rel=1e-3)
    assert found["grasp"] == pytest.approx(-0.2196, rel=1e-3)
    assert found["gradsign"] == pytest.approx(1640, abs=2)


@pytest.mark.parametrize("path", PATHS)
def test_a_network_that_looks_at_types_sees_tensors(path: str) -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        if torch.is_tensor(x):
            x = -self.conv(x)
        return self.relu(self.bn(x))

    found = values(with_body(forward), "nwot_eval", path=path)
    assert found["nwot_eval"] == pytest.approx(57.354, abs=1e-3)


def test_the_vectors_of_spectral_norm_stay_as_they_were() -> None:
    network = made(lambda: head(nn.BatchNorm2d(8), nn.ReLU(), spectral_norm(conv()), nn.ReLU()))
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    first, second = (
        proxies.measure(network, batches(), ["nwot", "grasp"], seed=0)["nwot"].value for _ in range(2)
    )
    assert first == second
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.named_buffers())


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpoint_changes_no_value(reentrant: bool) -> None:
    def checkpointed() -> nn.Module:
        def forward(self: nn.Module, x: Tensor) -> Tensor:
            return checkpoint(self.inner, x, use_reentrant=reentrant)

        return module(forward, inner=plain())

    network = made(checkpointed)
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    found = proxies.measure(network, batches(), ["snip", "grad_norm", "fisher", "ntk_eval"], seed=0)
    right = {"snip": 0.5815, "grad_norm": 0.5578, "fisher": 0.02594, "ntk_eval": -1648.88}
    received = {name: each.value for name, each in found.items()}
    assert received == pytest.approx(right, rel=1e-3)
    assert all(torch.equal(buffer, before[name]) for name, buffer in network.named_buffers())


def test_operations_of_every_layer_count() -> None:
    def attention(self: nn.Module, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        return self.attention(tokens, tokens, tokens)[0].transpose(1, 2).unflatten(2, x.shape[2:])

    transposed = nn.Sequential(nn.ConvTranspose2d(3, 8, 4, 2, 1), nn.Flatten(), nn.Linear(8 * 32 * 32, 10))
    attending = head(module(attention, attention=nn.MultiheadAttention(8, 2, batch_first=True)))
    (square, _), oblong = batches(), [Batch(torch.zeros(2, 3, 16, 24), torch.zeros(2, dtype=torch.int64))]
    for network, batch, right in (
        (transposed, square, 180_224),
        (head(nn.ReLU()), oblong, 83_024),
        (attending, square, 120_912),
    ):
        assert proxies.measure(network, batch, ["flops"], seed=0)["flops"].value == right


def test_what_the_network_draws_by_random_hangs_on_the_seed() -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return x if self.training and random.random() < 0.5 else x + self.conv(self.relu(x))

    network = made(lambda: head(*(module(forward, conv=conv(), relu=nn.ReLU()) for _ in range(6))))
    state = random.getstate()
    found = {proxies.measure(network, batches(), ["snip"], seed=0)["snip"].value for _ in range(4)}
    assert len(found) == 1
    assert random.getstate() == state


def test_autocast_around_the_call_changes_nothing() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        found = values(plain, "zico", "zen", "snip")
    assert found == values(plain, "zico", "zen", "snip")
    assert found["snip"] == pytest.approx(0.5815, abs=1e-4)


def test_a_compiled_network_is_measured_as_it_was_before() -> None:
    found = values(lambda: torch.compile(plain(), backend="eager"), "fisher")
    assert found["fisher"] == pytest.approx(0.02594, rel=1e-3)


def mean_beside_pixels() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return self.conv(self.pool(x)) + x

    return head(module(forward, pool=nn.AdaptiveAvgPool2d(1), conv=nn.Conv2d(8, 8, 1)), nn.ReLU())


def of_vectors() -> nn.Module:
    norm = nn.BatchNorm1d(16)
    network = nn.Sequential(nn.Flatten(), nn.Linear(768, 16), norm, nn.ReLU(), nn.Linear(16, 10))
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    return network


def relu_of_a_parameter() -> nn.Module:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return torch.relu(x) * torch.relu(self.scale)

    return head(module(forward, scale=nn.Parameter(torch.full((8, 1, 1), 0.5))))


@pytest.mark.parametrize("path", PATHS)
def test_no_network_takes_the_value_of_another(path: str) -> None:
    networks = [made(make) for make in (plain, mean_beside_pixels, of_vectors, relu_of_a_parameter)]
    names = ("nwot_eval", "snip")
    among = proxies.measure_each(networks, batches(), names, seed=0, path=path)
    assert [found["nwot_eval"].value for found in among[1:3]] == pytest.approx([57.156, 17.406], abs=1e-3)
    assert among[3]["snip"].value == pytest.approx(0.1856, abs=1e-4)
    alone = [proxies.measure(each, batches(), names, seed=0, path=path) for each in networks]
    for together, single in zip(among, alone, strict=True):
        assert {n: m.value for n, m in together.items()} == {n: m.value for n, m in single.items()}


@pytest.mark.parametrize(
    "relu", [F.relu6, lambda x: F.hardtanh(x, 0.0, 6.0), nn.Hardtanh(0, 6), nn.ReLU6(), F.relu, nn.ReLU()]
)
def test_the_bound_of_a_relu_cuts_no_flow(relu: Callable[[Tensor], Tensor]) -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        return relu(self.conv(relu(x)))

    found = values(lambda: head(module(forward, conv=conv())), "synflow", "nwot")
    assert found == values(lambda: head(nn.ReLU(), conv(), nn.ReLU()), "synflow", "nwot")


def test_fused_attention_has_curvature() -> None:
    def forward(self: nn.Module, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        mixed = self.product(*self.project(tokens).chunk(3, -1))
        return mixed.transpose(1, 2).unflatten(2, x.shape[2:])

    def spelled_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, -1) @ v

    fused, plainly = (
        values(lambda p=product: head(module(forward, project=nn.Linear(8, 24), product=p)), "grasp")["grasp"]
        for product in (F.scaled_dot_product_attention, spelled_out)
    )
    assert fused == pytest.approx(plainly, rel=1e-3)
