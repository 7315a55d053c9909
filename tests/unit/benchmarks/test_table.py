from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, spaces
from harness.benchmarks._label import UNTRAINED
from harness.errors import ConfigError, DataError, UnknownNameError
from harness.folders import BENCHMARKS_DATA

SIZES = {
    "nb201": (15_625, 15_625),
    "nbmacro": (6_561, 6_561),
    "nb1shot1_1": (3_702, 2_487),
    "nb1shot1_2": (12_474, 3_609),
    "nb1shot1_3": (135_900, 24_066),
    "nats_sss": (32_768, 32_768),
    "transnas_micro": (4_096, 4_096),
    "transnas_macro": (3_256, 3_256),
}


PARTIAL = ("darts", "darts_s5", "mnasnet")


def test_there_is_a_table_for_every_space():
    assert {*SIZES, *PARTIAL} <= set(benchmarks.tables()) <= set(benchmarks.names())


@pytest.mark.parametrize(("name", "sizes"), SIZES.items())
def test_every_listed_architecture_has_its_default_accuracy(committed, name, sizes):
    table, space = committed(name), spaces.load(name)
    assert (len(table), int(table.listed.sum())) == sizes
    values = table.values(table.keys, table.default_label.name)
    assert values.shape == (len(space.listing()),)
    assert values.dtype == np.float64
    assert ((values > 1) & (values < 95)).all()
    assert np.isfinite(table.params(table.keys)).all()


