"""variant=as_released counts ReLUs as the released code does, in every task, and its records say so."""

from __future__ import annotations

import importlib
import json

import pandas as pd
import pytest

from harness import networks, spaces
from harness.cli._compose import composing, run_config
from harness.proxies import measure
from harness.runners import execute
from harness.runs.measured import batch, network
from harness.runs.setup import Setup, prepare
from harness.spaces import without

OP = ["task=op_correlation", "scorer=zero_cost_pt", "task.progressive=false"]
SEARCH = ["task=search", "searcher.proposals=2", "searcher.validation_batches=1"]
ARCH = ["task=arch_correlation", "task.population=5"]


def run(root, *overrides: str) -> tuple[dict, pd.DataFrame, Setup]:
    """The one record, its rows and what the run was set up with."""
    with composing():
        config = run_config(["fidelity=tiny", "batch_size=6", f"results={root}", *overrides])
    (outcome,) = execute(config)
    record = json.loads(outcome.path.read_text())
    return record, pd.read_parquet(outcome.path.with_name(record["rows"]["file"])), prepare(config)


@pytest.mark.parametrize("proxy", ["nwot", "nwot_eval"])
@pytest.mark.parametrize("space", ["nb201", "nb1shot1_1"])
def test_operation_scores_are_drops_of_the_released_kernel(space, proxy, tmp_path):
    settings = [*OP, f"space={space}", f"proxy={proxy}"]
    record, rows, setup = run(tmp_path, *settings, "variant=as_released")
    masking = networks.released_masking(setup.space)
    assert (record["settings"]["masking"], record["settings"]["counting"]) == (masking, "as_released")
    supernet = networks.build_supernet(setup.space, "tiny", setup.config.seed)
    images = batch(setup, "proposal", 0)

    def score(mask):
        found = measure(supernet.masked(mask, masking), images, [proxy], 0, counting="as_released")
        return found[proxy].value

    whole = setup.space.full_mask
    candidates = len(setup.space.decisions[0].candidates)
    expected = [score(whole) - score(without(whole, 0, index)) for index in range(candidates)]
    assert rows["score"].head(candidates).tolist() == pytest.approx(expected, abs=1e-9)
    once, others, _ = run(tmp_path, *settings, f"masking={masking}")
    assert "counting" not in once["settings"]
    assert once["identity"] != record["identity"]
    assert (others["score"] - rows["score"]).abs().max() > 1e-3


def test_a_search_validates_by_the_released_kernel(tmp_path):
    record, rows, setup = run(tmp_path, *SEARCH, "space=nb201", "proxy=nwot_eval", "variant=as_released")
    assert record["settings"]["counting"] == "as_released"
    validated = rows[rows["stage"] == "validation"]
    assert len(validated)
    for arch, found in zip(validated["arch"], validated["score"], strict=True):
        module, images = network(setup, setup.space.parse(arch)), batch(setup, "validation", 0)
        measured = measure(module, images, ["nwot_eval"], 0, counting="as_released")
        assert found == pytest.approx(measured["nwot_eval"].value, abs=1e-9)
    disc, _, _ = run(
        tmp_path, *SEARCH, "space=nb201", "proxy=nwot", "searcher=zero_cost_disc", "variant=as_released"
    )
    assert disc["settings"]["counting"] == "as_released"


def test_architectures_are_scored_by_the_released_kernel(tmp_path):
    settings = [*ARCH, "space=nb201", "proxy=nwot"]
    record, rows, setup = run(tmp_path, *settings, "variant=as_released")
    once, others, _ = run(tmp_path, *settings)
    assert record["settings"].pop("counting") == "as_released"
    assert record["settings"] == once["settings"]
    assert record["identity"] != once["identity"]
    scored = rows[rows["status"] == "ok"]
    assert len(scored)
    for arch, found in zip(scored["arch"], scored["score"], strict=True):
        module, images = network(setup, setup.space.parse(arch)), batch(setup, "batch", 0)
        measured = measure(module, images, ["nwot"], 0, counting="as_released")
        assert found == pytest.approx(measured["nwot"].value, abs=1e-9)
    assert (others["score"] - rows["score"]).abs().max() > 1


@pytest.mark.parametrize(
    ("settings", "counting"),
    [
        ([*ARCH, "space=nb201", "proxy=synflow"], None),
        ([*ARCH, "space=nb201", "proxy=vote", "proxy.of=[synflow,params]"], None),
        ([*ARCH, "space=nb201", "proxy=vote", "proxy.of=[nwot,params]"], "as_released"),
        ([*ARCH, "space=nbmacro", "proxy=nwot"], None),
        ([*OP, "space=nbmacro", "proxy=nwot"], None),
        ([*OP, "space=nb201", "proxy=params"], None),
        ([*OP, "space=nb201", "scorer=avg_acc"], None),
        (["task=search", "searcher=largest", "space=nb201"], None),
    ],
)
def test_where_the_counting_changes_nothing_it_names_no_run(settings, counting, tmp_path):
    record, _, _ = run(tmp_path, *settings, "variant=as_released")
    assert record["settings"].get("counting") == counting


def test_every_family_says_how_its_released_code_counts():
    families = {
        name: importlib.import_module(f"harness.networks.{spaces.load(name).family}")
        for name in spaces.names()
    }
    released = [name for name, family in families.items() if hasattr(family, "RELEASED_COUNTING")]
    found = {name: networks.released_counting(spaces.load(name)) for name in released}
    shot = dict.fromkeys(("nb1shot1_1", "nb1shot1_2", "nb1shot1_3"), "as_released")
    shot |= {name: "as_released" for name in found if name.startswith("darts")}
    assert found == {"nb201": "as_released", "nbmacro": "once", "mobilenet": "once", **shot}
