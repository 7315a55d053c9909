"""Networks with a life of their own: each pass finds them as they were handed over, and leaves them so."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from harness import proxies
from harness.inputs import Batch
from harness.proxies._surroundings import own_random_state
from tests.unit.proxies.test_measure import EVERY, measure, snapshot, values

SOME = [
    "nwot",
    "nwot_eval",
    "snip",
    "fisher",
    "jacob_cov",
    "ntk_eval",
    "gradsign",
    "grasp",
    "zico",
    "swap",
    "zen",
]


class Body(nn.Module):
    """A small network; ``step`` is called in its middle."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm, self.relu = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        self.inner = nn.Conv2d(6, 6, 3, padding=1)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5))

    def step(self, features: Tensor) -> Tensor:
        return features

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.relu(self.inner(self.step(self.relu(self.norm(self.stem(images)))))))


class Alternating(Body):
    """The second call is another network."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def step(self, features: Tensor) -> Tensor:
        self.calls += 1
        return features * self.calls


class AlternatingClass(Body):
    calls = 0

    def step(self, features: Tensor) -> Tensor:
        type(self).calls += 1
        return features * self.calls


class Listing(Body):
    def __init__(self) -> None:
        super().__init__()
        self.lists, self.queue = {"seen": [1.0]}, deque([0.0, 1.0])
        self.kinds = {0}

    def step(self, features: Tensor) -> Tensor:
        self.lists["seen"].append(2.0)
        self.queue.rotate(1)
        self.kinds.add(len(self.kinds))
        return features * sum(self.lists["seen"]) * (1 + self.queue[0]) * len(self.kinds)


class Summing(Body):
    """A plain tensor, one in a tuple, one in an object, changed in place and anew."""

    def __init__(self) -> None:
        super().__init__()
        self.mean, self.pair = torch.ones(6, 1, 1), (torch.ones(1), 2)
        self.kept = SimpleNamespace(total=torch.zeros(()), array=np.ones(1))

    def step(self, features: Tensor) -> Tensor:
        self.mean = 0.5 * self.mean + features.mean((0, 2, 3))[:, None, None]
        self.pair[0].mul_(2)
        self.kept.total += features.detach().sum()
        self.kept.array += 1
        return features * self.mean * self.pair[0] * (1 + self.kept.total) * float(self.kept.array[0])


class Drawing(Body):
    """Drop path by every generator there is, its own ones included."""

    def __init__(self) -> None:
        super().__init__()
        self.own, self.numpy = random.Random(1), np.random.default_rng(2)
        self.torch = torch.Generator().manual_seed(3)

    def step(self, features: Tensor) -> Tensor:
        for draw in (random.random(), np.random.rand(), self.own.random(), self.numpy.random()):
            features = features * (0.5 + draw)
        return features * (0.5 + torch.rand(1, generator=self.torch)) * (0.5 + torch.rand(1))


class Clamping(Body):
    """Its forward changes a weight, and a buffer by assignment."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("average", torch.ones(6, 1, 1))

    def step(self, features: Tensor) -> Tensor:
        self.inner.weight.data.mul_(0.5)
        self.average = 0.9 * self.average + 0.1 * features.detach().mean((0, 2, 3))[:, None, None]
        return features * self.average


class Watching(Body):
    """Gradients leave their mark on the network."""

    def __init__(self) -> None:
        super().__init__()
        self.gradients: list[Tensor] = []

    def step(self, features: Tensor) -> Tensor:
        if features.requires_grad:
            features.register_hook(self.gradients.append)
        return features * (1 + len(self.gradients))


class Registering(Body):
    def step(self, features: Tensor) -> Tensor:
        self.inner.register_forward_hook(lambda layer, inputs, output: output * 2)
        return features


class Listed(Body):
    """Layers and a weight that stand in a list as well; a batch norm that stands nowhere else."""

    def __init__(self) -> None:
        super().__init__()
        self.weights, self.hidden = [self.inner.weight], [nn.BatchNorm2d(6)]

    def forward(self, images: Tensor) -> Tensor:
        features = self.hidden[0](self.relu(self.norm(self.stem(images))))
        return self.head(self.relu(F.conv2d(features, self.weights[0], self.inner.bias, padding=1)))


KINDS = [
    Alternating, AlternatingClass, Listing, Summing, Drawing, Clamping, Watching, Registering, Listed,
]  # fmt: skip


def made(kind: Callable[[], nn.Module]) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return kind()


