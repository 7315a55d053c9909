"""The importer of published operation scores: small files in the authors' shapes, and the committed files."""

from __future__ import annotations

import csv
import math

import pytest

from harness import spaces
from harness.benchmarks import importers
from harness.benchmarks.importers import operation_scores as importer
from harness.errors import DataError
from harness.folders import BENCHMARKS_DATA
from harness.published import operation_scores

NB201, NB1SHOT1 = spaces.load("nb201"), spaces.load("nb1shot1_1")


def score(seed, step, edge, op):
    """A different number for every place."""
    return 1000.0 * seed + 100 * step + 10 * edge + op + 0.25


def survey(of, method, seeds, steps, better, **more):
    """Lines of one method: at every step all candidates of the operation decisions from the step on."""
    operations = [decision for decision in of.decisions if decision.kind == "operation"]
    return [
        {
            "method": method, "seed": seed, "step": step, "edge": edge, "op": op, "op_name": name,
            "score": score(seed, step, edge, op), "better": better,
            "chosen": int(edge == step and op == (seed + step) % 3),
        } | more
        for seed in seeds
        for step in range(steps)
        for edge in range(step, len(operations))
        for op, name in enumerate(operations[edge].candidates)
    ]  # fmt: skip


def lines():
    """The lines of every file, by file."""
    found = {file: [] for file in importer.PLACES}
    for kept in importer.NB201:
        better = "low" if kept.lower_is_better else "high"
        own = survey(NB201, kept.method, (0, 1), 1 if kept.file == importer.INITIAL else 6, better)
        if kept.file == importer.INITIAL:
            own = [
                {"raw_method": line["method"]}
                | {key: line[key] for key in ("edge", "op", "op_name", "score")}
                for line in own
                if line["seed"] == 1
            ]
        if kept.file in (importer.DISC_ACC, importer.SYNFLOW):
            own = [line | {"chosen": ""} for line in own]
        found[kept.file] += own
    for kept in importer.NB1SHOT1_SETS:
        better = "low" if kept.lower_is_better else "high"
        for number in (1, 2, 3):
            space = spaces.load(f"nb1shot1_{number}")
            found[importer.NB1SHOT1] += survey(space, kept.method, (0, 1), space.blocks, better, space=number)
    return found


def write(folder, found):
    folder.mkdir(exist_ok=True)
    for file, own in found.items():
        with (folder / file).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(dict.fromkeys(key for line in own for key in line)))
            writer.writeheader()
            writer.writerows(own)
    return folder


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    root = tmp_path_factory.mktemp("scores")
    importers.write(importer.read(write(root / "source", lines())), root / "out")
    return root / "out"


def test_every_set_is_read_with_its_seeds(imported):
    assert operation_scores.names(imported) == ("nb1shot1_1", "nb1shot1_2", "nb1shot1_3", "nb201")
    sets = operation_scores.entry("nb201", imported).sets
    assert [each.name for each in sets] == [kept.name for kept in importer.NB201]
    for each, kept in zip(sets, importer.NB201, strict=True):
        assert each.seeds == ((1,) if kept.file == importer.INITIAL else (0, 1))


@pytest.mark.parametrize(("name", "sign"), [("darts_pt", -1), ("disc_zc_nwot", 1)])
def test_higher_is_better_and_the_raw_figure_is_its_negative_or_itself(imported, name, sign):
    found = operation_scores.load("nb201", name, 1, imported)
    (each,) = [each for each in operation_scores.entry("nb201", imported).sets if each.name == name]
    assert each.lower_is_better == (sign == -1)
    expected = {
        (step, edge): {op: sign * score(1, step, edge, op) for op in range(5)}
        for step in range(6)
        for edge in range(step, 6)
    }
    assert found.scores == expected
    assert found.steps == 6


def test_the_logged_decision_is_kept_whatever_the_scores_say(imported):
    found = operation_scores.load("nb1shot1_1", "disc_zc_nwot", 1, imported)
    assert found.chosen == {step: (1 + step) % 3 for step in range(4)}
    best = {step: max(found.scores[step, step], key=found.scores[step, step].get) for step in range(4)}
    assert best != found.chosen
    assert operation_scores.load("nb201", "disc_acc_ft5", 1, imported).chosen == {}
    assert operation_scores.load("nb201", "initial_darts_60", 1, imported).steps == 1


