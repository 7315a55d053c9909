"""Members by hand, an ensemble trained beside one network, taken up again, reported; and what cannot be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from harness import networks, records, spaces
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError
from harness.networks._binary import XnorConv2d
from harness.reports.analysis.groups import collect
from harness.reports.tables import ensemble as tables
from harness.runners import _members, execute
from harness.runners.ensemble import TASK
from harness.runs import _trainer
from harness.runs._ensembles import ensembles_of

LEARNING = (
    "task=ensemble", "task.children=3", "input=digits", "fidelity=tiny", "training.images=32",
    "training.batch_size=16", "training.epochs=1", "device=cpu",
)  # fmt: skip
SHRINKING = ("shrinker=potential_diversity", "shrinker.contexts=1", "shrinker.drop=4")
TRAINING = ("truth=train", "truth.fidelity=tiny", "truth.images=64", "truth.epochs=2")


def run(root, *overrides: str, space: str = "nb201", shrinking=SHRINKING, training=TRAINING):
    with composing():
        config = run_config([*LEARNING, *shrinking, *training, f"space={space}", *overrides])
    (outcome,) = execute(replace(config, results=str(root)))
    return outcome


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    root = tmp_path_factory.mktemp("ensemble")
    outcome = run(root, "truth.seeds=2", "task.split=3")
    return root, outcome, records.read_record(outcome.path)


class Supernet:
    """Class probabilities of four images by the architecture of a space of two layers."""

    body = ()

    def __init__(self, told):
        self.told, self.asked = told, []
        self.space = self.supernet = self.images = self

    def targets(self, half):
        return torch.tensor([0, 0, 0, 0])

    def path(self, mask, rng):
        return next(rng)

    def arch_of(self, path):
        return path

    normalise = mask_of = arch_of

    def outputs(self, arch):
        self.asked.append(arch)
        right = torch.tensor(self.told[arch])
        return torch.stack([right, 1 - right], 1)


def test_each_member_is_the_best_beside_those_before(monkeypatch):
    told = {
        ("best",): [0.9, 0.9, 0.9, 0.1],
        ("as right, and surer",): [0.95, 0.95, 0.95, 0.1],
        ("right where it is not",): [0.1, 0.6, 0.6, 0.95],
        ("worst",): [0.2, 0.2, 0.2, 0.2],
    }
    monkeypatch.setattr(networks, "shared_decisions", lambda supernet, split: frozenset())
    supernet = Supernet(told)
    drawn = iter([*told, ("worst",)])
    found = _members.picked(supernet, None, 2, 0, 5, drawn)
    assert found == [("as right, and surer",), ("right where it is not",)]
    assert sorted(supernet.asked) == sorted(told), "each is asked about once"


def test_members_have_the_first_ones_layers_before_the_split(monkeypatch):
    told = {((0,), (0,)): [0.9], ((1,), (1,)): [0.6], ((0,), (1,)): [0.7], ((1,), (0,)): [0.8]}
    monkeypatch.setattr(Supernet, "targets", lambda self, half: torch.tensor([0]))
    for shared, second in (({0}, ((0,), (1,))), ({0, 1}, ((0,), (0,)))):
        monkeypatch.setattr(networks, "shared_decisions", lambda supernet, split, own=shared: frozenset(own))
        drawn = iter([((0,), (0,)), ((1,), (1,))])
        assert _members.picked(Supernet(told), None, 2, 1, 2, drawn) == [((0,), (0,)), second]


def test_rows_are_the_figures_that_are_kept(done):
    root, _, record = done
    rows = record.rows
    assert rows["part"].tolist() == ["member", "member", "ensemble", "one", "alone"] * 2
    assert rows["number"].tolist() == [1, 2, 0, 0, 0] * 2
    assert rows["training"].tolist() == [0] * 5 + [1] * 5
    assert (rows["status"] == "ok").all()
    assert np.isfinite(rows["disagreement"]).tolist() == [False, False, True, False, False] * 2
    assert len([path for path in (root / "truth" / "nb201").glob("*.json") if "timing" not in path.name]) == 6
    assert record.run.settings["split"] == 3
    first, second = rows["arch"].iloc[:2]
    assert rows["arch"].iloc[2] == f"{first} + {second}"
    assert set(rows["arch"].iloc[3:5]) == {first}
    alone = networks.build(spaces.load("nb201"), spaces.load("nb201").parse(first), "tiny")
    assert rows["flops"].iloc[4] == rows["flops"].iloc[0] == networks.count_flops(alone, 16)
    assert rows["params"].iloc[4] == networks.count_parameters(alone)
    assert rows["flops"].iloc[2] > rows["flops"].iloc[0]


def test_statistics_by_hand(done):
    _, _, record = done
    accuracies = record.rows["accuracy"].to_numpy().reshape(2, 5)
    told, flops = record.statistics, record.rows["flops"].to_numpy()
    member, ensemble, one = accuracies[:, :2].mean(), accuracies[:, 2].mean(), accuracies[:, 3].mean()
    assert told["gain"] == pytest.approx(ensemble - one)
    assert told["over_members"] == pytest.approx(ensemble - member)
    assert told["best_member"] == pytest.approx(accuracies[:, :2].mean(0).max())
    assert told["alone"]["accuracy"] == pytest.approx(accuracies[:, 4].mean())
    assert told["flops_ratio"] == pytest.approx(flops[3] / flops[2])
    # Four candidates go in one step: all children of one context, then three whole ones, two of them again.
    assert told["paid"] == {"scores": 25 + len({*record.rows["arch"][:2]}) + 1, "queries": 0, "epochs": 2}


def test_what_came_to_nothing_has_no_gain():
    rows = {name: np.array([1.0, 2.0]) for name in ("number", "disagreement", "flops", "params")}
    rows |= {"part": np.array(["ensemble", "one"]), "accuracy": np.array([np.nan, 50.0])}
    told = TASK.statistics(rows)
    assert (told["gain"], told["one"]["accuracy"], told["best_member"]) == (None, 50.0, None)
    assert TASK.headline(told, str) == "a training came to nothing"


class Killed(BaseException):
    """What no code of the project expects."""


def test_cut_off_it_ends_with_the_same_bytes(done, tmp_path, monkeypatch):
    root, outcome, _ = done
    fit, ticks = _trainer.fit_network, []

    def dies(*arguments, **more):
        *first, tick, origin = arguments

        def counting():
            ticks.append(tick())
            if len(ticks) > 1:
                raise Killed

        return fit(*first, counting, origin, **more)

    with monkeypatch.context() as patch:
        patch.setattr(_trainer, "fit_network", dies)
        with pytest.raises(Killed):
            run(tmp_path, "truth.seeds=2", "task.split=3")
    assert list((tmp_path / "truth" / "nb201").glob("*.pt"))
    again = run(tmp_path, "truth.seeds=2", "task.split=3")
    assert again.path.read_bytes() == outcome.path.read_bytes()
    assert run(tmp_path, "truth.seeds=2", "task.split=3").status == "skipped"
    for path in (root / "truth" / "nb201").glob("*.json"):
        if "timing" not in path.name:
            assert (tmp_path / path.relative_to(root)).read_bytes() == path.read_bytes()


def test_its_table(done):
    root, outcome, record = done
    table, supernets = tables.tables(collect(root))
    (row,) = table.rows
    texts = dict(
        zip((column.title for column in table.columns), (cell.text for cell in row.cells), strict=True)
    )
    assert (texts["Members"], texts["Split"], texts["Seeds"]) == ("2", "3", "1")
    assert texts["Ensemble, %"] == f"{record.statistics['ensemble']['accuracy']:.2f}"
    assert row.cells[7].sort == pytest.approx(record.statistics["gain"])
    assert supernets.title == "Supernets trained for these scores"
    assert "times its multiply-adds" in outcome.headline


def test_layers_of_a_row_are_picked_with_what_they_share(tmp_path):
    record = records.read_record(run(tmp_path, space="nbmacro").path)
    first, second = record.rows["arch"].iloc[:2]
    assert record.run.settings["split"] == 4
    assert first[:4] == second[:4]
    assert first != second


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"training": ("truth=table",)}, "received truth=table: take truth=train"),
        ({"shrinking": ("shrinker=cp_nas",)}, "shrinker=cp_nas reads none that is trained"),
        ({"overrides": ("task.split=6",)}, "task.split is at most 5; received 6"),
        ({"overrides": ("task.members=1",)}, "task.members must be an integer from 2"),
        ({"space": "darts"}, "networks of darts are no row of layers"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, asked, words):
    with pytest.raises(ConfigError, match=words):
        run(tmp_path, *asked.pop("overrides", ()), **asked)


def test_a_dry_run_counts_members_as_trainings(tmp_path):
    told = run(tmp_path, "dry_run=true", "task.members=3").headline
    assert "; 7 trainings of" in told
    assert list(tmp_path.iterdir()) == []


def test_a_truth_of_binary_convolutions_is_that_of_every_network(tmp_path):
    with composing():
        config = run_config([*LEARNING, *SHRINKING, *TRAINING, "space=nb201", "truth.convolutions=xnor"])
    trainer = ensembles_of(replace(config, results=str(tmp_path)))
    arch = ((3,),) * 6
    for name in (trainer.ensemble([arch, arch], 2), trainer.widened(arch, 5), trainer.name(arch)):
        assert any(isinstance(layer, XnorConv2d) for layer in trainer.built(name, 0).modules())