def state(thing: object) -> object:
    """Everything in an attribute, by value."""
    if isinstance(thing, Tensor | np.ndarray):
        return type(thing), tuple(thing.shape), thing.tolist()
    if isinstance(thing, dict):
        return [(name, state(value)) for name, value in thing.items()]
    if isinstance(thing, list | tuple | deque | set):
        return [state(value) for value in thing]
    if isinstance(thing, random.Random):
        return thing.getstate()
    if isinstance(thing, np.random.Generator):
        return thing.bit_generator.state
    if isinstance(thing, torch.Generator):
        return thing.get_state().tolist()
    return state(vars(thing)) if isinstance(thing, nn.Module | SimpleNamespace) else thing


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["exact", "reference"])
def test_a_value_is_the_same_twice_and_in_any_company(kind: type, path: str, batch: Batch) -> None:
    network = made(kind)
    before = snapshot(network, batch), state(network), getattr(kind, "calls", None)
    alone = {name: values(measure(network, batch, [name], 0, path=path))[name] for name in SOME}
    assert alone["snip"][1] == "ok"
    failed = {name for name, one in alone.items() if one[1] == "failed"}
    assert failed == ({"fisher"} if kind is Listed else set()), alone  # nobody sees a layer that is only read
    assert values(measure(network, batch, SOME, 0, path=path)) == alone
    assert values(measure(network, batch, SOME[::-1], 0, path=path)) == alone
    both = proxies.measure_each(
        [made(Body), network], [batch, Batch(-batch.images, batch.targets.flip(0))], SOME, 0
    )
    if path == "exact":
        assert values(both[1]) == alone
    assert (snapshot(network, batch), state(network), getattr(kind, "calls", None)) == before


def test_a_network_that_alternates_is_scored_as_at_its_first_call(batch: Batch) -> None:
    for kind in (Alternating, AlternatingClass):
        assert values(measure(made(kind), batch, SOME, 0)) == values(measure(made(Body), batch, SOME, 0))


def test_a_weight_in_a_list_gets_its_gradient(batch: Batch) -> None:
    class Plain(Body):
        def __init__(self) -> None:
            super().__init__()
            object.__setattr__(self, "hidden", nn.BatchNorm2d(6))

        def forward(self, images: Tensor) -> Tensor:
            features = self.hidden(self.relu(self.norm(self.stem(images))))
            return self.head(self.relu(self.inner(features)))

    names = ["snip", "grad_norm", "zico"]
    listed, plain = (measure(made(kind), batch, names, 0) for kind in (Listed, Plain))
    for name in names:
        assert listed[name].value == pytest.approx(plain[name].value, rel=1e-5)


class Checkpointed(Body):
    """All of it, or its middle alone, is run once more in the backward pass."""

    def __init__(self, whole: bool, reentrant: bool) -> None:
        super().__init__()
        self.whole, self.reentrant = whole, reentrant
        self.drop = nn.Dropout(0.2)

    def step(self, features: Tensor) -> Tensor:
        if self.whole:
            return self.middle(features)
        return checkpoint(self.middle, features, use_reentrant=self.reentrant)

    def middle(self, features: Tensor) -> Tensor:
        return self.drop(self.relu(self.norm(self.inner(features))))

    def forward(self, images: Tensor) -> Tensor:
        if self.whole:
            return checkpoint(super().forward, images, use_reentrant=self.reentrant)
        return super().forward(images)


class Unchecked(Checkpointed):
    def __init__(self) -> None:
        super().__init__(whole=True, reentrant=False)

    def forward(self, images: Tensor) -> Tensor:
        return Body.forward(self, images)


@pytest.mark.parametrize(("whole", "reentrant"), list(itertools.product([True, False], repeat=2)))
def test_checkpoints_change_no_value(whole: bool, reentrant: bool, batch: Batch) -> None:
    network = made(lambda: Checkpointed(whole, reentrant))
    before = snapshot(network, batch)
    expected = values(measure(made(Unchecked), batch, EVERY, 0))
    assert values(measure(network, batch, EVERY, 0)) == expected
    assert {one[1] for one in expected.values()} == {"ok"}
    for name in EVERY:
        assert values(measure(network, batch, [name], 0)) == {name: expected[name]}
    assert snapshot(network, batch) == before


@pytest.mark.parametrize("norm", [nn.utils.parametrizations.spectral_norm, nn.utils.spectral_norm])
@pytest.mark.filterwarnings("ignore:`torch.nn.utils")
def test_spectral_norm_stays_where_it_was(norm: Callable, batch: Batch) -> None:
    network = made(Body)
    norm(network.inner)
    before = snapshot(network, batch)
    expected = values(measure(network, batch, EVERY, 0))
    assert expected["nwot"][1] == "ok"
    assert snapshot(network, batch) == before
    assert values(measure(network, batch, EVERY[::-1], 0)) == expected
    assert snapshot(network, batch) == before