def test_order_of_the_lines_does_not_matter(imported, tmp_path):
    turned = {file: own[::-1] for file, own in lines().items()}
    importers.write(importer.read(write(tmp_path / "source", turned)), tmp_path / "out")
    for path in imported.iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_what_stands_for_no_score_is_no_score(tmp_path):
    found = lines()
    place = {"method": "disc_acc_ft25", "seed": 1, "step": 2, "edge": 4, "op": 3}
    (line,) = [line for line in found[importer.DISC_ACC] if place.items() <= line.items()]
    line["score"] = -1
    importers.write(importer.read(write(tmp_path / "source", found)), tmp_path)
    own = operation_scores.load("nb201", "disc_acc_ft25", 1, tmp_path).scores
    assert math.isnan(own[2, 4][3])
    assert not any(
        math.isnan(value) for place, values in own.items() for value in values.values() if place != (2, 4)
    )


def drop(file, **place):
    """A change that drops all lines that are so."""

    def change(found):
        found[file] = [
            line for line in found[file] if any(line[key] != value for key, value in place.items())
        ]

    return change


def alter(file, number, **values):
    return lambda found: found[file][number].update(values)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (drop(importer.PROGRESSIVE, method="darts_pt", edge=3, op=2, step=1, seed=0), "0 has 104 scores"),
        (drop(importer.NB1SHOT1, step=3), "has 27 scores, which are not all"),
        (alter(importer.PROGRESSIVE, 0, op_name="none?"), "operation 0 of nb201 is called none?"),
        (alter(importer.PROGRESSIVE, 0, edge=6), "index out of range"),
        (alter(importer.PROGRESSIVE, 0, edge=-1), "are counted from 0"),
        (alter(importer.PROGRESSIVE, 0, score="nan"), "a score is a finite number, received 'nan'"),
        (alter(importer.PROGRESSIVE, 0, score="high"), "could not convert"),
        (alter(importer.PROGRESSIVE, 0, better="high"), "better must be low"),
        (alter(importer.PROGRESSIVE, 0, seed=1), "stand there twice"),
        (alter(importer.PROGRESSIVE, 0, chosen=0), "does not choose one operation at every step"),
        (alter(importer.PROGRESSIVE, 5, chosen=1), "does not choose one operation at every step"),
        (alter(importer.SYNFLOW, 0, step=""), "step"),
    ],
)  # fmt: skip
def test_damaged_files(tmp_path, change, reason):
    found = lines()
    change(found)
    with pytest.raises(DataError, match=rf"\.csv is not what was expected .*{reason}"):
        importer.read(write(tmp_path / "source", found))


def test_a_missing_set_must_be_meant(tmp_path):
    found = lines()
    drop(importer.PROGRESSIVE, method="tenas_pt")(found)
    source = write(tmp_path / "source", found)
    with pytest.raises(DataError, match=r"holds no scores of tenas_pt on nb201; .*--partial"):
        importer.read(source)
    names = [each.name for each in importer.read(source, partial=True)[0].sets]
    assert names == [kept.name for kept in importer.NB201 if kept.name != "tenas"]


def test_a_missing_file(tmp_path):
    source = write(tmp_path / "source", lines())
    (source / importer.SYNFLOW).unlink()
    with pytest.raises(DataError, match=rf"There is no .*{importer.SYNFLOW}"):
        importer.read(source)
    (source / importer.SYNFLOW).write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="is not what was expected"):
        importer.read(source)


def test_the_committed_files_are_what_the_source_makes(shared, tmp_path):
    importers.write(importer.read(shared / "reference"), tmp_path)
    assert operation_scores.names(tmp_path) == operation_scores.names()
    for space in operation_scores.names():
        assert operation_scores.entry(space, tmp_path) == operation_scores.entry(space)
        name = operation_scores.entry(space).file.name
        assert (tmp_path / name).read_bytes() == (BENCHMARKS_DATA / name).read_bytes()


def test_the_notebooks_tenas_row_is_the_logs_seed_2(shared):
    """Why it is left out."""
    with (shared / "reference" / importer.INITIAL).open() as stream:
        row = {
            (int(line["edge"]), int(line["op"])): -float(line["score"])
            for line in csv.DictReader(stream)
            if line["raw_method"] == "tenaspt"
        }
    logged = operation_scores.load("nb201", "tenas", 2).scores
    assert row == {(edge, op): value for edge in range(6) for op, value in logged[0, edge].items()}
