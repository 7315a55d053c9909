"""What agreed with its rows is not computed again; what changed always is."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

import harness
from harness import files
from harness.errors import ResultsError
from harness.records._json import signed
from harness.reports.analysis import checked
from harness.reports.analysis.check import Checker
from harness.reports.analysis.checked import FILE, code
from harness.reports.analysis.groups import collect


@pytest.fixture
def compared(monkeypatch):
    """Paths of the records whose statistics were computed again."""
    paths, real = [], Checker._compare

    def compare(self, record, rows):
        paths.append(record.path)
        real(self, record, rows)

    monkeypatch.setattr(Checker, "_compare", compare)
    return paths


def again(results, compared, *spaces):
    """Which records a further report computes."""
    compared.clear()
    collect(results.root, spaces or None)
    return sorted(compared)


def rewrite(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(signed(content)))


def test_every_record_is_computed_once(results, compared):
    paths = sorted([results.arch(seed=0), results.op(), results.search()])
    assert again(results, compared) == paths
    assert again(results, compared) == []
    first = results.root / FILE
    assert len(first.read_text().split()) == 4
    new = results.arch(seed=1)
    assert again(results, compared) == [new]


def test_groups_are_the_same_either_way(results, compared):
    results.arch(failures=3)
    one, two = collect(results.root), collect(results.root)
    assert len(compared) == 1
    assert [group.results for group in one] == [group.results for group in two]


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["statistics"]["score"].update(kendall=0.99),
        lambda content: content["statistics"]["flops"].update(n=59),
        lambda content: content["provenance"].update(commit="another"),
    ],
)
def test_a_changed_record_is_computed_again(results, compared, change):
    path, other = results.arch(seed=0), results.arch(seed=1)
    again(results, compared)
    rewrite(path, change)
    if "another" in path.read_text():
        assert again(results, compared) == [path]
    else:
        with pytest.raises(ResultsError, match="does not agree with its rows"):
            again(results, compared)
        assert compared == [path]
        with pytest.raises(ResultsError, match="does not agree with its rows"):
            again(results, compared)
    assert other not in compared


def test_changed_rows_are_told_even_where_the_record_names_their_hash(results, compared):
    path = results.arch()
    again(results, compared)
    record = next(results.store.records())
    file = path.parent / record.rows_entry["file"]
    rows = record.rows.assign(score=record.rows["score"].to_numpy()[::-1])
    rows.to_parquet(file)
    with pytest.raises(ResultsError, match="SHA-256"):
        again(results, compared)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    rewrite(path, lambda content: content["rows"].update(sha256=digest))
    with pytest.raises(ResultsError, match="does not agree with its rows"):
        again(results, compared)


def test_the_content_of_a_known_file_is_not_checked_again_and_its_place_is(results, monkeypatch):
    path = results.arch()
    before = collect(results.root)[0]
    for check in ("records.record.signed", "parquet.opened"):
        monkeypatch.setattr(f"harness.{check}", lambda _: pytest.fail("it was checked again"))
    (group,) = collect(results.root)
    assert group.results == before.results
    path.rename(path.with_name(f"{'0' * 16}.json"))
    with pytest.raises(ResultsError, match="its name is not that of its identity"):
        collect(results.root)
    elsewhere = path.parent.with_name("seed=7")
    path.parent.rename(elsewhere)
    (elsewhere / f"{'0' * 16}.json").rename(elsewhere / path.name)
    with pytest.raises(ResultsError, match="it lies outside its folder"):
        collect(results.root)


def test_what_does_not_agree_is_not_remembered(results):
    path = results.arch()
    rewrite(path, lambda content: content["statistics"]["score"].update(kendall=0.99))
    for _ in range(2):
        with pytest.raises(ResultsError, match="does not agree"):
            collect(results.root)
    assert not (results.root / FILE).exists()


@pytest.mark.parametrize("found", ["0" * 64, None])
def test_other_code_computes_all_again(results, compared, monkeypatch, found):
    path = results.arch()
    again(results, compared)
    monkeypatch.setattr(checked, "code", lambda: found)
    assert again(results, compared) == [path]
    assert again(results, compared) == ([path] if found is None else [])
    monkeypatch.undo()


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"nothing", b"0" * 3000])
def test_a_damaged_file_is_rebuilt(results, compared, damage):
    path = results.arch()
    again(results, compared)
    file = results.root / FILE
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert again(results, compared) == [path]
    assert file.read_bytes() == whole


def test_a_damaged_line_is_one_record_less(results, compared):
    results.arch(seed=0), results.arch(seed=1)
    again(results, compared)
    file = results.root / FILE
    file.write_bytes(file.read_bytes()[:-5])
    assert len(again(results, compared)) == 1


def test_a_folder_that_cannot_be_written_is_done_without(results, compared, monkeypatch):
    path = results.arch()

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(files, "replace", full)
    assert again(results, compared) == again(results, compared) == [path]


def test_one_space_alone_forgets_no_other_and_what_is_gone_is_forgotten(results, compared):
    toy, other = results.arch(), results.arch(space="other")
    again(results, compared)
    results.arch(space="other", seed=1)
    again(results, compared, "other")
    assert again(results, compared) == []
    shutil.rmtree(other.parent)
    again(results, compared)
    assert len((results.root / FILE).read_text().split()) == 3
    assert toy not in compared


PACKAGE = Path(harness.__file__).parent

SOURCES = [
    "stats/rank_correlation.py", "stats/_weighted.py", "stats/decision_agreement.py",
    "reports/analysis/check.py", "reports/analysis/checked.py",
    "records/record.py", "records/run.py", "seeding.py",
]  # fmt: skip


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    copy = tmp_path_factory.mktemp("copied") / "harness"
    for path in PACKAGE.rglob("*.py"):
        target = copy / path.relative_to(PACKAGE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return copy


@pytest.mark.parametrize("name", SOURCES)
def test_code_is_that_of_all_that_a_check_hangs_on(copied, name):
    assert code(copied) == code()
    path = copied / name
    source = path.read_bytes()
    path.write_bytes(source + b"\n")
    assert code(copied) != code()
    path.write_bytes(source)


def test_code_is_of_new_modules_and_versions_too(copied, monkeypatch):
    new = copied / "stats" / "new.py"
    new.write_text("")
    assert code(copied) != code()
    new.unlink()
    before = code()
    monkeypatch.setattr("scipy.__version__", "0")
    assert code() != before


def test_without_sources_nothing_is_remembered(tmp_path):
    assert code(tmp_path) is None
