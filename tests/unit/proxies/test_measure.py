"""What ``measure`` promises for every proxy and every kind of network."""

from __future__ import annotations

import copy
import gc
import random
import re
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from harness import families, networks, proxies, spaces
from harness.errors import ConfigError, UnknownNameError
from harness.inputs import Batch, noise
from harness.proxies import _forward, _kernel, _passes

EVERY = proxies.names()
WITH_IMAGES = [name for name in EVERY if proxies.load(name).ABOUT.images]
WITHOUT_PASSES = ["params", "l2_norm", "trainable_layers"]
WITH_LABELS = [name for name in EVERY if proxies.load(name).ABOUT.labels]
DRAWING = {"zen", "meco", "az_trainability"}
"""Draw numbers of their own from the seed."""
ONE_BLOCK = {"linear", "relu6", "no running statistics", "unused"}
WITHOUT_VALUE = {
    "zen": {"linear"},
    "meco": {"linear"},
    "az_progressivity": ONE_BLOCK,
    "az_trainability": ONE_BLOCK,
}
"""The networks of conftest without feature maps, or without a second block."""


def measure(
    network: nn.Module, batch: Batch, names: Iterable[str], seed: int, **settings: str
) -> dict[str, proxies.Measurement]:
    """On the batch and, as some proxies read two, on its negative."""
    second = Batch(-batch.images, batch.targets.flip(0))
    return proxies.measure(network, [batch, second], names, seed, **settings)


def values(measured: dict[str, proxies.Measurement]) -> dict[str, tuple]:
    return {name: (one.value, one.status, one.reason) for name, one in measured.items()}


def bytes_of(tensor: Tensor | None) -> bytes | None:
    return (
        None if tensor is None else tensor.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes()
    )


def snapshot(network: nn.Module, batch: Batch) -> dict[str, Any]:
    """Everything a proxy could leave behind."""
    parts = dict(network.named_modules())
    return {
        "parameters": {
            name: (
                id(p),
                p.data_ptr(),
                p._version,
                p.dtype,
                p.requires_grad,
                id(p.grad),
                bytes_of(p),
                bytes_of(p.grad),
            )
            for name, p in network.named_parameters()
        },
        "buffers": {name: (id(b), b._version, b.dtype, bytes_of(b)) for name, b in network.named_buffers()},
        "modes": {name: part.training for name, part in parts.items()},
        "hooks": {
            name: {key: dict(value) for key, value in vars(part).items() if key.endswith("hooks") and value}
            for name, part in parts.items()
        },
        "attributes": {name: sorted(vars(part)) for name, part in parts.items()},
        "batch": (
            bytes_of(batch.images),
            bytes_of(batch.targets),
            batch.images.requires_grad,
            batch.images.grad,
        ),
        "generators": (torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()),
        "torch": (torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads()),
    }


def with_a_history(network: nn.Module) -> nn.Module:
    """Mixed modes, a frozen parameter, a gradient, a hook and an own forward, as a user may leave them."""
    parts, parameters = list(network.modules()), list(network.parameters())
    parts[-1].training = False
    parameters[0].requires_grad_(False)
    parameters[-1].grad = torch.full_like(parameters[-1], 0.5)
    parts[1].register_forward_hook(lambda *_: None)
    for part in parts:
        if isinstance(part, nn.BatchNorm2d):
            original = part.forward
            part.forward = lambda features, original=original: original(features)
    return network


@pytest.mark.parametrize("name", [*EVERY, None])
def test_the_network_is_left_as_it_was_found(
    request: pytest.FixtureRequest, network: nn.Module, batch: Batch, name: str | None
) -> None:
    kind = request.node.callspec.params["network"]
    with_a_history(network)
    before = snapshot(network, batch)
    measured = measure(network, batch, EVERY if name is None else [name], seed=0)
    without = {proxy for proxy in measured if kind in WITHOUT_VALUE.get(proxy, ())}
    assert {proxy for proxy, one in measured.items() if one.status != "ok"} == without, measured
    assert snapshot(network, batch) == before


@pytest.mark.parametrize("name", EVERY)
def test_random_layers_do_not_move_the_global_generators(
    build_network: Callable, batch: Batch, name: str
) -> None:
    network = with_a_history(nn.Sequential(*build_network("plain"), nn.Dropout(0.5)).train())
    network[-1].training = True
    before = snapshot(network, batch)
    measure(network, batch, [name], seed=0)
    assert snapshot(network, batch) == before


