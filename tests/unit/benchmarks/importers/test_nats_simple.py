from __future__ import annotations

import bz2
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import _nb201, nats_simple
from harness.errors import DataError

ARCHITECTURES = [
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|",
]
SEEDS = [
    {
        "cifar10-valid": [777, 888, 999],
        "cifar10": [777, 888, 999],
        "cifar100": [777],
        "ImageNet16-120": [777],
    },
    {"cifar10-valid": [888], "cifar10": [888], "cifar100": [777, 888], "ImageNet16-120": [777]},
    {"cifar10-valid": [999, 777], "cifar10": [999, 777], "cifar100": [888], "ImageNet16-120": [888]},
]
SHORT = {"cifar10-valid": [111, 777], "cifar10": [111], "cifar100": [111], "ImageNet16-120": [111]}


@pytest.fixture
def states(results_state):
    return [
        OrderedDict(
            {
                "12": results_state(index, arch, 12, SHORT),
                "200": results_state(index, arch, 200, SEEDS[index]),
            }
        )
        for index, arch in enumerate(ARCHITECTURES)
    ]


@pytest.fixture
def release(tmp_path, states):
    folder = tmp_path / "NATS-tss-v1_0-3ffb9-simple"
    folder.mkdir()
    meta = {"meta_archs": ARCHITECTURES, "total_archs": 3, "arch2infos": None, "evaluated_indexes": set()}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    for index, state in enumerate(states):
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(state, 4)))
    return folder


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(_nb201, "SIZE", 3)


def imported(source, tmp_path, partial=True):
    importers.write(nats_simple.read(source, partial), tmp_path / "out")
    return benchmarks.load_table("nb201", tmp_path / "out")


def accuracies(state, epochs, dataset, evaluated):
    results = state[str(epochs)]["all_results"]
    return [
        results[key]["eval_acc1es"][f"{evaluated}@{epochs - 1}"]
        for key in sorted(results)
        if key[0] == dataset
    ]


@pytest.mark.parametrize(
    ("label", "epochs", "dataset", "evaluated"),
    [
        ("cifar10_test_200", 200, "cifar10", "ori-test"),
        ("cifar10_valid_200", 200, "cifar10-valid", "x-valid"),
        ("cifar10_valid_run_test_200", 200, "cifar10-valid", "ori-test"),
        ("cifar100_test_200", 200, "cifar100", "x-test"),
        ("cifar100_valid_200", 200, "cifar100", "x-valid"),
        ("imagenet16_120_test_200", 200, "ImageNet16-120", "x-test"),
        ("imagenet16_120_valid_200", 200, "ImageNet16-120", "x-valid"),
        ("cifar10_test_12", 12, "cifar10", "ori-test"),
        ("cifar10_valid_12", 12, "cifar10-valid", "x-valid"),
        ("cifar100_valid_12", 12, "cifar100", "x-valid"),
        ("imagenet16_120_test_12", 12, "ImageNet16-120", "x-test"),
    ],
)
def test_labels_are_means_over_seeds(release, tmp_path, states, label, epochs, dataset, evaluated):
    table, space = imported(release, tmp_path), spaces.load("nb201")
    archs = [space.parse(text) for text in ARCHITECTURES]
    expected = [accuracies(state, epochs, dataset, evaluated) for state in states]
    np.testing.assert_allclose(
        table.values(archs, label), [np.mean(values) for values in expected], rtol=1e-14
    )
    runs = table.runs(archs, label)
    most = max(map(len, expected))
    if most == 1:
        assert runs is None
    else:
        padded = [values + [np.nan] * (most - len(values)) for values in expected]
        np.testing.assert_array_equal(runs, padded)
        for number in range(most):
            single = table.values(archs, f"{label}_run{number + 1}")
            np.testing.assert_array_equal(single, runs[:, number])


