"""What methods state of themselves, what is refused before a run begins, and where a scorer's options go."""

from __future__ import annotations

import types
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, evidence, networks, records, registry, scorers, searchers, shrinkers, spaces
from harness.benchmarks import Dataset, Label
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError
from harness.evidence import Evidence, Method, require_kinds
from harness.options import Option
from harness.runners import execute
from harness.scorers import Score
from harness.spaces import Decision, Space

METHODS = [
    (group, name, package.load(name))
    for group, package in {"scorer": scorers, "searcher": searchers, "shrinker": shrinkers}.items()
    for name in package.names()
]
LABEL = Label("cifar10_test_9", "cifar10", "test", 9, "one run", ("accuracy",), "made up")


class Wide(Space):
    """Two operations, and how wide the network is."""

    name = title = family = "wide"
    decisions = (
        Decision("first", ("a", "b")),
        Decision("second", ("a", "b")),
        Decision("channels", ("4", "8", "16"), kind="width"),
    )
    identity_candidates = frozenset()

    def format(self, arch):
        return " ".join(str(pick) for (pick,) in arch)

    def parse_text(self, text):
        return tuple((int(pick),) for pick in text.split())

    def canonical(self, arch):
        return self.format(arch)

    def listing(self):
        return tuple(self.encodings())


WIDE = Wide()
NETWORKS = types.SimpleNamespace(
    FIDELITIES={"benchmark": 4, "tiny": 2},
    INIT="pytorch",
    parameter_count=lambda space, arch, *sizes: arch[2][0],
    flop_count=lambda *asked: 1,
)


def scaled(evaluate, mask, decision, factor):
    """What a scorer of another package does with its option."""
    left = [candidate for candidate, alive in enumerate(mask[decision]) if alive]
    return {candidate: Score(factor * candidate) for candidate in left}


THEIRS = types.SimpleNamespace(
    EVIDENCE="proxy", KINDS=scorers.ANY, OPTIONS={"factor": Option(float, 2.0)}, score=scaled
)


@pytest.fixture
def install(monkeypatch):
    """The space with its benchmark, and a scorer, as another package would bring them."""
    archs = WIDE.listing()
    known = benchmarks.of_values(
        WIDE, [LABEL], archs, {"accuracy": np.arange(len(archs)) + 50.0}, {"cifar10": Dataset(10, 32)}
    )
    items = {
        ("harness.spaces", "wide"): types.SimpleNamespace(SPACE=WIDE),
        ("harness.networks", "wide"): NETWORKS,
        ("harness.benchmarks", "wide"): types.SimpleNamespace(open=lambda: known, __name__="theirs"),
        ("harness.scorers", "theirs"): THEIRS,
    }

    def points(group):
        return [
            types.SimpleNamespace(name=name, value="theirs", load=lambda item=item: item, dist=None)
            for (package, name), item in items.items()
            if package == group
        ]

    monkeypatch.setattr(registry, "entry_points", points)
    monkeypatch.setattr("harness.records.code._digest_of", lambda name: "c0de")
    benchmarks._opened.cache_clear()
    yield
    benchmarks._opened.cache_clear()


def config(root, *asked):
    with composing():
        return run_config(["fidelity=tiny", "batch_size=4", f"results={root}", *asked])


def run(root, *asked):
    made = replace(config(root, *asked), space={"name": "wide"}, label=LABEL.name)
    (outcome,) = execute(made)
    return records.read_record(outcome.path)


@pytest.mark.parametrize("name", evidence.names())
def test_every_kind_of_evidence_has_the_same_shape(name):
    module = evidence.load(name)
    assert module.TRAINABLE in (True, False)
    assert callable(module.of)
    (kind,) = [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Evidence) and each.__module__ == module.__name__
    ]
    assert not kind.__abstractmethods__


@pytest.mark.parametrize(("group", "name", "module"), METHODS, ids=lambda value: str(value)[:20])
def test_every_method_says_what_it_reads_and_which_decisions_it_can_make(group, name, module):
    assert module.EVIDENCE in evidence.names()
    assert module.KINDS is scorers.ANY or set(module.KINDS) >= {"operation"}


@pytest.mark.parametrize("searcher", ["zero_cost_pt", "zero_cost_disc", "te_nas", "darts_pt"])
def test_a_decision_that_a_method_cannot_make_is_refused_before_anything_runs(searcher, install, tmp_path):
    told = (
        rf"^searcher={searcher} makes decisions of the kinds input, operation alone, and wide has some of "
        r"the kinds operation, width; take another searcher, or another space\.$"
    )
    with pytest.raises(ConfigError, match=told):
        run(tmp_path / "results", "task=search", f"searcher={searcher}")
    assert not (tmp_path / "results").exists()


def test_methods_of_any_kind_decide_the_width_too(install, tmp_path):
    best = WIDE.format(WIDE.listing()[-1])
    searched = run(tmp_path, "task=search", "searcher=random_search", "searcher.queries=12")
    assert searched.statistics["arch"] == best
    assert run(tmp_path, "task=search", "searcher=largest").statistics["arch"].endswith("2")
    scored = run(tmp_path, "task=op_correlation", "scorer=best_acc")
    assert scored.statistics["selected_progressive"]["arch"] == best
    assert set(scored.rows["kind"]) == {"operation", "width"}


def test_kinds_of_a_method_that_states_none_are_any():
    require_kinds(Method("scorer", "theirs", types.SimpleNamespace(EVIDENCE="proxy")), WIDE)


@pytest.mark.parametrize(
    ("scorer", "lacking"),
    [
        ("zero_cost_pt", "no supernet"),
        ("te_nas", "no ntk_supernet and no regions_supernet"),
        ("te_nas_shortcut", "no supernet"),
        ("darts", "no supernet"),
    ],
)
def test_a_space_without_supernets_is_told_before_anything_runs(scorer, lacking, install, tmp_path):
    told = f"the networks of wide, of the family wide, have {lacking}; take a method that reads none"
    with pytest.raises(ConfigError, match=told):
        run(tmp_path / "results", "task=op_correlation", f"scorer={scorer}", "input=digits")
    assert not (tmp_path / "results").exists()


def test_a_scorers_options_reach_its_scores_and_its_identity(install, tmp_path):
    asked = config(tmp_path, "task=op_correlation", "task.progressive=false", "space=nbmacro", "proxy=params")
    found = {}
    for factor in (1.0, 3.0):
        (outcome,) = execute(replace(asked, scorer={"name": "theirs", "factor": factor}))
        found[factor] = records.read_record(outcome.path)
        assert found[factor].run.method == "theirs-params"
        assert found[factor].run.settings["factor"] == factor
    assert (found[3.0].rows["score"] == 3 * found[1.0].rows["score"]).all()
    assert found[3.0].path != found[1.0].path


def test_networks_say_whether_they_have_supernets():
    for name in ("nb201", "nbmacro", "nb1shot1_1"):
        networks.require_supernet(spaces.load(name))
        networks.require_supernet(spaces.load(name), te_nas=True)
