"""Digests of code: which layers there are, what moves them, and what other packages bring."""

from __future__ import annotations

import sys
import types

import grimp
import pytest

from harness import registry
from harness.records import (
    FITTING,
    MEASURING,
    TRAINING,
    Run,
    code,
    decisive,
    differences,
    foreign,
    provenance,
)

WORDS_AND_NAMES = {"about", "errors", "files", "options", "paths", "registry"}
"""Layers that every other may import and that hold no number: sentences, names, kinds of settings, files."""


@pytest.fixture
def clone(tmp_path):
    for name, text in {
        "harness/__init__.py": "", "harness/networks/__init__.py": "", "harness/networks/_a.py": "A = 1\n",
        "harness/seeding.py": "B = 2\n", "conf/config.yaml": "seed: 0\n",
        "benchmarks_data/MANIFEST.toml": "c = 3\n",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    code.layers.cache_clear()
    yield tmp_path
    code.layers.cache_clear()


def moved(clone, name: str, text: str) -> set[str]:
    """The layers whose digests move with what is written."""
    before = dict(code.layers(clone))
    path = clone / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    code.layers.cache_clear()
    after = dict(code.layers(clone))
    return {layer for layer in {*before, *after} if before.get(layer) != after.get(layer)}


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("harness/networks/_a.py", {"networks"}),
        ("harness/networks/_new.py", {"networks"}),
        ("harness/seeding.py", {"seeding"}),
        ("harness/proxies/nwot.py", {"proxies"}),
        ("conf/config.yaml", {"conf"}),
        ("benchmarks_data/MANIFEST.toml", {"manifest"}),
        ("harness/networks/notes.txt", set()),
        ("README.md", set()),
    ],
)
def test_a_change_moves_its_own_layer_alone(clone, name, layers):
    assert moved(clone, name, "changed\n") == layers


def test_a_file_that_is_renamed_moves_its_layer(clone):
    before = code.digest(clone / "harness" / "networks")
    (clone / "harness" / "networks" / "_a.py").rename(clone / "harness" / "networks" / "_b.py")
    assert code.digest(clone / "harness" / "networks") != before


def test_an_installation_without_settings_and_tables_has_its_code(clone):
    (clone / "conf" / "config.yaml").unlink()
    (clone / "conf").rmdir()
    code.layers.cache_clear()
    assert "conf" not in code.layers(clone)
    assert "networks" in code.layers(clone)


@pytest.mark.parametrize(
    ("layers", "roots"),
    [
        (MEASURING, ("proxies", "inputs")),
        (TRAINING, ("training", "inputs")),
        (FITTING, ("restoration", "networks")),
    ],
)
def test_no_layer_that_a_number_hangs_on_is_forgotten(layers, roots):
    graph = grimp.build_graph("harness")
    needed = {*roots}
    for root in roots:
        upstream = graph.find_upstream_modules(f"harness.{root}", as_package=True)
        needed |= {module.split(".")[1] for module in upstream}
    assert needed - WORDS_AND_NAMES == set(layers) - {"runners", "runs", "evidence", "sharing"}
    assert set(layers) <= code.layers().keys()


# --- other packages ----------------------------------------------------------------------------------------


@pytest.fixture
def other(tmp_path, monkeypatch):
    """A package with one proxy, found by an entry point."""
    folder = tmp_path / "other_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "mine.py").write_text("def score(passes):\n    return 1.0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    made = types.SimpleNamespace(name="other-package", version="1.2")
    point = types.SimpleNamespace(name="mine", value="other_package.mine", dist=made)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.proxies"))
    code._digest_of.cache_clear()
    yield folder
    code._digest_of.cache_clear()
    sys.modules.pop("other_package", None)


def test_what_brought_an_item_is_told(other):
    found = foreign([("proxies", "mine"), ("proxies", "snip"), ("spaces", "nb201")])
    assert list(found) == ["proxies.mine"]
    told = found["proxies.mine"]
    assert (told["distribution"], told["version"]) == ("other-package", "1.2")
    (other / "mine.py").write_text("def score(passes):\n    return 2.0\n")
    code._digest_of.cache_clear()
    assert foreign([("proxies", "mine")])["proxies.mine"]["code"] != told["code"], "of the same version"


def test_code_that_is_not_found_is_not_told(monkeypatch):
    point = types.SimpleNamespace(name="mine", value="nowhere_to_be_found:it")
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert foreign([("proxies", "mine")]) == {
        "proxies.mine": {"distribution": None, "version": None, "code": None}
    }


@pytest.mark.parametrize(
    ("task", "method", "settings"),
    [
        ("arch_correlation", "mine", {}),
        ("arch_correlation", "vote", {"of": ["mine", "snip"]}),
        ("op_correlation", "zero_cost_pt-mine", {"scorer": "zero_cost_pt", "proxy": "mine"}),
        ("search", "zero_cost_pt-mine-on_darts", {"searcher": "zero_cost_pt", "proxy": "mine"}),
    ],
)
def test_a_provenance_tells_of_the_runs_own_items(other, task, method, settings):
    run = Run(task, "nb201", "label", method, 0, settings)
    assert set(provenance("cpu", 1, None, None, run)["foreign"]) == {"proxies.mine"}
    beside = Run(task, "nb201", "label", "snip", 0, {"proxy": "snip"})
    assert provenance("cpu", 1, None, None, beside)["foreign"] == {}


# --- what numbers hang on ----------------------------------------------------------------------------------


def test_what_decides_and_what_does_not():
    told = provenance("cpu", 1, "ab", "cd", None, {"cpu_capability": "AVX2"})
    base = decisive(told, MEASURING)
    alike = [{"commit": "other"}, {"dirty": None}, {"package": "9"}, {"commits": {}}]
    alike.append({"code": told["code"] | {"reports": "other", "stats": "other"}})
    for change in alike:
        assert decisive(told | change, MEASURING) == base
    others = [{"threads": 2}, {"device": "cuda"}, {"processor": "another"}, {"python": "3.9"}]
    others += [{"numerics": {"cpu_capability": "AVX512"}}, {"foreign": {"proxies.mine": {}}}]
    others.append({"versions": told["versions"] | {"torch": "1"}})
    others.append({"code": told["code"] | {"networks": "other"}})
    for change in others:
        assert decisive(told | change, MEASURING) != base
    older = {name: value for name, value in told.items() if name not in ("code", "numerics", "foreign")}
    assert decisive(older, MEASURING) != base
    assert "code.graphs" in differences(decisive(older, MEASURING), base)