class WithoutGradients(Body):
    def forward(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            return super().forward(images)


class Recomputed(torch.autograd.Function):
    """A checkpoint of one's own, which hands the gradients to the network itself."""

    @staticmethod
    def forward(context, run, images):
        context.run = run
        context.save_for_backward(images)
        return run(images.detach()).detach()

    @staticmethod
    def backward(context, arriving):
        images = context.saved_tensors[0].detach().requires_grad_()
        with torch.enable_grad():
            context.run(images).backward(arriving)
        return None, images.grad


class OwnCheckpoint(Body):
    def forward(self, images: Tensor) -> Tensor:
        return Recomputed.apply(super().forward, images)


@pytest.mark.parametrize("kind", [WithoutGradients, OwnCheckpoint])
@pytest.mark.parametrize("name", ["snip", "grad_norm", "plain", "fisher", "grasp", "zico", "gradsign"])
def test_no_gradient_at_all_is_told(kind: type, name: str, batch: Batch) -> None:
    network = made(kind)
    before = snapshot(network, batch)
    measured = measure(network, batch, [name], 0)[name]
    assert (measured.value, measured.status) == (None, "failed")
    assert measured.reason.startswith("no weight received a gradient, though the logits depend on the images")
    assert snapshot(network, batch) == before


def test_frozen_layers_are_scored_as_others(batch: Batch) -> None:
    network = made(Body)
    expected = values(measure(network, batch, EVERY, 0))
    assert values(measure(network.requires_grad_(False), batch, EVERY, 0)) == expected


@pytest.mark.parametrize("surrounding", ["autocast", "device", "inference", "seeds"])
def test_what_surrounds_the_call_does_not_matter(surrounding: str, batch: Batch) -> None:
    network = made(Drawing)
    expected = values(measure(network, batch, EVERY, 0))
    surroundings = {
        "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
        "device": lambda: torch.device("meta"),
        "inference": torch.inference_mode,
        "seeds": torch.no_grad,
    }
    second = Batch(-batch.images, batch.targets.flip(0))
    random.seed(5)
    np.random.seed(6)
    before = random.getstate(), np.random.get_state()[1].tolist()
    with surroundings[surrounding]():
        measured = proxies.measure(network, [batch, second], EVERY, 0)
        assert torch.get_default_device().type == ("meta" if surrounding == "device" else "cpu")
        assert torch.is_autocast_enabled("cpu") == (surrounding == "autocast")
    assert values(measured) == expected
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_a_network_may_use_autocast_itself(batch: Batch) -> None:
    class Low(Body):
        def forward(self, images: Tensor) -> Tensor:
            with torch.autocast("cpu", torch.bfloat16):
                return super().forward(images)

    low, full = (measure(made(kind), batch, ["snip"], 0)["snip"] for kind in (Low, Body))
    assert low.status == full.status == "ok"
    assert low.value != full.value
    assert low.value == pytest.approx(full.value, rel=0.1)


def test_a_rider_that_fails_takes_nobody_down(batch: Batch) -> None:
    class Factor(Body):
        def __init__(self) -> None:
            super().__init__()
            self.factor = nn.Parameter(torch.tensor(0.5))

        def step(self, features: Tensor) -> Tensor:
            return features * self.relu(self.factor)

    alone = {
        name: values(measure(made(Factor), batch, [name], 0))[name] for name in ("snip", "nwot", "fisher")
    }
    assert alone["snip"][1] == alone["fisher"][1] == "ok"
    for order in itertools.permutations(alone):
        assert values(measure(made(Factor), batch, order, 0)) == {name: alone[name] for name in order}


def test_more_than_can_be_followed_is_left_alone(batch: Batch) -> None:
    network = made(Body)
    network.images = [[number] for number in range(20_000)]
    network.ring = ring = []
    ring.append(ring)
    assert measure(network, batch, ["snip"], 0)["snip"].status == "ok"
    assert network.images[-1] == [19_999]


def test_generators_of_gpus_go_on_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    states = {0: torch.zeros(1), 1: torch.ones(1)}

    def write(state: Tensor, device: int) -> None:
        states[device] = state

    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda device: states[device])
    monkeypatch.setattr(torch.cuda, "set_rng_state", write)
    monkeypatch.setattr(
        torch.cuda,
        "manual_seed_all",
        lambda seed: states.update({each: torch.tensor(seed) for each in states}),
    )
    with own_random_state(7):
        assert [int(each) for each in states.values()] == [7, 7]
    assert [float(each) for each in states.values()] == [0.0, 1.0]


def test_a_gpu_that_is_not_in_use_is_not_seeded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    with own_random_state(7):
        assert torch.initial_seed() == 7
    assert not seeded


PROGRAM = """
import sys
from importlib import import_module
from harness import networks, proxies, spaces
from harness.inputs import noise
space = spaces.load("nb201")
network = networks.build(space, ((3,),) * 6, "tiny")
batches = [noise.open(10, 16).batch(0, step, 8) for step in range(2)]
measured = {one.status for one in proxies.measure(network, batches, proxies.names(), 0).values()}
codes = {}
for command in ("proxies", "tables", "bench", "regress"):
    try:
        codes[command] = import_module("harness.cli." + command).main(["--help"])
    except SystemExit as end:
        codes[command] = end.code
print(__doc__, measured, codes)
"""


def test_nothing_hangs_on_assertions_or_docstrings() -> None:
    """In one process, as everything that it loads is compiled anew."""
    ran = subprocess.run(
        [sys.executable, "-OO", "-c", PROGRAM], capture_output=True, text=True, timeout=300, check=False
    )
    codes = dict.fromkeys(("proxies", "tables", "bench", "regress"), 0)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == f"None {{'ok'}} {codes}"
    assert all(f"harness {command}" in ran.stdout for command in codes)
