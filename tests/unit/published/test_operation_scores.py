"""Published operation scores: which set a run's settings mean, and how they are read."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest
import tomli_w

from harness import benchmarks, spaces
from harness.errors import ConfigError, DataError
from harness.folders import BENCHMARKS_DATA
from harness.published import operation_scores

POST = {
    "scorer.name": "zero_cost_pt",
    "proxy": "nwot_eval",
    "training.name": "darts",
    "task.progressive": True,
}


@pytest.fixture
def folder(tmp_path):
    """A copy of the manifest and of one file."""
    for name in ("MANIFEST.toml", "nb1shot1_1_operation_scores.parquet"):
        shutil.copyfile(BENCHMARKS_DATA / name, tmp_path / name)
    return tmp_path


def alter(folder, change):
    path = folder / "MANIFEST.toml"
    content = tomllib.loads(path.read_text())
    change(content["operation_scores"]["nb1shot1_1"])
    path.write_text(tomli_w.dumps(content))


@pytest.mark.parametrize("space", operation_scores.names())
def test_every_set_is_found_by_its_own_settings_alone_and_read(space):
    sets = operation_scores.entry(space).sets
    operations = [decision for decision in spaces.load(space).decisions if decision.kind == "operation"]
    for each in sets:
        assert operation_scores.find(space, {**each.settings, "batch_size": 64}) == each
        assert [other for other in sets if other.answers(each.settings)] == [each]
        for seed in each.seeds:
            found = operation_scores.load(space, each.name, seed)
            assert found.steps in (1, len(operations))
            assert set(found.chosen) in (set(), set(range(found.steps)))


@pytest.mark.parametrize("space", operation_scores.names())
def test_origin(space):
    entry = operation_scores.entry(space)
    assert entry.licence == "MIT"
    assert entry.source == "https://github.com/zerocostptnas/zerocost_operation_score"
    assert "48f48c9" in entry.release
    assert entry.citation
    assert all(each.source for each in entry.sets)


def test_trained_and_untrained_supernets_are_told_apart():
    assert operation_scores.find("nb201", POST).name == "zc_pt_nwot_post"
    assert operation_scores.find("nb201", POST | {"training.name": "none"}).name == "zc_pt_nwot"
    assert (
        operation_scores.find("nb201", POST | {"task.progressive": False}).name == "initial_zc_pt_nwot_post"
    )


def test_epochs_are_told_apart():
    tuned = {"scorer.name": "disc_acc", "training.name": "darts", "training.epochs": 100}
    for epochs in (5, 25):
        found = operation_scores.find("nb201", tuned | {"training.fine_tuning_epochs": epochs})
        assert found.name == f"disc_acc_ft{epochs}"
    for epochs in (60, 100):
        asked = {"scorer.name": "darts", "training.name": "darts", "training.epochs": epochs}
        assert operation_scores.find("nb201", asked).name == f"initial_darts_{epochs}"


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"scorer.name": "darts", "training.name": "darts", "training.epochs": 50},
            "No operation scores of nb201 with scorer=darts training=darts training.epochs=50 were "
            "published; there are with scorer=darts: scorer=darts training=darts training.epochs=60 (seed "
            "1); scorer=darts training=darts training.epochs=100 (seed 1). Take one of these, or "
            "source=measured.",
        ),
        (
            {"scorer.name": "te_nas"},
            "with scorer=te_nas were published; there are: scorer=zero_cost_pt proxy=",
        ),
        (
            POST | {"proxy": "nwot"},
            "with scorer=zero_cost_pt proxy=nwot training=darts task.progressive=true",
        ),
    ],
)
def test_what_was_never_published(asked, sentence):
    with pytest.raises(ConfigError) as raised:
        operation_scores.find("nb201", asked)
    assert sentence in str(raised.value)
    assert str(raised.value).count(". ") == 1


def test_without_a_scorer_of_that_name_everything_is_listed():
    with pytest.raises(ConfigError) as raised:
        operation_scores.find("nb201", {"scorer.name": "te_nas"})
    assert all(each.words in str(raised.value) for each in operation_scores.entry("nb201").sets)


def test_a_space_without_scores():
    with pytest.raises(
        ConfigError, match=r"No operation scores of nbmacro were published; .* nb1shot1_1, .*nb201"
    ):
        operation_scores.find("nbmacro", POST)


def test_a_seed_that_was_not_published():
    with pytest.raises(ConfigError, match=r"were published for seeds 0, 1; received seed 2: take one"):
        operation_scores.load("nb201", "zc_pt_nwot", 2)


def test_the_digest_is_checked(folder):
    path = folder / "nb1shot1_1_operation_scores.parquet"
    assert operation_scores.load("nb1shot1_1", "zc_pt_nwot", 0, folder).steps == 4
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"nb1shot1_1_operation_scores\.parquet is not the file the manifest"):
        operation_scores.load("nb1shot1_1", "zc_pt_nwot", 0, folder)


def test_a_seed_that_only_the_manifest_has(folder):
    alter(folder, lambda entry: entry["sets"][0].update(seeds=[0, 1, 2]))
    with pytest.raises(DataError, match="lacks the scores of zc_pt_nwot, seed 2"):
        operation_scores.load("nb1shot1_1", "zc_pt_nwot", 2, folder)


def test_scores_of_another_space(folder):
    other = operation_scores.entry("nb201").file

    def change(entry):
        entry["file"] = {"name": other.name, "sha256": other.sha256, "rows": other.rows}

    shutil.copyfile(BENCHMARKS_DATA / other.name, folder / other.name)
    alter(folder, change)
    with pytest.raises(DataError, match="nb1shot1_1 has no candidate none of 1<-0"):
        operation_scores.load("nb1shot1_1", "zc_pt_nwot", 0, folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda entry: entry.pop("licence"), "licence must be a TOML str, received nothing"),
        (lambda entry: entry["file"].update(name="../x.parquet"), "lying beside the manifest"),
        (lambda entry: entry.update(file=[]), "file must be a TOML dict"),
        (lambda entry: entry.update(sets=3), "sets must be a TOML list, received 3"),
        (lambda entry: entry["sets"][0].update(seeds=[]), "seeds must be a list of whole numbers"),
        (lambda entry: entry["sets"][0].update(seeds=[True]), "seeds must be a list of whole numbers"),
        (lambda entry: entry["sets"][0].update(lower_is_better=1), "lower_is_better must be a TOML bool"),
        (lambda entry: entry["sets"][0].update(name="disc_zc_nwot"), "two sets have the same name"),
    ],
)
def test_an_entry_of_another_shape(folder, change, reason):
    alter(folder, change)
    with pytest.raises(DataError, match=rf"MANIFEST\.toml, operation scores of nb1shot1_1.*{reason}"):
        operation_scores.entry("nb1shot1_1", folder)


def test_a_manifest_without_scores_is_a_manifest(folder):
    path = folder / "MANIFEST.toml"
    content = tomllib.loads(path.read_text())
    del content["operation_scores"]
    path.write_text(tomli_w.dumps(content))
    assert operation_scores.names(folder) == ()
    assert benchmarks.tables(folder) == benchmarks.names()


def test_reading_them_loads_neither_torch_nor_pandas():
    code = (
        "import sys; from harness.published import operation_scores as o; o.load('nb201', 'darts_pt', 0); "
        "print(sorted({'torch', 'pandas', 'scipy', 'hydra'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