def test_costs_and_origin(release, tmp_path):
    table = imported(release, tmp_path)
    archs = [spaces.load("nb201").parse(text) for text in ARCHITECTURES]
    assert table.params(archs).tolist() == [100_000, 1_100_000, 2_100_000]
    assert table.flops(archs).tolist() == [11_715_210] * 3
    assert table.description.importer == "nats_simple"
    assert table.default_label.name == "cifar10_test_200"
    assert "NATS-Bench" in table.label("cifar10_test_200").source


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([0.316346, 0.802426, 0.802426], 802_426),  # what most runs state, and the network has
        ([0.316346, 0.316346, 0.802426], 802_426),  # the network's own count
        ([0.802426], 802_426),
        ([0.1, 0.2, 0.2], 200_000),  # nobody states the network's
    ],
)
def test_runs_that_state_the_cost_of_another_network(stated, expected):
    arch = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|nor_conv_3x3~0|none~1|skip_connect~2|"
    runs = [_nb201.Run({}, params, params * 100) for params in stated]
    assert _nb201._costs(arch, runs) == {"params": expected, "flops": expected * 100}


def test_verify_notices_the_cost_of_another_network(release, tmp_path):
    faults = benchmarks.verify(imported(release, tmp_path), tmp_path / "out")
    assert "params of 3 rows are those of another network" in faults


def test_a_complete_release_needs_no_flag(release, tmp_path, small):
    assert not imported(release, tmp_path, partial=False).description.partial


def test_a_partial_release_must_be_meant(release, tmp_path):
    with pytest.raises(DataError, match=r"holds 3 of 15,625 architectures; fetch the complete .* --partial"):
        nats_simple.read(release)
    (release / "000001.pickle.pbz2").unlink()
    table = imported(release, tmp_path)
    assert table.description.partial
    assert len(table) == 2
    assert not table.complete
    assert len(table.architectures) == len(table.keys) == 2
    assert np.isnan(table.value(spaces.load("nb201").parse(ARCHITECTURES[1]), "cifar10_test_200"))


def change(release, alter):
    path = release / "000001.pickle.pbz2"
    state = pickle.loads(bz2.decompress(path.read_bytes()))
    alter(state)
    path.write_bytes(bz2.compress(pickle.dumps(state, 4)))


def run_of(state):
    return state["200"]["all_results"]["cifar10", 888]


@pytest.mark.parametrize(
    ("alter", "reason"),
    [
        (lambda state: state.pop("200"), "KeyError: '200'"),
        (lambda state: state["200"].pop("all_results"), "all_results"),
        (lambda state: state["200"].update(all_results=[1, 2]), "AttributeError"),
        (lambda state: state["200"]["all_results"].clear(), "no run on cifar10 of 200 epochs"),
        (lambda state: state["12"].update(arch_str=ARCHITECTURES[0]), "expected .none~0.+received .avg_pool"),
        (lambda state: run_of(state)["eval_acc1es"].pop("ori-test@199"), "received 'None'"),
        (
            lambda state: run_of(state)["eval_acc1es"].update({"ori-test@199": 101.0}),
            "between 0 and 100.*101",
        ),
        (lambda state: run_of(state)["eval_acc1es"].update({"ori-test@199": float("nan")}), "received 'nan'"),
        (lambda state: run_of(state)["eval_acc1es"].update({"ori-test@199": "90"}), "between 0 and 100"),
        (lambda state: run_of(state).update(params=float("inf")), "OverflowError"),
        (lambda state: run_of(state).update(flop=None), "TypeError"),
        (lambda state: run_of(state).update(params=10**400), "OverflowError: int too large"),
    ],
)
def test_results_of_another_shape(release, alter, reason):
    change(release, alter)
    with pytest.raises(DataError, match=rf"000001\.pickle\.pbz2 .*{reason}"):
        nats_simple.read(release, partial=True)


