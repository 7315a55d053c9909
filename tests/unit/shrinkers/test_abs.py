"""Angles of children by hand and by a plain reference, what is dropped by them, and runs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from harness import networks, shrinkers, spaces, training
from harness.cli._compose import composing, run_configs
from harness.errors import ConfigError
from harness.inputs import digits
from harness.networks._edges import EdgeChoices
from harness.records import Store
from harness.runners import execute
from harness.scorers import Work
from harness.searchers import TrainedSupernet
from harness.seeding import generator
from harness.shrinkers._elimination import dropped
from harness.spaces import Population
from harness.training import Images, Length, Trained, fit
from tests.unit.training.toy import CPU, Interrupted, everything, same, stopping_at

ABS = shrinkers.load("abs")
NB201 = spaces.load("nb201")
NONE, SKIP, CONV1, CONV3, POOL = range(5)


def tiny(epochs: int = 1) -> Trained:
    """The smallest supernet on a few digits: two steps an epoch."""
    return Trained(
        networks.build_supernet(NB201, "tiny"),
        Images(digits.open(10, 16), 32, 8, 0, CPU),
        training.load("single_paths"),
        Length(epochs, 1),
        0,
    )


@pytest.fixture(scope="module")
def trained() -> Trained:
    made = tiny(2)
    fit(made)
    return made


def vector(supernet, weights, picks) -> torch.Tensor:
    """A child's weight vector, put together as the definition reads: cell by cell, path by path."""
    parts = []
    for name, part in supernet.named_modules():
        if isinstance(part, EdgeChoices):
            width = len(weights[f"{name}.edges.1<-0.nor_conv_3x3.1.weight"])
            chosen = dict(zip(part.edges, picks, strict=True))
            for way in (["3<-0"], ["2<-0", "3<-2"], ["1<-0", "2<-1", "3<-2"], ["1<-0", "3<-1"]):
                if any(chosen[edge] == NONE for edge in way):
                    continue
                for edge in way:
                    if chosen[edge] in (CONV1, CONV3):
                        operation = part.operations[chosen[edge]]
                        parts.append(weights[f"{name}.edges.{edge}.{operation}.1.weight"].flatten())
                    elif chosen[edge] == POOL:
                        parts.append(torch.full((width * 3 * 3,), 1 / 9, dtype=torch.float64))
    outside = [weight.flatten() for name, weight in weights.items() if ".edges." not in name]
    return torch.cat([part.double() for part in (*outside, *parts)]).detach()


def test_the_fast_form_is_the_reference(trained):
    picks = generator(0, "children").integers(5, size=(40, 6))
    picks[0], picks[1] = NONE, CONV3
    products = networks.vector_products(trained.supernet, trained.initial).of(picks)
    found, lengths = ABS.angles(products), np.sqrt(products[:, 2])
    for child, angle, length in zip(picks, found, lengths, strict=True):
        first, last = (
            vector(trained.supernet, weights, child) for weights in (trained.initial, trained.present())
        )
        expected = torch.acos(first @ last / (first.norm() * last.norm()))
        assert angle == pytest.approx(float(expected), rel=1e-9)
        assert length == pytest.approx(float(last.norm()), rel=1e-12)
    assert (found > 1e-3).all()


def test_paths_and_pooling_by_hand():
    """All parameters are 1, then 2 in one edge's convolution of 3x3: sums can be counted."""
    supernet = networks.build_supernet(NB201, "tiny")
    with torch.no_grad():
        for weight in supernet.parameters():
            weight.fill_(1.0)
        base = {name: weight.detach().clone() for name, weight in supernet.named_parameters()}
        for name, weight in supernet.named_parameters():
            if ".1<-0.nor_conv_3x3" in name:
                weight.fill_(2.0)
    # Stem 27 C + 2 C, reductions 56 c^2 + 8 c of C and 2 C, last normalisation, classifier; C = 4.
    outside = 29 * 4 + (56 * 16 + 32) + (56 * 64 + 64) + 2 * 16 + 17 * 10
    kernels = 9 * (4**2 + 8**2 + 16**2)
    pooled = (4 + 8 + 16) * 9 / 81
    children = np.array(
        [
            [NONE] * 6,
            [CONV3, NONE, NONE, SKIP, NONE, SKIP],  # its way on is none: not counted
            [CONV3, NONE, NONE, NONE, SKIP, NONE],  # 0-1-3
            [CONV3, NONE, SKIP, NONE, SKIP, SKIP],  # 0-1-3 and 0-1-2-3: counted twice
            [NONE, POOL, NONE, POOL, NONE, POOL],  # 0-3 and 0-2-3
        ]
    )
    expected = [
        [outside] * 3,
        [outside] * 3,
        [outside + 2 * kernels, outside + kernels, outside + 4 * kernels],
        [outside + 4 * kernels, outside + 2 * kernels, outside + 8 * kernels],
        [outside + 3 * pooled] * 3,
    ]
    np.testing.assert_allclose(networks.vector_products(supernet, base).of(children), expected, rtol=1e-12)


