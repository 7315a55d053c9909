"""TE-NAS and its shortcut from a config to a record, and the supernets and batches they measure."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from harness import benchmarks, evidence, inputs, networks, proxies, scorers, searchers, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, HarnessError, RunFailed
from harness.evidence._te_nas import SUPERNETS, cut_patches, patches, proxy_scores
from harness.inputs import Batch
from harness.runners import RunConfig, execute
from harness.runs.setup import prepare
from harness.seeding import derive, generator

LITTLE = {"repeats": 2, "ntk_batch_size": 3, "region_batches": 2, "region_batch_size": 40}
SMALL_IMAGES = "label=imagenet16_120_test_200"
"""Of 16 pixels, which takes a quarter of the time."""


def config(
    root, *overrides: str, task: str = "search", space: str = "nb201", name: str = "te_nas"
) -> RunConfig:
    group = {"search": "searcher", "op_correlation": "scorer"}[task]
    sizes = {key: value for key, value in LITTLE.items() if name == "te_nas" or key.startswith("region")}
    small = [f"{group}.{key}={value}" for key, value in sizes.items()]
    fixed = ["fidelity=tiny", "batch_size=4", "input=digits", f"results={root}"]
    with composing():
        return run_config([f"task={task}", f"space={space}", f"{group}={name}", *fixed, *small, *overrides])


def quiet(words: str, done: int, total: int) -> None:
    pass


def read(outcome) -> tuple[dict, pd.DataFrame]:
    record = json.loads(outcome.path.read_text())
    return record, pd.read_parquet(outcome.path.with_name(record["rows"]["file"]))


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    made = config(tmp_path_factory.mktemp("searched"), "searcher.repeats=1", SMALL_IMAGES)
    return made, *execute(made)


def test_a_search_is_pruned_by_what_it_wrote_down(searched):
    made, outcome = searched
    record, rows = read(outcome)
    space, table = spaces.load("nb201"), benchmarks.load("nb201")
    pruning = rows[rows["stage"] == "pruning"]
    left = {decision.name: list(decision.candidates)[1:] for decision in space.decisions}
    for _, of_round in pruning.groupby("step"):
        assert {name: list(own["candidate"]) for name, own in of_round.groupby("decision")} == left
        for name, own in of_round.groupby("decision"):
            lowest = own[own["score"] == own["score"].min()]["candidate"].tolist()
            following = pruning[
                (pruning["step"] == of_round["step"].iloc[0] + 1) & (pruning["decision"] == name)
            ]
            after = set(following["candidate"])
            (gone,) = set(left[name]) - after if after else set(left[name]) - {_picked(record, space, name)}
            assert gone in lowest
            left[name].remove(gone)
    found = record["statistics"]
    assert found["accuracy"] == table.value(space.parse(found["arch"]), made.label)
    assert found["evaluations"] == 2 * (25 + 19 + 13)
    assert (found["table_queries"], found["proposals_distinct"]) == (0, None)


def _picked(record, space, name):
    arch = space.parse(record["statistics"]["arch"])
    index = [decision.name for decision in space.decisions].index(name)
    return space.decisions[index].candidates[arch[index][0]]


def test_its_record_names_what_matters_and_nothing_else(searched, tmp_path):
    made, outcome = searched
    settings = read(outcome)[0]["settings"]
    assert set(settings) == {"truth", "input", "searcher", "proxy", "prune", *LITTLE}
    for override in (["fidelity=small"], ["batch_size=9"], ["masking=zeros"], ["path=fast"], ["proxy=snip"]):
        again = config(made.results, "searcher.repeats=1", SMALL_IMAGES, *override)
        assert [each.status for each in execute(again)] == ["skipped"]


def test_the_same_config_gives_the_same_bytes(searched, tmp_path):
    made, outcome = searched
    (again,) = execute(replace(made, results=str(tmp_path)))
    assert again.path.read_bytes() == outcome.path.read_bytes()
    assert read(again)[1].equals(read(outcome)[1])


@pytest.mark.parametrize("space", ["nbmacro", "nb1shot1_2"])
def test_search_ends_in_the_other_spaces_too(space, tmp_path):
    less = ["searcher.repeats=1", "searcher.ntk_batch_size=2", "searcher.region_batches=1"]
    (outcome,) = execute(config(tmp_path, *less, space=space))
    record, rows = read(outcome)
    assert record["statistics"]["rank"] is not None
    assert (rows["status"] == "ok").all()
    assert set(rows["decision"]) == {decision.name for decision in spaces.load(space).decisions}


def test_operation_scores_of_nb201(tmp_path):
    made = config(tmp_path, "task.progressive=false", "scorer.repeats=1", SMALL_IMAGES, task="op_correlation")
    (outcome,) = execute(made)
    record, rows = read(outcome)
    assert outcome.method == "te_nas"
    none = rows["candidate"] == "none"
    assert none.sum() == 6
    assert set(rows["status"][none]) == {"skipped"}
    assert (rows["status"][~none] == "ok").all()
    ranks = rows["score"][~none].to_numpy()
    assert ((ranks >= 0) & (ranks <= 2 * 23) & (ranks == ranks.round())).all()
    assert "none" not in record["statistics"]["selected"]["arch"]
    assert set(record["settings"]) == {"truth", "input", "scorer", "progressive", *LITTLE}


def test_the_shortcut_scores_none_on_the_runs_supernets(tmp_path):
    initial = ["task.progressive=false", SMALL_IMAGES]
    made = config(tmp_path, *initial, task="op_correlation", name="te_nas_shortcut")
    (outcome,) = execute(made)
    record, rows = read(outcome)
    assert outcome.method == "te_nas_shortcut"
    assert (rows["status"] == "ok").all()
    assert len(rows) == 30
    assert rows["score"].between(-(30 - 1 + 30), -1).all()
    assert record["settings"]["masking"] == "drop"
    assert {record["settings"]["fidelity"], record["settings"]["batch_size"]} == {"tiny", 4}
    for override in ("masking=zeros", "fidelity=small", "batch_size=5"):
        run = config(tmp_path, *initial, override, task="op_correlation", name="te_nas_shortcut")
        assert prepare(run).existing(_shortcut_run(run)) is None
    assert prepare(made).existing(_shortcut_run(made)) is not None


def _shortcut_run(made):
    (read,) = evidence.of(prepare(made))
    return read.context.run(read.name, {"scorer": "te_nas_shortcut", "progressive": False, **read.settings()})


def test_the_shortcut_has_no_number_in_nb1shot1(tmp_path):
    made = config(tmp_path, task="op_correlation", name="te_nas_shortcut", space="nb1shot1_1")
    with pytest.raises(HarnessError, match="Decision .*: the tangent kernel of 4 samples is singular"):
        execute(made)


def test_scores_do_not_depend_on_the_order_of_the_work(tmp_path):
    setup = prepare(config(tmp_path))
    mask = scorers.te_nas.without_none(setup.space, setup.space.full_mask)
    masks = [mask, spaces.without(mask, 0, 1), spaces.without(mask, 3, 2), spaces.without(mask, 5, 4)]
    together, apart = (proxy_scores(setup, SUPERNETS["te_nas"], LITTLE, quiet) for _ in range(2))
    apart(1).repeats["ntk"][0](masks[:1])
    for proxy in ("linear_regions", "ntk"):
        for repeat in (1, 0):
            alone = [apart(0).repeats[proxy][repeat]([each])[0] for each in reversed(masks)]
            assert alone[::-1] == together(0).repeats[proxy][repeat](masks)


def test_weights_and_batches_are_drawn_anew_for_seeds_steps_and_repeats(tmp_path):
    found = {}
    for seed in (0, 1):
        setup = prepare(config(tmp_path, f"seed={seed}", SMALL_IMAGES))
        scores = proxy_scores(setup, SUPERNETS["te_nas"], LITTLE, quiet)
        for step in (0, 1):
            for proxy, repeats in scores(step).repeats.items():
                for repeat, evaluate in enumerate(repeats):
                    found[proxy, seed, step, repeat] = evaluate([setup.space.full_mask])[0].value
    assert len({value for (proxy, *_), value in found.items() if proxy == "ntk"}) == 8
    assert len({value for (proxy, *_), value in found.items() if proxy == "linear_regions"}) > 2


def test_kappa_is_that_of_a_supernet_whose_candidates_share_the_weight(tmp_path):
    """Against a network built edge by edge, with 1 / n before every branch that is left."""
    setup = prepare(config(tmp_path))
    space = setup.space
    mask = tuple((False, True, False, row != 2, True) for row in range(6))
    (score,) = proxy_scores(setup, SUPERNETS["te_nas"], LITTLE, quiet)(0).repeats["ntk"][1]([mask])
    seed = derive(0, "te_nas", 0, 1)
    supernet = networks.build_te_nas_supernet(space, "ntk", seed, 10)

    class Cell(torch.nn.Module):
        def __init__(self, edges):
            super().__init__()
            self.edges = edges

        def forward(self, inputs):
            states = [inputs]
            for node in (1, 2, 3):
                states.append(sum(self.edge(node, parent, states[parent]) for parent in range(node)))
            return states[3]

        def edge(self, node, parent, state):
            row = mask[[decision.name for decision in space.decisions].index(f"{node}<-{parent}")]
            left = [name for name, alive in zip(space.decisions[0].candidates, row, strict=True) if alive]
            return sum(self.edges[f"{node}<-{parent}"][name](state) / len(left) for name in left)

    body = [Cell(part.edges) if hasattr(part, "edges") else part for part in supernet.body]
    network = torch.nn.Sequential(supernet.stem, *body, supernet.head)
    batch = setup.source.batch(derive(0, "te_nas", "ntk", 1), 0, LITTLE["ntk_batch_size"])
    expected = proxies.measure(network, batch, ["ntk"], 0)["ntk"]
    assert score.value == pytest.approx(expected.value, rel=1e-4)


def test_patches_are_cut_from_everywhere():
    images = torch.arange(400 * 3 * 6 * 5, dtype=torch.float32).reshape(400, 3, 6, 5)
    cut = cut_patches(images, generator(0, "patches"))
    assert cut.shape == (400, 1, 3, 3)
    corners = cut[:, 0, 0, 0].long() - torch.arange(400) * 90
    channel, row, column = corners // 30, corners % 30 // 5, corners % 5
    expected = cut[:, 0, :1, :1] + torch.arange(3)[:, None] * 5 + torch.arange(3)
    assert torch.equal(cut[:, 0], expected)
    for found, places in ((channel, 3), (row, 4), (column, 3)):
        counts = np.bincount(found.numpy(), minlength=places)
        assert len(counts) == places
        assert counts.min() > 400 / places * 0.7
    assert torch.equal(cut, cut_patches(images, generator(0, "patches")))
    assert not torch.equal(cut, cut_patches(images, generator(1, "patches")))


def test_patches_of_all_batches_are_one_batch_and_more_than_the_input_has_images(tmp_path):
    setup = prepare(config(tmp_path))
    many = {"region_batches": 3, "region_batch_size": 1000}
    batch = patches(setup, many, step=0, repeat=0)
    assert isinstance(batch, Batch)
    assert batch.images.shape == (3000, 1, 3, 3)
    assert inputs.load("digits").open(10, 32).largest_batch < 3000
    assert not torch.equal(batch.images, patches(setup, many, step=1, repeat=0).images)
    assert not torch.equal(batch.images, patches(setup, many, step=0, repeat=1).images)


def test_every_method_names_supernets_that_there_are():
    reading = [scorers.load(name) for name in scorers.names()] + [
        searchers.load(name) for name in searchers.names()
    ]
    named = {module.ASKS["supernets"] for module in reading if module.EVIDENCE == "proxies"}
    assert named == set(SUPERNETS)


@pytest.mark.parametrize(
    ("task", "override", "told"),
    [
        ("search", "searcher.repeats=0", "searcher.repeats must be a positive integer; received 0"),
        ("op_correlation", "scorer.ntk_batch_size=-1", "scorer.ntk_batch_size must be a positive integer"),
        (
            "op_correlation",
            "scorer.region_batch_size=1.5",
            "scorer.region_batch_size must be a positive integer",
        ),
    ],
)
def test_bad_settings_are_told(task, override, told, tmp_path):
    with pytest.raises(ConfigError, match=told):
        execute(config(tmp_path / "results", override, task=task))
    assert not (tmp_path / "results").exists()


def test_a_batch_larger_than_the_input_is_told(tmp_path):
    made = config(tmp_path, "searcher.region_batch_size=2000")
    with pytest.raises(RunFailed, match="holds 1 to 1797 images; received batch size 2000"):
        execute(made)


def test_every_supernet_measured_is_told_and_none_twice(tmp_path):
    setup, told = prepare(config(tmp_path)), []
    evaluate = proxy_scores(setup, SUPERNETS["te_nas"], LITTLE, lambda *words: told.append(words))(2)
    mask = setup.space.full_mask
    counted = evaluate.repeats["linear_regions"][1]
    first = counted([mask, spaces.without(mask, 0, 1), mask])
    assert first[0] == first[2]
    assert counted([mask])[0] == first[0]
    assert told == [("step 3, repeat 2: linear_regions", done, 2) for done in (0, 1)]