@pytest.mark.parametrize("name", EVERY)
def test_a_network_that_breaks_is_left_as_it_was_found(
    build_network: Callable, batch: Batch, name: str
) -> None:
    network = with_a_history(nn.Sequential(*build_network("plain"), Breaks()))
    before = snapshot(network, batch)
    measured = measure(network, batch, [name], seed=0)[name]
    assert snapshot(network, batch) == before
    if name in WITHOUT_PASSES:
        assert measured.status == "ok"
    else:
        assert (measured.value, measured.status) == (None, "failed")
        assert measured.reason == "RuntimeError: broken on purpose"


class Breaks(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_value_does_not_depend_on_what_else_is_measured(
    build_network: Callable, batch: Batch, dtype: torch.dtype
) -> None:
    network = nn.Sequential(*build_network("plain", dtype), nn.Dropout(0.3))
    alone = {name: measure(network, batch, [name], seed=0)[name].value for name in EVERY}
    assert all(value is not None for value in alone.values())
    orders = [EVERY, EVERY[::-1], *(random.Random(k).sample(EVERY, k=len(EVERY)) for k in range(6))]
    for order in orders:
        together = measure(network, batch, order, seed=0)
        assert list(together) == list(order)
        assert {name: together[name].value for name in EVERY} == alone


@pytest.mark.parametrize("kind", ["plain", "reused", "in place", "relu6"])
def test_codes_are_the_same_on_the_pass_that_keeps_its_graph(
    build_network: Callable, batch: Batch, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = nn.Sequential(nn.Dropout(0.3), build_network(kind, torch.float32))
    kernels = []
    original = _passes.Passes._count_relus
    monkeypatch.setattr(
        _passes.Passes, "_count_relus", lambda *a: kernels.append(original(*a)) or kernels[-1]
    )
    counted = []
    of = _kernel.Kernels.of
    monkeypatch.setattr(_kernel.Kernels, "of", lambda *a: counted.append(a) or of(*a))
    for names in (["nwot"], ["nwot", "fisher"], ["fisher", "nwot"], ["nwot", "synflow"]):
        measure(network, batch, names, seed=0)
    assert len(counted) == 2  # alone, and beside a proxy that does not need the pass
    assert all(np.array_equal(kernel, kernels[0]) for kernel in kernels)


def test_only_random_layers_depend_on_the_seed(build_network: Callable, batch: Batch) -> None:
    plain = build_network("plain")
    dropout = nn.Sequential(*plain, nn.Dropout(0.5))
    torch.manual_seed(5)
    first = values(measure(dropout, batch, EVERY, seed=0))
    torch.manual_seed(6)
    assert values(measure(dropout, batch, EVERY, seed=0)) == first
    other = values(measure(dropout, batch, EVERY, seed=1))
    changed = {name for name in EVERY if other[name] != first[name]}
    training = {"grad_norm", "plain", "fisher", "snip", "jacob_cov", "ntk", "grasp", "epe_nas", "zico"}
    assert changed == training | DRAWING
    first, other = (values(measure(plain, batch, EVERY, seed)) for seed in (0, 1))
    assert {name for name in EVERY if other[name] != first[name]} == DRAWING


def test_the_callers_modes_do_not_matter(build_network: Callable, batch: Batch) -> None:
    network = build_network("plain")
    expected = values(measure(network, batch, EVERY, seed=0))
    network.eval().requires_grad_(False)
    assert values(measure(network, batch, EVERY, seed=0)) == expected
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            assert values(measure(network, batch, EVERY, seed=0)) == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_network_decides_the_number_format(
    build_network: Callable, batch: Batch, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build_network("plain", dtype)
    seen = []
    original = _forward.run
    for passes in (_kernel, _forward):
        monkeypatch.setattr(
            passes,
            "run",
            lambda module, p, images, training: (
                seen.append(images.dtype) or original(module, p, images, training)
            ),
        )
    for name in ("nwot", "jacob_cov"):
        measure(network, batch, [name], seed=0, path="reference")
    assert seen == [dtype, dtype]


def test_single_precision_is_close_to_double(build_network: Callable, batch: Batch) -> None:
    single = measure(build_network("residual", torch.float32), batch, EVERY, seed=0)
    double = measure(build_network("residual", torch.float64), batch, EVERY, seed=0)
    for name in EVERY:
        assert single[name].value == pytest.approx(double[name].value, rel=2e-3)


def test_each_pass_is_run_once_and_only_when_read(
    build_network: Callable, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    for pass_ in (
        "_count_relus",
        "_forward_with_graph",
        "_differentiate_loss",
        "_differentiate_logits",
    ):
        original = getattr(_passes.Passes, pass_)
        monkeypatch.setattr(
            _passes.Passes,
            pass_,
            lambda *a, pass_=pass_, original=original: runs.append(pass_) or original(*a),
        )
    network = build_network("plain")
    expected = {
        ("params",): [],
        ("nwot",): ["_count_relus"],
        ("grad_norm", "snip"): ["_differentiate_loss", "_forward_with_graph"],
        ("nwot", "fisher", "plain"): ["_count_relus", "_differentiate_loss", "_forward_with_graph"],
        EVERY: ["_count_relus"] * 2 + ["_differentiate_logits", "_differentiate_loss", "_forward_with_graph"],
    }
    for names, passes in expected.items():
        runs.clear()
        measure(network, batch, names, seed=0)
        assert sorted(runs) == passes


def test_seconds_are_those_of_the_passes_read(build_network: Callable, batch: Batch) -> None:
    measured = measure(build_network("plain"), batch, ["grad_norm", "snip", "params"], seed=0)
    assert all(one.seconds > 0 for one in measured.values())
    # Both read the same two passes, and adding up gradients is the smallest part of either.
    assert measured["params"].seconds < measured["snip"].seconds


@pytest.mark.parametrize("kind", ["disconnected", "severed"])
@pytest.mark.parametrize("samples", [1, 6])
def test_a_network_that_ignores_its_images_is_disconnected(
    build_network: Callable, batch_of: Callable, kind: str, samples: int
) -> None:
    measured = measure(build_network(kind), batch_of(samples), EVERY, seed=0)
    for name in (*WITH_IMAGES, "synflow"):
        assert (measured[name].value, measured[name].status) == (None, "disconnected")
    assert "do not depend on the images" in measured["nwot"].reason
    assert "no path" in measured["synflow"].reason
    assert (measured["params"].status, measured["flops"].status) == ("ok", "ok")


@pytest.mark.parametrize("samples", [5, 17, 33, 65])
def test_rounding_does_not_connect_a_disconnected_network(batch_of: Callable, samples: int) -> None:
    class Zero(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images * 0

    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 33, 3), nn.BatchNorm2d(33), nn.ReLU(), nn.Conv2d(33, 7, 3), nn.BatchNorm2d(7)]
        network = nn.Sequential(Zero(), *layers, nn.Flatten(), nn.Linear(112, 5))
    measured = measure(network, batch_of(samples), WITH_IMAGES, seed=0)
    assert {one.status for one in measured.values()} == {"disconnected"}


def test_equal_images_alone_do_not_make_a_network_disconnected(build_network: Callable, batch: Batch) -> None:
    equal = Batch(batch.images[:1].expand(6, -1, -1, -1), batch.targets)
    measured = measure(build_network("no batch norm"), equal, ["grad_norm", "snip", "nwot"], seed=0)
    assert [one.status for one in measured.values()] == ["ok", "ok", "inf"]


def test_logits_whose_sum_is_constant_are_connected(batch_of: Callable) -> None:
    class Opposed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.relu = nn.Linear(192, 1), nn.ReLU()

        def forward(self, images: Tensor) -> Tensor:
            one = self.layer(self.relu(images.flatten(1)))
            return torch.cat([one, -one, one * 0, one * 0, one * 0], dim=1)

    assert measure(Opposed(), batch_of(1), ["nwot"], seed=0)["nwot"].status == "ok"


@pytest.mark.parametrize(("number", "status"), [(float("nan"), "nan"), (float("inf"), "inf")])
def test_weights_that_are_not_finite_are_told(
    build_network: Callable, batch: Batch, number: float, status: str
) -> None:
    network = build_network("linear")
    with torch.no_grad():
        network[3].weight.fill_(number)
    measured = measure(network, batch, EVERY, seed=0)
    for name in (*WITH_IMAGES, "synflow"):
        assert measured[name].value is None
        assert measured[name].status in {"nan", status}
        assert measured[name].reason
    assert measured["params"].status == "ok"


def test_a_batch_of_one_is_measured_where_batch_norm_allows(
    build_network: Callable, batch_of: Callable
) -> None:
    measured = measure(build_network("plain"), batch_of(1), EVERY, seed=0)
    assert measured.pop("epe_nas").status == "nan"
    assert {one.status for one in measured.values()} == {"ok"}


def test_an_unknown_name_is_answered_before_anything_runs(build_network: Callable, batch: Batch) -> None:
    network = nn.Sequential(build_network("plain"), Breaks())
    with pytest.raises(
        UnknownNameError, match=r"Unknown proxy 'snipp'\. Did you mean 'snip'\? Allowed: .*flops"
    ):
        measure(network, batch, ["nwot", "snipp"], seed=0)
    assert measure(network, batch, [], seed=0) == {}


@pytest.mark.parametrize("name", WITH_LABELS)
@pytest.mark.parametrize("target", [-1, 5])
def test_targets_outside_the_classes_are_answered(
    build_network: Callable, batch: Batch, name: str, target: int
) -> None:
    targets = batch.targets.clone()
    targets[2] = target
    measured = measure(build_network("plain"), Batch(batch.images, targets), [name, "params"], seed=0)
    assert measured[name].status == "failed"
    assert measured[name].reason.startswith(
        "targets must lie in 0..4 for a network with 5 classes; received "
    )
    assert measured["params"].status == "ok"


def test_label_free_proxies_do_not_read_the_targets(build_network: Callable, batch: Batch) -> None:
    free = [name for name in EVERY if name not in WITH_LABELS]
    other = Batch(batch.images, torch.full_like(batch.targets, 99))
    network = build_network("plain")
    assert values(measure(network, other, free, 0)) == values(measure(network, batch, free, 0))


@pytest.mark.parametrize(
    ("images", "targets"),
    [((6,), (6,)), ((0, 3, 8, 8), (0,)), ((6, 3, 8, 8), (5,)), ((6, 3, 8, 8), (6, 1))],
)
def test_a_batch_of_the_wrong_shape_is_answered(
    build_network: Callable, images: tuple, targets: tuple
) -> None:
    batch = Batch(torch.zeros(images), torch.zeros(targets, dtype=torch.int64))
    with pytest.raises(ConfigError, match=r"images of shape \(B, 3, H, W\) or whatever"):
        measure(build_network("plain"), batch, ["params"], seed=0)


class Pair(nn.Module):
    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return features, features


@pytest.mark.parametrize(
    ("last", "received"), [(Pair(), "tuple"), (nn.Unflatten(1, (5, 1)), r"\(\d, 5, 1\)")]
)
def test_a_network_without_plain_logits_is_answered(
    build_network: Callable, batch: Batch, last: nn.Module, received: str
) -> None:
    network = nn.Sequential(build_network("plain"), last)
    measured = measure(network, batch, ["nwot"], seed=0)["nwot"]
    assert (measured.value, measured.status) == (None, "failed")
    assert re.search(f"received {received} for .*: wrap the network so that it returns", measured.reason)


def test_a_computed_weight_is_told_and_not_left_out(build_network: Callable, batch: Batch) -> None:
    network = build_network("linear")
    nn.utils.parametrizations.weight_norm(network[1])
    measured = measure(network, batch, ["grad_norm", "nwot"], seed=0)
    assert measured["grad_norm"].status == "failed"
    assert measured["grad_norm"].reason.startswith(
        "the weight of layer '1' is no parameter of the network but computed from others"
    )
    assert measured["nwot"].status == "ok"


@pytest.mark.parametrize("status", ["failed", "disconnected"])
def test_measures_without_a_value_do_not_keep_their_graphs_alive(
    build_network: Callable, batch: Batch, status: str
) -> None:
    broken = nn.Sequential(*build_network("plain"), Breaks())
    network = broken if status == "failed" else build_network("disconnected")
    first_layer = next(part for part in network.modules() if isinstance(part, nn.Conv2d))
    marks = []
    first_layer.register_forward_hook(lambda module, inputs, output: marks.append(weakref.ref(output)))
    gc.disable()
    try:
        measured = measure(network, batch, ["grad_norm", "nwot_eval", "snip"], seed=0)
        assert {one.status for one in measured.values()} == {status}
        assert len(marks) >= 2
        assert all(mark() is None for mark in marks)
    finally:
        gc.enable()


@pytest.mark.parametrize("name", ["nb201", "nbmacro", pytest.param("nb1shot1_1", marks=pytest.mark.slow)])
def test_supernet_views_are_scored_like_copies_of_them(name: str) -> None:
    space = spaces.load(name)
    fidelity = families.fidelities(space)[-1]
    supernet = networks.build_supernet(space, fidelity, seed=0, classes=5)
    mask = [list(kept) for kept in space.full_mask]
    mask[0][-1] = mask[-1][0] = False
    view = supernet.masked(tuple(map(tuple, mask)))
    batch = noise.open(5, 32).batch(0, 0, 4)
    before = snapshot(supernet, batch), snapshot(view, batch)
    measured = values(measure(view, batch, EVERY, seed=0))
    # NAS-Bench-1Shot1's supernets end in a normalisation, which fixes the sum of all logits: their tangent
    # kernel is singular, their input gradients are 0.
    undefined = {"ntk", "jacob_cov", "epe_nas"} if name.startswith("nb1shot1") else set()
    assert {proxy for proxy in EVERY if measured[proxy][1] != "ok"} == undefined
    assert measured == values(measure(copy.deepcopy(view), batch, EVERY, seed=0))
    assert (snapshot(supernet, batch), snapshot(view, batch)) == before
    everything = values(measure(supernet, batch, EVERY, seed=0))
    assert measured["nwot"] != everything["nwot"]