def test_without_training_every_angle_is_0():
    made = tiny()
    every = np.array(list(itertools.product(range(5), repeat=6)))
    found = ABS.angles(networks.vector_products(made.supernet, made.initial).of(every))
    assert len(found) == 15_625
    assert np.abs(found).max() < 1e-6


def test_a_cosine_above_1_by_rounding_counts_as_1():
    products = np.array([[1.0 + 1e-9, 1.0, 1.0], [0.0, 4.0, 9.0], [0.0, 0.0, 0.0]])
    assert ABS.angles(products) == pytest.approx([0, np.pi / 2, 0]), "the vector 0 has the angle 0"


def test_the_lowest_go_over_all_edges_and_the_last_of_an_edge_stays():
    values = [np.array([0.1, 0.2, 0.3]), np.array([0.9, np.inf, 0.25])]
    mask = ((True, True, True), (True, False, True))
    drop = lambda count: dropped(mask, values, count, generator(0, "drops"))  # noqa: E731
    assert drop(2) == ((False, False, True), (True, False, True))
    assert drop(3) == drop(9) == ((False, False, True), (True, False, False))


def test_of_equal_scores_the_dropped_one_is_drawn():
    values, mask = [np.zeros(3)], ((True, True, True),)
    left = {dropped(mask, values, 2, generator(seed, "drops")) for seed in range(20)}
    assert len(left) == 3


def test_a_step_trains_one_path_and_a_node_has_an_edge_that_is_not_none():
    rng = generator(0, "paths")
    for _ in range(300):
        path = NB201.path(NB201.full_mask, rng)
        picks = [pick for (pick,) in NB201.arch_of(path)]
        assert all(set(node) != {NONE} for node in (picks[:1], picks[1:3], picks[3:]))
    only_none = ((True, False, False, False, False), *NB201.full_mask[1:])
    assert NB201.path(only_none, rng)[0] == only_none[0], "where nothing else is left, it is none"
    made = tiny()
    before = made.present()
    made.epoch(*made.optimisers(0.1), ("epoch", 0))
    moved = {
        name.split(".edges.")[1].split(".1.weight")[0]
        for name, weight in made.present().items()
        if ".edges." in name and not torch.equal(weight, before[name])
    }
    paths = itertools.islice(made.paths("epoch", 0), made.images.steps)
    drawn = {
        f"{spec.name}.{spec.candidates[pick]}"
        for path in paths
        for spec, (pick,) in zip(NB201.decisions, NB201.arch_of(path), strict=True)
    }
    assert moved
    assert moved <= drawn
    assert all(torch.equal(weight, before[name]) for name, weight in made.initial.items())


def test_interrupted_it_ends_with_the_same_bytes_and_angles(tmp_path):
    whole = tiny(2)
    fit(whole, tmp_path / "whole.pt")
    with pytest.raises(Interrupted):
        fit(tiny(2), tmp_path / "taken_up.pt", progress=stopping_at(whole.images.steps + 1))
    taken_up = tiny(2)
    fit(taken_up, tmp_path / "taken_up.pt")
    assert (tmp_path / "taken_up.pt").read_bytes() == (tmp_path / "whole.pt").read_bytes()
    assert same(everything(whole), everything(taken_up))
    one, other = (networks.vector_products(made.supernet, made.initial) for made in (whole, taken_up))
    assert (one.operations == other.operations).all()
    assert (one.fixed == other.fixed).all()


def settings(**own: object) -> dict[str, object]:
    return {name: option.default for name, option in ABS.OPTIONS.items()} | own


def test_stages_tune_between_and_the_base_is_replaced_once(monkeypatch):
    made, asked = tiny(), []
    fit(made)
    products = networks.vector_products
    monkeypatch.setattr(
        networks,
        "vector_products",
        lambda supernet, base, form: asked.append((base, made.present())) or products(supernet, base, form),
    )
    tools = TrainedSupernet(population=Population(NB201), seed=0, parameters=None, trained=made)
    masks = list(ABS.shrink(tools, settings(drop=20, stage=5, rebase=9)))
    assert [sum(map(sum, mask)) for mask in masks] == [25, 20, 15, 10]
    assert made.tuned == 3
    bases = [base for base, _ in asked]
    assert bases[0] is bases[1] is made.initial
    assert bases[2] is bases[3]
    assert all(torch.equal(bases[2][name], weight) for name, weight in asked[1][1].items())


@pytest.mark.parametrize(("by", "scores"), [("angle", 15_625), ("accuracy", 5)])
def test_a_run_drops_20_in_one_step_and_says_what_it_paid(by, scores, tmp_path, monkeypatch):
    monkeypatch.setattr(ABS, "ACCURACIES", 6)
    learning = [
        "fidelity=tiny",
        "batch_size=4",
        "input=digits",
        "training.images=32",
        "training.batch_size=16",
    ]
    asked = [f"shrinker.by={by}", "shrinker.repeats=1", "training.epochs=1", *learning]
    with composing():
        (config,) = run_configs(["task=shrink", "space=nb201", "shrinker=abs", f"results={tmp_path}", *asked])
    (outcome,) = execute(config)
    assert outcome.status == "done"
    (record,) = Store(tmp_path).records()
    assert record.rows["candidates"].tolist() == [30, 10]
    assert record.rows["scores"].tolist() == [0, scores]
    assert record.rows["epochs"].tolist() == [0, 1]
    assert record.rows["queries"].sum() == 0
    assert len(record.statistics["training"]["curve"]) == 1
    assert record.run.settings["training"]["name"] == "single_paths"
    assert not {"form", "schedule", "until", "children"} & set(record.run.settings), (
        "as before there were any"
    )
    told = record.statistics["told"]
    assert (told["all"]["n"], told["convolutions"]["n"]) == ((15_625, 64) if by == "angle" else (6, 6))
    assert told["all"]["tau"] is None or -1 <= told["all"]["tau"] <= 1