def test_damaged_files(release):
    path = release / "000001.pickle.pbz2"
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], content[:-1], b"BZh9" + bytes(50), os.urandom(200)):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"000001\.pickle\.pbz2"):
            nats_simple.read(release, partial=True)


def test_a_bomb_is_not_unpacked(release, monkeypatch):
    monkeypatch.setattr(nats_simple, "FILE_LIMIT", 1 << 20)
    (release / "000001.pickle.pbz2").write_bytes(bz2.compress(bytes(1 << 22)))
    with pytest.raises(DataError, match=r"000001.*holds more than the 1,048,576 bytes"):
        nats_simple.read(release, partial=True)


class Harm:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("name", ["000001.pickle.pbz2", "meta.pickle.pbz2"])
def test_nothing_in_a_hostile_file_runs(release, tmp_path, name):
    harmful = pickle.dumps({"200": Harm(str(tmp_path / "ran")), "meta_archs": Harm(str(tmp_path / "ran"))}, 4)
    (release / name).write_bytes(bz2.compress(harmful))
    with pytest.raises(DataError, match=rf"{name} .*posix\.mkdir.*nothing in it was run"):
        nats_simple.read(release, partial=True)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "meta",
    [{}, [], {"meta_archs": "abc"}, {"meta_archs": [1]}, {"meta_archs": []}, {"meta_archs": ["a"] * 15_626}],
)
def test_meta_of_another_shape(release, meta):
    (release / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    with pytest.raises(DataError, match=r"meta\.pickle\.pbz2 .*meta_archs"):
        nats_simple.read(release, partial=True)


def test_one_architecture_twice(release, states):
    meta = {"meta_archs": [ARCHITECTURES[0]] * 2}
    (release / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    (release / "000001.pickle.pbz2").write_bytes((release / "000000.pickle.pbz2").read_bytes())
    with pytest.raises(DataError, match="twice"):
        nats_simple.read(release, partial=True)


def test_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match=r"There is no .*nowhere"):
        nats_simple.read(tmp_path / "nowhere")


def test_the_authors_own_fixture(shared, tmp_path):
    fixture = shared / "data" / "fixtures" / "NATS-tss-v1_0-3ffb9-simple"
    table = imported(fixture, tmp_path)
    meta = pickle.loads(bz2.decompress((fixture / "meta.pickle.pbz2").read_bytes()))["meta_archs"]
    space = spaces.load("nb201")
    archs = [space.parse(meta[index]) for index in (0, 11, 284)]

    def check(label, *expected):
        np.testing.assert_allclose(table.values(archs, label), expected, atol=5e-5)

    check("cifar10_test_200", 85.8633, 91.5833, 88.79)
    check("cifar100_test_200", 52.9133, 67.6067, 62.14)
    check("imagenet16_120_test_200", 26.6333, 30.1667, 32.4667)
    assert table.value(archs[1], "cifar10_valid_200") == pytest.approx(87.94, abs=1e-4)
    assert table.value(archs[1], "cifar10_valid_run_test_200") == pytest.approx(87.65, abs=1e-4)
    assert table.value(archs[1], "cifar100_valid_200") == pytest.approx(67.4533, abs=1e-4)
    assert table.params(archs).tolist() == [129_306, 802_426, 101_306]
    assert table.flops(archs).tolist() == [15_647_370, 113_951_370, 11_715_210]
    committed = benchmarks.load("nb201")
    for label in committed.labels.values():
        if label.name in table.labels:
            np.testing.assert_allclose(
                table.values(archs, label.name), committed.values(archs, label.name), atol=5e-5
            )
    assert of_nats_bench(committed.labels) - set(table.labels) == {
        "cifar10_test_200_v1_1_max", "cifar10_test_200_v1_1_mean",
    }  # fmt: skip


def of_nats_bench(labels):
    """The names of ``labels`` whose figures NAS-Bench-201's and NATS-Bench's authors have published."""
    return {name for name, label in labels.items() if label.metric == "accuracy" and "one_seed" not in name}
