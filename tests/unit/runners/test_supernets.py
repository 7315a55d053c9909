"""Operation scores averaged over several supernets."""

from __future__ import annotations

import pytest

from harness import records
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError
from harness.runners import check, execute
from harness.scorers import averaged

SMALL = ("space=nbmacro", "proxy=nwot", "fidelity=tiny", "batch_size=4", "device=cpu", "threads=1")
SCORES = ("task=op_correlation", "task.progressive=false")


def config(*overrides):
    with composing():
        return run_config([*SMALL, *overrides])


def run(root, *overrides):
    (outcome,) = execute(config(f"results={root}", *overrides))
    return records.read_record(outcome.path)


def test_one_supernet_is_the_run_that_it_was(tmp_path):
    assert not {"supernets", "scale"} & run(tmp_path, *SCORES).run.settings.keys()


@pytest.mark.parametrize("scale", ["z", "rank", "raw"])
def test_the_mean_of_supernets_with_weights_and_batches_of_their_own(tmp_path, monkeypatch, scale):
    from harness.searchers import _tools

    taken = []
    monkeypatch.setattr(_tools, "averaged", lambda each, how: taken.append(each) or averaged(each, how))
    record = run(tmp_path, *SCORES, "supernets=3", f"scale={scale}")
    alone = run(tmp_path, *SCORES)
    assert (record.run.settings["supernets"], record.run.settings["scale"]) == (3, scale)
    each = [
        [score.value for supernets in taken for score in supernets[number].values()] for number in range(3)
    ]
    assert each[0] == pytest.approx(alone.rows.score.tolist())
    assert each[1] != each[0] != each[2] != each[1]
    expected = [score.value for each in taken for score in averaged(each, scale).values()]
    assert record.rows.score.tolist() == pytest.approx(expected)


def test_a_search_counts_every_supernet(tmp_path):
    asked = ("task=search", "searcher.proposals=1")
    one, three = run(tmp_path, *asked), run(tmp_path, *asked, "supernets=3")
    assert three.statistics["evaluations"] == 3 * one.statistics["evaluations"]
    assert three.statistics["accuracy"] is not None


@pytest.mark.parametrize(
    "overrides",
    [
        ("task=arch_correlation",),
        ("task=search", "searcher=random_search"),
        ("task=op_correlation", "scorer=te_nas"),
        ("task=op_correlation", "training=darts", "input=digits"),
    ],
)
def test_for_one_proxy_of_untrained_supernets_alone(overrides):
    with pytest.raises(ConfigError, match="received supernets=2"):
        check(config("supernets=2", *overrides))