def test_another_family_of_networks_is_refused():
    told = (
        "defined for networks of darts, mobilenet, nb201, nbmacro alone, and mnasnet has those of the family"
    )
    with composing(), pytest.raises(ConfigError, match=told):
        run_configs(["task=shrink", "space=mnasnet", "shrinker=abs", "input=digits"])


@pytest.mark.parametrize(
    ("own", "work"),
    [({}, Work(0, 0)), ({"stage": 5}, Work(0, 3)), ({"by": "accuracy", "stage": 5}, Work(328, 3))],
)
def test_how_much_it_asks(own, work):
    assert ABS.work(NB201, settings(**own)) == work


def learnt(space: str) -> Trained:
    """The smallest supernet of ``space`` on eight digits, after one step."""
    made = Trained(
        networks.build_supernet(spaces.load(space), "tiny"),
        Images(digits.open(10, 16), 16, 8, 0, CPU),
        training.load("single_paths"),
        Length(1, 1),
        0,
    )
    fit(made)
    return made


@pytest.fixture(scope="module")
def darts() -> Trained:
    return learnt("darts")


def shrunk(made: Trained, **own: object) -> list:
    tools = TrainedSupernet(population=Population(made.space), seed=0, parameters=None, trained=made)
    return list(ABS.shrink(tools, settings(children=6, **own)))


def test_in_darts_every_edge_loses_its_lowest_and_inputs_stay(darts):
    space, before = darts.space, darts.state()
    one, two = shrunk(darts, until=6**14)
    darts.restore(before)
    assert [sum(row) for row in one] == [7] * 28 + [3, 4, 5] * 2
    assert [sum(row) for row in two] == [6] * 28 + [3, 4, 5] * 2
    assert two[28:] == space.full_mask[28:]
    path = space.path(two, generator(0, "paths"))
    assert [sum(row) for row in path] == [1] * 28 + [3, 4, 5] * 2, (
        "an operation on every edge, and all inputs"
    )
    assert all(kept >= row for kept, row in zip(two, path, strict=True))


def test_a_genotype_of_darts_is_told_the_angle_of_its_own_edges(darts):
    space = darts.space
    archs = [space.sample(generator(seed, "archs")) for seed in range(4)]
    tools = TrainedSupernet(population=Population(space), seed=0, parameters=None, trained=darts)
    picks = np.full((4, 28), networks.ABSENT)
    for row, arch in zip(picks, archs, strict=True):
        for edge, active in enumerate(space.active(arch)[:28]):
            row[edge] = arch[edge][0] if active else row[edge]
    expected = ABS.angles(networks.vector_products(darts.supernet, darts.initial).of(picks))
    np.testing.assert_array_equal(ABS.told(tools, settings()).of(archs), expected)
    accuracies = ABS.told(tools, settings(by="accuracy"))
    before = darts.evaluations
    assert (accuracies.most, len(accuracies.of(archs[:1])), darts.evaluations) == (64, 1, before), (
        "not paid for"
    )


def test_a_chain_loses_as_many_as_its_widest_layer_has_over_all_layers():
    made = learnt("mobilenet")
    left = 6**6 * 7**15
    first, *others = shrunk(made, until=left // 20, form="rlnas", by="magnitude")
    assert sum(map(sum, first)) == 141 - 7
    sizes = [np.prod([float(sum(row)) for row in mask]) for mask in (first, *others)]
    assert all(size > left // 20 for size in sizes[:-1])
    assert sizes[-1] <= left // 20
    assert made.tuned == len(sizes) - 1


@pytest.mark.parametrize(
    ("space", "own", "words"),
    [
        (
            "nb201",
            {"schedule": "widest"},
            "ends at 1,000,000 architectures, and nb201 has 15,625, so that nothing",
        ),
        ("nb201", {"by": "accuracy"}, "received limits.flops_millions with shrinker.by=accuracy"),
    ],
)
def test_what_cannot_be_is_refused_before_a_training(space, own, words):
    with pytest.raises(ConfigError, match=words):
        ABS.require(spaces.load(space), settings(**own), {"flops_millions": 600.0})
    ABS.require(spaces.load("mobilenet"), settings(), {"flops_millions": 600.0})


@pytest.mark.parametrize(("space", "stages"), [("nb201", 1), ("nbmacro", 1), ("darts", 6), ("mobilenet", 15)])
def test_how_many_stages_there_are(space, stages):
    assert ABS.work(spaces.load(space), settings()).tunings == stages - 1