@pytest.mark.parametrize("name", SIZES)
def test_codes_and_architectures_look_up_the_same(committed, name):
    table, space = committed(name), spaces.load(name)
    archs = space.listing()[:: len(space.listing()) // 50]
    codes = np.array([space.key(arch) for arch in archs])
    label = table.default_label.name
    np.testing.assert_array_equal(table.values(archs, label), table.values(codes, label))
    assert table.value(archs[3], label) == table.values(archs, label)[3]


def test_all_encodings_of_a_cell_have_its_figures(committed):
    table, space = committed("nb1shot1_1"), spaces.load("nb1shot1_1")
    by_hash: dict[str, set[float]] = {}
    for arch in list(space.encodings())[::29]:
        by_hash.setdefault(space.canonical(arch), set()).add(table.value(arch, "cifar10_test_108"))
    assert len(by_hash) > 100
    assert all(len(values) == 1 for values in by_hash.values())


def test_known_figures(committed):
    macro = committed("nbmacro")
    best = spaces.load("nbmacro").parse("22212220")
    assert macro.value(best, "cifar10_test_50") == pytest.approx(93.12666320800781, abs=1e-12)
    nb201, space = committed("nb201"), spaces.load("nb201")
    values = nb201.values(nb201.keys, "cifar10_test_200")
    assert space.format(space.listing()[int(values.argmax())]) == (
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|nor_conv_3x3~2|"
    )
    assert values.max() == 94.3733
    assert nb201.values(nb201.keys, "cifar100_test_200").max() == 73.5133
    assert nb201.values(nb201.keys, "imagenet16_120_test_200").max() == 47.3111


def test_runs_of_nb201(committed):
    table = committed("nb201")
    runs = table.runs(table.held, "cifar10_test_200")
    assert runs.shape == (15_625, 3)
    counts = np.bincount((~np.isnan(runs)).sum(axis=1))
    assert counts.tolist() == [0, 2225, 5439, 7961]
    mean = table.values(table.held, "cifar10_test_200_v1_1_mean")
    np.testing.assert_allclose(mean, np.nanmean(runs, axis=1), rtol=1e-14)
    best = table.values(table.held, "cifar10_test_200_v1_1_max")
    np.testing.assert_array_equal(best, np.nanmax(runs, axis=1))
    second = table.values(table.held, "cifar10_test_200_run2")
    np.testing.assert_array_equal(second, runs[:, 1])
    difference = np.abs(mean - table.values(table.held, "cifar10_test_200"))
    assert int((difference > 1e-3).sum()) == 2_416
    assert difference.max() == pytest.approx(2.22, abs=0.005)
    assert "v1.1" in table.label("cifar10_test_200").runs
    assert table.runs(table.held[:3], "cifar100_test_200") is None


def test_the_mean_of_nbmacro_is_the_mean_of_its_runs(committed):
    table = committed("nbmacro")
    runs = table.runs(table.held, "cifar10_test_50")
    np.testing.assert_allclose(table.values(table.held, "cifar10_test_50"), runs.mean(axis=1), rtol=1e-14)
    singles = [table.values(table.held, f"cifar10_test_50_run{run}") for run in (1, 2, 3)]
    np.testing.assert_array_equal(np.stack(singles, axis=1), runs)


def test_nb1shot1_has_neither_runs_nor_flops(committed):
    table = committed("nb1shot1_1")
    assert table.runs(table.held[:2], "cifar10_test_108") is None
    assert np.isnan(table.flops(table.held[:2])).all()
    assert np.isnan(committed("nb201").flops(committed("nb201").held)).sum() == 15_625 - 9_445


def test_no_architectures_give_no_figures(committed):
    table = committed("nb201")
    assert table.values([], "cifar10_test_200").shape == (0,)
    assert table.runs(np.array([], int), "cifar10_test_200").shape == (0, 3)


@pytest.mark.parametrize("name", SIZES)
def test_every_label_is_explained_and_belongs_to_a_known_dataset(committed, name):
    table = committed(name)
    for label in table.labels.values():
        assert table.dataset(label.name) == table.datasets[label.dataset]
        assert label.split in ("test", "valid", UNTRAINED)
        assert label.runs
        assert label.source
        if label.split == UNTRAINED:
            assert label.name.startswith(f"{label.dataset}_{label.metric.partition(' ')[0]}_")
        else:
            assert label.name.startswith(f"{label.dataset}_{label.split}") or "_valid_run_test" in label.name
            assert str(label.epochs) in label.name
        assert np.isfinite(table.values(table.held, label.name)).any()


def test_datasets(committed):
    known = committed("nb201").datasets
    assert {name: (facts.classes, facts.image_size) for name, facts in known.items()} == {
        "cifar10": (10, 32),
        "cifar100": (100, 32),
        "imagenet16_120": (120, 16),
    }


def test_unknown_names(committed):
    table = committed("nb201")
    with pytest.raises(
        UnknownNameError, match=r"label of nb201 'cifar10_tset_200'.*Did you mean 'cifar10_test_200'"
    ):
        table.values(table.held, "cifar10_tset_200")
    with pytest.raises(UnknownNameError, match="imagenet16_120_test_200"):
        table.runs(table.held, "accuracy")
    with pytest.raises(UnknownNameError, match="Did you mean 'nb201'"):
        benchmarks.load("nb2o1")
    with pytest.raises(UnknownNameError, match="Allowed: darts, darts_s5, "):
        benchmarks.load("imagenet")


def test_wrong_architectures(committed):
    table = committed("nb201")
    with pytest.raises(ConfigError, match="makes 6 decisions; received 2"):
        table.value(((0,), (1,)), "cifar10_test_200")
    with pytest.raises(ConfigError, match="candidates 0 to 4"):
        table.value(((0,), (1,), (2,), (3,), (4,), (5,)), "cifar10_test_200")
    for archs in (5, "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|", {"1<-0": "none"}):
        with pytest.raises(ConfigError, match="Several architectures are a list of them"):
            table.values(archs, "cifar10_test_200")
    with pytest.raises(ConfigError, match=r"An architecture of nb201 is .*; received \(4, 0, 3\)"):
        table.value((4, 0, 3), "cifar10_test_200")
    with pytest.raises(DataError, match=r"one-dimensional integer array of keys.*float64"):
        table.flops(np.array([1.0]))


def test_what_is_not_held_is_not_known(committed):
    table = committed("nb201")
    known, unknown = table.values(np.array([3, 15_625]), "cifar10_test_200")
    assert np.isfinite(known)
    assert np.isnan(unknown)
    assert np.isnan(table.runs(np.array([-1]), "cifar10_test_200")).all()
    assert np.isnan(table.params(np.array([-1]))).all()


@pytest.mark.parametrize("name", SIZES)
def test_what_can_be_drawn_is_the_space_s_list(committed, name):
    table, space = committed(name), spaces.load(name)
    assert table.complete
    assert table.architectures == space.listing()
    assert table.keys.tolist() == [space.key(arch) for arch in space.listing()]
    assert (table.population.space, table.population.size) == (space, len(space.listing()))


def test_a_label_s_digest_is_of_its_figures_alone(committed):
    table = committed("nb201")
    digests = {name: table.digest(name) for name in table.labels}
    twice = {"cifar10_latency_fpga", "cifar10_energy_fpga"}  # those of CIFAR-100 too
    assert len(set(digests.values())) == len(digests) - len(twice)
    changed = {
        **table.figures,
        "cifar100_test_200": table.figures["cifar100_test_200"] + 1,
        "new": table.held,
    }
    other = replace(table, figures=changed, _values={})
    assert {name for name in digests if other.digest(name) != digests[name]} == {"cifar100_test_200"}


def test_architectures_in_any_form_that_people_have(committed):
    table = committed("nb201")
    text = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|"
    forms = [text, (2, 2, 0, 4, 3, 0), [[3], [3], [4], [1], [2], [1]], table.space.parse(text)]
    assert [round(each, 4) for each in table.values(forms, "cifar10_test_200")] == [93.3967] * 4
    assert table.params(forms).tolist() == [table.params([text])[0]] * 4


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("cifar10", "cifar10_test_200"),
        ("cifar100", "cifar100_test_200"),
        ("ImageNet16-120", "imagenet16_120_test_200"),
        ("cifar10-valid", "cifar10_valid_200"),
    ],
)
def test_a_data_set_in_place_of_a_label_means_the_longest_training(committed, asked, meant):
    with pytest.raises(UnknownNameError, match=f"Did you mean '{meant}'"):
        committed("nb201").label(asked)
    with pytest.raises(UnknownNameError, match=f"Did you mean '{meant}'"):
        benchmarks.require_label("nb201", asked)
    benchmarks.require_label("nb201", meant)


