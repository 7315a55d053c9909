"""The Python that the documentation shows runs as it stands, a page from its first block to its last."""

from __future__ import annotations

from collections import defaultdict

import pytest

from harness import folders, proxies
from harness.proxies import plain
from tests.unit.docs.pages import blocks, files

PROXY = "docs/extend/proxy.md"
PAGES = defaultdict(list)
for each in blocks():
    if each.language == "python" and not each.title:
        PAGES[each.page].append(each.text)


@pytest.fixture
def shown(monkeypatch, tmp_path):
    """Run a page's blocks and return what they made."""

    def run(page):
        made = {}
        for number, text in enumerate(PAGES[page], 1):
            exec(compile(text, f"{page}, block {number}", "exec"), made)
        return made

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folders, "RESULTS", tmp_path / "results")
    return run


def test_pages_show_python():
    assert {"README.md", "docs/tutorial.md", "docs/reference/index.md"} <= set(PAGES)


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"README.md", "docs/reference/index.md"}))
def test_a_page_runs(page, shown):
    assert shown(page)


def test_the_call_of_the_readme(shown, capsys):
    made = shown("README.md")
    assert made["record"].run.settings["queries"] == 20
    assert set(made["frame"]["path"]) == {made["record"].path}
    found, rank, tau, _ = capsys.readouterr().out.split()
    assert float(found) == made["record"].statistics["accuracy"]
    assert int(rank) >= 1
    assert float(tau) == pytest.approx(2 / 3)


def test_the_reference_prints_what_it_says(shown, capsys):
    shown("docs/reference/index.md")
    *_, measured, accuracy = capsys.readouterr().out.strip().splitlines()
    assert "nwot" in measured
    assert "synflow" in measured
    assert f"# {float(accuracy):.2f}\n" in PAGES["docs/reference/index.md"][1]


def test_the_proxy_and_its_test_are_true(monkeypatch):
    written = files(PROXY)
    made, tests = {}, {}
    exec(compile(written["harness/proxies/plain.py"], PROXY, "exec"), made)
    exec(compile(written["tests/unit/proxies/test_plain.py"], PROXY, "exec"), tests)
    assert made["ABOUT"].formula == plain.ABOUT.formula
    monkeypatch.setattr(plain, "score", made["score"])
    tests["test_the_formula"]()
    monkeypatch.setattr(plain, "score", lambda passes: 1.001 * made["score"](passes))
    with pytest.raises(AssertionError):
        tests["test_the_formula"]()
    assert proxies.load("plain") is plain
