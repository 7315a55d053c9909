from __future__ import annotations

import re
import types

import pytest

from harness import aggregations, proxies, registry
from harness.cli import _cards
from harness.cli import proxies as command
from harness.cli._cards_markdown import page
from harness.errors import DataError
from harness.folders import ROOT

EVERY = {*proxies.names(), *aggregations.names()}
HEADER = "space,proxy,label,tau,low,high,rho,n,cost\n"
PRINTED = "space,proxy,label,statistic,value,networks,source\n"


@pytest.fixture
def run(capsys):
    def main(*arguments):
        code = command.main(list(arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return main


def plain(cell: str) -> str:
    return re.sub(r"\\(.)", r"\1", cell)


def rows(text: str) -> dict[str, list[list[str]]]:
    """Cells of every table row of a Markdown page by the name in its first cell."""
    found: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            cells = [plain(cell).strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
            found.setdefault(cells[0].strip("`"), []).append(cells)
    return found


def test_the_table_names_every_proxy_once(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    named = [line.split("  ")[0] for line in out.splitlines() if re.match(r"[a-z_0-9]+  ", line)]
    assert sorted(named) == sorted(EVERY)
    assert max(map(len, out.splitlines())) <= 140
    single, _, population = out.partition("Of a population of networks")
    assert "\nsnip  " in single
    assert "\nte_nas  " in population


def test_a_narrow_terminal_leaves_columns_out_and_says_so(run, monkeypatch):
    monkeypatch.setattr("harness.cli._progress.LOG_WIDTH", 80)
    out = run()[1]
    assert "Not shown for want of width: undefined for, source." in " ".join(out.split())
    assert "Undefined for" not in out
    assert "Not shown" not in run("snip")[1]


def test_a_card_holds_all_that_is_known(run):
    about = proxies.load("synflow").ABOUT
    code, out, err = run("synflow", "te_nas")
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    for words in (about.formula, about.source, about.undefined, about.choices):
        assert " ".join(words.split()) in said
    assert proxies.load("synflow").__doc__.splitlines()[0] in said
    assert "needs gradients of the batch, double precision better higher" in said
    assert "ranks ntk, linear_regions" in said
    assert said.index("synflow") < said.index("te_nas")


def test_needs(run, monkeypatch):
    about = {
        "nothing": proxies.About("f", "s", "u", images=False),
        "all": proxies.About(
            "f", "s", "u", labels=True, batches=3, gradients="sample", precision="double",
            higher_is_better=False,
        ),
    }  # fmt: skip
    modules = {name: types.SimpleNamespace(ABOUT=card, __doc__=None) for name, card in about.items()}
    monkeypatch.setattr(proxies, "names", lambda: tuple(modules))
    monkeypatch.setattr(proxies, "load", modules.__getitem__)
    nothing, everything = _cards.cards(["nothing", "all"])
    assert (nothing.needs, nothing.better) == ("the network alone", "higher")
    assert everything.needs == "images, labels, 3 batches, gradients of every sample, double precision"
    assert everything.better == "lower"


@pytest.mark.parametrize("name", aggregations.names())
def test_what_a_population_proxy_ranks_is_told(name):
    module = aggregations.load(name)
    (card,) = _cards.cards([name])
    assert card.population
    assert card.needs.startswith(", ".join(module.PARTS or ()))
    assert ("proxy.of" in card.needs) == module.ABOUT.any_list


def test_unknown_names_are_answered_with_the_nearest(run):
    code, out, err = run("nwot", "synflo")
    assert (code, out) == (2, "")
    assert err.startswith("harness: Unknown proxy 'synflo'. Did you mean 'synflow'? Allowed: ")
    assert err.count("\n") == 1


def test_a_name_twice_is_one_card(run):
    assert run("snip", "snip") == run("snip")


class Foreign:
    """An entry point of another package."""

    name = "foreign"
    value = "their.module"

    def __init__(self, module):
        self.module = module

    def load(self):
        if isinstance(self.module, Exception):
            raise self.module
        return self.module


@pytest.fixture
def foreign(monkeypatch):
    def add(module, group="harness.proxies"):
        points = {group: [Foreign(module)]}
        monkeypatch.setattr(registry, "entry_points", lambda group: points.get(group, []))
        proxies.load.cache_clear()

    yield add
    proxies.load.cache_clear()


def test_proxies_of_other_packages_are_listed(run, foreign):
    foreign(types.SimpleNamespace(ABOUT=proxies.About("their formula", "them", "never"), score=float))
    code, out, _ = run()
    assert code == 0
    assert re.search(r"^foreign +their formula +images +higher +never +them", out, re.MULTILINE)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (types.SimpleNamespace(), "is no module with ABOUT = About(...) and score(passes); mend"),
        (ImportError("no module named x"), "cannot be imported (ImportError: no module named x); mend"),
    ],
)
def test_a_broken_proxy_of_another_package_is_told_in_a_sentence(run, foreign, module, words):
    foreign(module)
    code, out, err = run()
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_the_page_holds_every_card(run):
    found = rows(run("--markdown")[1])
    assert set(found) == EVERY
    for card in _cards.cards():
        told = [card.formula, card.needs, card.better, card.undefined, card.source]
        assert [" ".join(cell.split()) for cell in found[card.name][0][1:]] == told
        assert not card.choices or found[card.name][1][1] == card.choices


def test_the_documentation_is_the_page(run):
    """Where this fails: python -m harness.cli.proxies --markdown > docs/proxies.md ."""
    assert run("--markdown")[1] == (ROOT / "docs" / "proxies.md").read_text(encoding="utf-8")


def test_a_page_of_some(run):
    text = run("--markdown", "snip")[1]
    assert set(rows(text)) == {"snip"}
    assert "Of a population" not in text


def test_measured_figures_stand_in_the_page(tmp_path):
    path = tmp_path / "measured.csv"
    path.write_text(
        HEADER
        + "nb201,snip,cifar10_test_200,0.4876,0.391,0.572,0.661,1149,3.25\n"
        + "nbmacro,snip,cifar10_test,,,,,20,\n"
        + "nb201,te_nas,cifar10_test_200,-0.25,,,,15,\n"
        + "nb201,snip,cifar100_test_200,0.5,0.4,0.6,0.7,100,3.25\n"
    )
    text = page(_cards.cards(), _cards.figures(path))
    measured = text.partition("## Measured")[2]
    titles = next(line for line in measured.splitlines() if line.startswith("| Proxy"))
    assert plain(titles) == (
        "| Proxy | tau, nb201 cifar10_test_200 | tau, nbmacro cifar10_test | tau, nb201 cifar100_test_200 "
        "| Cost, nb201 |"
    )
    assert rows(measured) == {
        "snip": [
            ["`snip`", "0.488 (0.39 to 0.57), n 1,149", "undefined, n 20", "0.500 (0.40 to 0.60), n 100",
             "3.2"]
        ],
        "te_nas": [["`te_nas`", "-0.250, n 15", "–", "–", "–"]],
    }  # fmt: skip


def test_without_measurements_there_is_no_such_section(tmp_path):
    assert _cards.figures(tmp_path / "none.csv") == []
    assert "## Measured" not in page(_cards.cards(), [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "space,proxy\n",
            "must have the columns space,proxy,label,tau,low,high,rho,n,cost; received space,proxy.",
        ),
        ("", "received ."),
        (HEADER + "nb201,snop,x,0.1,0,0.2,0.1,5,1\n", "names a proxy that does not exist: 'snop'"),
        (
            HEADER + "nb201,snip,x,high,0,0.2,0.1,5,1\n",
            "line 2: tau, low, high, rho, cost are numbers or empty",
        ),
        (HEADER + "nb201,snip,x,nan,0,0.2,0.1,5,1\n", "line 2: tau, low"),
        (HEADER + "nb201,snip,x,0.1,0,0.2,0.1,,1\n", "n an integer"),
        (HEADER + "nb201,snip,x,0.1\n", "line 2"),
    ],
)
def test_a_faulty_file_of_measurements(content, words, tmp_path):
    path = tmp_path / "measured.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=re.escape(words)):
        _cards.figures(path)


def test_published_figures_stand_beside_those_of_the_same_space_and_label(tmp_path):
    measured, printed = tmp_path / "measured.csv", tmp_path / "published.csv"
    measured.write_text(
        HEADER + "nb201,snip,ours,0.4876,0.391,0.572,0.661,1149,3.25\nnb201,zen,ours,,,,,9,\n"
    )
    printed.write_text(
        PRINTED + 'nb201,snip,ours,tau,0.431,all,Them\nnb201,snip,ours,rho,0.6,9,"Them, again"\n'
        "nb201,zen,ours,tau,0.1,all,Them\nnb201,snip,another,tau,0.2,all,Them\nnb201,nwot,ours,tau,0.3,all,Them\n"
    )
    text = page(_cards.cards(), _cards.figures(measured), _cards.published(printed))
    assert rows(text.partition("## Beside published figures")[2]) == {
        "snip": [
            ["`snip`", "nb201 ours", "tau", "0.488", "0.431", "+0.06", "all", "Them"],
            ["`snip`", "nb201 ours", "rho", "0.661", "0.600", "+0.06", "9", "Them, again"],
        ],
        "zen": [["`zen`", "nb201 ours", "tau", "–", "0.100", "–", "all", "Them"]],
    }
    assert "## Beside" not in page(_cards.cards(), [], _cards.published(printed))


@pytest.mark.parametrize(
    "line", ["nb201,snip,x,r,0.1,all,Them", "nb201,snip,x,tau,1.1,all,Them", "nb201,snip,x,tau,,all,Them",
             "nb201,snip,x,tau,0.1,all,", "nb201,snip,x,tau"],
)  # fmt: skip
def test_a_faulty_file_of_published_figures(line, tmp_path):
    path = tmp_path / "published.csv"
    path.write_text(PRINTED + line + "\n")
    with pytest.raises(DataError, match="line 2: statistic is one of tau, rho, value a number from -1 to 1"):
        _cards.published(path)