def test_results_are_copies(committed):
    table = committed("nb201")
    first = table.values(table.held, "cifar10_test_200")
    first[:] = 0
    assert table.values(table.held, "cifar10_test_200").min() > 1


def test_tables_do_not_import_torch_nor_pandas():
    code = (
        "import sys; from harness import benchmarks as b; b.load('nb201'); b.load('nb1shot1_3'); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=BENCHMARKS_DATA.parent, check=False).returncode == 0
    )


def test_every_row_of_nb201_is_the_source_s(committed, shared):
    table, space = committed("nb201"), spaces.load("nb201")
    text = gzip.decompress((shared / "data" / "nb201" / "accuracy.csv.gz").read_bytes()).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    archs = [space.parse(row["arch"]) for row in rows]
    assert len(set(archs)) == 15_625
    single = [name for name in table.labels if table.labels[name].columns == (name,) and name in rows[0]]
    assert len(single) == 14
    for name in single:
        expected = [float(row[name] or "nan") for row in rows]
        np.testing.assert_array_equal(table.values(archs, name), expected)
    millions = [float(row["params_millions_cifar10"]) for row in rows]
    np.testing.assert_array_equal(table.params(archs), [round(value * 1e6) for value in millions])
    flops = [float(row["flops_millions_cifar10"] or "nan") for row in rows]
    np.testing.assert_allclose(table.flops(archs) / 1e6, flops, rtol=1e-14)


def test_every_row_of_nbmacro_is_the_source_s(committed, shared):
    table, space = committed("nbmacro"), spaces.load("nbmacro")
    content = json.loads((shared / "data" / "nbmacro" / "nas-bench-macro_cifar10.json").read_text())
    archs = [space.parse(text) for text in content]
    fields = list(content.values())
    assert len(set(archs)) == 6_561
    np.testing.assert_array_equal(
        table.values(archs, "cifar10_test_50"), [field["mean_acc"] for field in fields]
    )
    np.testing.assert_array_equal(
        table.runs(archs, "cifar10_test_50"), [field["test_acc"] for field in fields]
    )
    np.testing.assert_array_equal(table.params(archs), [field["params"] for field in fields])
    np.testing.assert_array_equal(table.flops(archs), [field["flops"] for field in fields])


@pytest.mark.parametrize("number", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_every_listed_row_of_nb1shot1_is_the_source_s(committed, shared, number):
    table, space = committed(f"nb1shot1_{number}"), spaces.load(f"nb1shot1_{number}")
    path = shared / "data" / "nb1shot1" / f"space{number}_without_loose_ends.csv.gz"
    with gzip.open(path, "rt") as stream:
        rows = list(csv.DictReader(stream))
    expected = {row["module_hash"]: float(row["mean_test_acc_108"]) * 100 for row in rows}
    assert len(rows) == len(space.listing())
    values = table.values(table.keys, "cifar10_test_108")
    received = {
        space.canonical(arch): value for arch, value in zip(space.listing(), values.tolist(), strict=True)
    }
    assert received == expected


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_encoding_of_nb1shot1_has_its_cell_s_figures(committed, shared, number):
    import pyarrow.parquet as pq

    table, space = committed(f"nb1shot1_{number}"), spaces.load(f"nb1shot1_{number}")
    source = pq.read_table(shared / "data" / "nb101" / "test108.parquet").to_pydict()
    means = dict(zip(source["module_hash"], source["mean_test_acc_108"], strict=True))
    params = dict(zip(source["module_hash"], source["params"], strict=True))
    classes = {}
    for arch in space.encodings():
        classes.setdefault(space.key(arch), arch)
    assert sorted(classes) == table.held.tolist()
    hashes = [space.canonical(classes[code]) for code in table.held.tolist()]
    np.testing.assert_array_equal(
        table.values(table.held, "cifar10_test_108"), [means[cell] * 100 for cell in hashes]
    )
    np.testing.assert_array_equal(table.params(table.held), [params[cell] for cell in hashes])
    assert {1: 2_685, 2: 7_773, 3: 55_854}[number] == len(set(hashes))
