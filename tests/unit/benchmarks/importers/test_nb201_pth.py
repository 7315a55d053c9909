from __future__ import annotations

import copy
import os

import numpy as np
import pytest
import torch
from nas_201_api import NASBench201API

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import _nb201, nb201_pth
from harness.errors import DataError

ARCHITECTURES = [
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|",
]
SEEDS = [[777, 888, 999], [888], [777, 999]]
DATASETS = ("cifar10-valid", "cifar10", "cifar100", "ImageNet16-120")


@pytest.fixture
def content(results_state):
    infos = {
        index: {
            "less": results_state(index, arch, 12, {dataset: [111] for dataset in DATASETS}),
            "full": results_state(index, arch, 200, {dataset: SEEDS[index] for dataset in DATASETS}),
        }
        for index, arch in enumerate(ARCHITECTURES)
    }
    return {"meta_archs": ARCHITECTURES, "arch2infos": infos, "evaluated_indexes": {0, 1, 2}}


@pytest.fixture(params=["zip", "legacy"])
def save(request, tmp_path):
    def make(content):
        path = tmp_path / "NAS-Bench-201-v1_1-096897.pth"
        torch.save(content, path, _use_new_zipfile_serialization=request.param == "zip")
        return path

    return make


def imported(source, tmp_path):
    importers.write(nb201_pth.read(source, partial=True), tmp_path / "out")
    return benchmarks.load_table("nb201", tmp_path / "out")


def test_agrees_with_the_authors_package(save, content, tmp_path, monkeypatch):
    monkeypatch.setattr(nb201_pth, "CHUNK", 2)
    path = save(content)
    with pytest.raises(Exception, match="Weights only load failed"):
        torch.load(path)
    table, space = imported(path, tmp_path), spaces.load("nb201")
    api = NASBench201API(content, verbose=False)
    archs = [space.parse(text) for text in ARCHITECTURES]
    for label, dataset, subset, hp in (
        ("cifar10_test_200", "cifar10", "ori-test", "200"),
        ("cifar10_valid_200", "cifar10-valid", "x-valid", "200"),
        ("cifar10_valid_run_test_200", "cifar10-valid", "ori-test", "200"),
        ("cifar100_test_200", "cifar100", "x-test", "200"),
        ("cifar100_valid_200", "cifar100", "x-valid", "200"),
        ("imagenet16_120_test_200", "ImageNet16-120", "x-test", "200"),
        ("imagenet16_120_valid_200", "ImageNet16-120", "x-valid", "200"),
        ("cifar10_test_12", "cifar10", "ori-test", "12"),
        ("imagenet16_120_valid_12", "ImageNet16-120", "x-valid", "12"),
    ):
        expected = [
            api.query_meta_info_by_index(index, hp).get_metrics(dataset, subset)["accuracy"]
            for index in range(3)
        ]
        np.testing.assert_allclose(table.values(archs, label), expected, rtol=1e-14)
    costs = [api.get_cost_info(index, "cifar10", hp="200") for index in range(3)]
    np.testing.assert_array_equal(table.params(archs), [round(cost["params"] * 1e6) for cost in costs])
    np.testing.assert_array_equal(table.flops(archs), [round(cost["flops"] * 1e6) for cost in costs])
    single = api.query_meta_info_by_index(2, "200").get_metrics("cifar100", "x-test", is_random=999)
    assert table.runs(archs, "cifar100_test_200")[2, 1] == single["accuracy"]
    assert np.isnan(table.runs(archs, "cifar10_test_200")).sum() == 3


def test_the_release_is_known_by_its_numbers_of_runs(save, content, monkeypatch):
    monkeypatch.setattr(nb201_pth, "RELEASES", {(1, 1, 1): "v-three", (2225, 5439, 7961): "v1.1"})
    (table,) = nb201_pth.read(save(content), partial=True)
    assert table.release == "v-three"
    monkeypatch.setattr(nb201_pth, "RELEASES", {(2225, 5439, 7961): "v1.1"})
    (table,) = nb201_pth.read(save(content), partial=True)
    assert table.release == "NAS-Bench-201, release not known"


def test_v1_1_keeps_the_committed_labels(save, content, tmp_path, monkeypatch):
    class Counts(dict):
        def get(self, key, default=None):
            return "NAS-Bench-201 v1.1"

    monkeypatch.setattr(nb201_pth, "RELEASES", Counts(nb201_pth.RELEASES))
    table = imported(save(content), tmp_path)
    runs = table.runs(table.held, "cifar10_test_200")
    for reduce, expected in (("mean", np.nanmean(runs, axis=1)), ("max", np.nanmax(runs, axis=1))):
        values = table.values(table.held, f"cifar10_test_200_v1_1_{reduce}")
        np.testing.assert_allclose(values, expected, rtol=1e-14)
    labels = benchmarks.load("nb201").labels.items()
    own = {name for name, label in labels if label.metric == "accuracy" and "one_seed" not in name}
    assert own <= set(table.labels)


def test_a_partial_release_must_be_meant(save, content, monkeypatch):
    with pytest.raises(DataError, match="holds 3 of 15,625 architectures"):
        nb201_pth.read(save(content))
    monkeypatch.setattr(_nb201, "SIZE", 3)
    (table,) = nb201_pth.read(save(content))
    assert not table.partial


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_nothing_in_a_hostile_file_runs(save, content, tmp_path):
    path = save(content | {"evaluated_indexes": Harm(tmp_path / "ran")})
    with pytest.raises(DataError, match="holds something else than plain figures"):
        nb201_pth.read(path, partial=True)
    assert not (tmp_path / "ran").exists()
    torch.load(path, weights_only=False)
    assert (tmp_path / "ran").exists(), "the file was meant to be harmful"


def test_a_damaged_file(save, content, tmp_path):
    path = save(content)
    data = path.read_bytes()
    for damaged in (b"", data[: len(data) // 2], data[:20], b"\x00" * 100, b"PK\x03\x04" + bytes(100)):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="damaged|is empty, not NAS-Bench-201's") as caught:
            nb201_pth.read(path, partial=True)
        assert "weights_only" not in str(caught.value)
    with pytest.raises(DataError, match="There is no file"):
        nb201_pth.read(tmp_path / "nowhere.pth")


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (lambda content: content.pop("meta_archs"), "lacks meta_archs"),
        (lambda content: content.update(arch2infos=[]), "lacks arch2infos"),
        (lambda content: content.pop("evaluated_indexes"), "lacks evaluated_indexes"),
        (lambda content: content["arch2infos"].clear(), "holds 0 of 15,625"),
        (lambda content: content["arch2infos"][1].pop("full"), "KeyError: 'full'"),
        (lambda content: content["arch2infos"][1].update(full=3), "ValueError"),
        (lambda content: content["arch2infos"][1]["full"].pop("all_results"), "KeyError"),
        (
            lambda content: content["arch2infos"][1]["full"].update(arch_str=ARCHITECTURES[0]),
            "entry 1 is not",
        ),
        (lambda content: content["arch2infos"].update({7: content["arch2infos"][1]}), "IndexError"),
        (lambda content: content["arch2infos"][1]["full"]["all_results"].clear(), "KeyError"),
        (
            lambda content: content["arch2infos"][1]["full"]["all_results"]["cifar10", 888].pop(
                "eval_acc1es"
            ),
            "ori-test@199: an accuracy lies between 0 and 100, received 'None'",
        ),
    ],
)
def test_a_dictionary_of_another_shape(tmp_path, content, alter, reason):
    altered = copy.deepcopy(content)
    alter(altered)
    path = tmp_path / "altered.pth"
    torch.save(altered, path)
    with pytest.raises(DataError, match=reason):
        nb201_pth.read(path, partial=True)


def test_another_object(tmp_path):
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(DataError, match="lacks meta_archs"):
        nb201_pth.read(tmp_path / "list.pth", partial=True)
