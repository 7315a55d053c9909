"""A space as large as that of DARTS: all tasks run, and nothing lists it; what is not known has a status."""

from __future__ import annotations

import hashlib
import types
from dataclasses import replace

import numpy as np
import pytest

from harness import benchmarks, networks, records, registry, reports
from harness.benchmarks import Benchmark, Dataset, Label
from harness.cli._compose import composing, run_config
from harness.errors import ConfigError, DataError
from harness.runners import execute
from harness.spaces import Decision, Population, Space

LABEL = Label("cifar10_test_600", "cifar10", "test", 600, "one run", ("accuracy",), "made up")
SLOW = replace(LABEL, name="latency", metric="latency", unit="ms", higher_is_better=False)
EMPTY = replace(LABEL, name="cifar10_test_1", columns=("nothing",))
DATASETS = {"cifar10": Dataset(10, 32)}
KNOWN = 40


class Huge(Space):
    """Two cells of eight operations, and of three nodes that take two of the nodes before them."""

    name = title = family = "huge"
    identity_candidates = frozenset({"0"})

    def __init__(self, candidates: int = 7) -> None:
        names = tuple(map(str, range(candidates)))
        self.decisions = tuple(
            decision
            for cell in ("normal", "reduce")
            for decision in (
                *(Decision(f"{cell}_{edge}", names) for edge in range(8)),
                *(Decision(f"{cell}_in{n}", names[:n], 2, "input") for n in (3, 4, 5)),
            )
        )

    def format(self, arch):
        return "|".join("".join(map(str, picks)) for picks in arch)

    def parse_text(self, text):
        return tuple(tuple(map(int, part)) for part in text.split("|"))

    def canonical(self, arch):
        return self.format(arch)

    def encodings(self):
        raise AssertionError("somebody lists the space")


HUGE = Huge()


def figure(arch):
    """Its accuracy: the same digits, whoever asks."""
    return 50 + int(hashlib.sha256(HUGE.format(arch).encode()).hexdigest()[:4], 16) % 4000 / 100


class Formula(Benchmark):
    """Any architecture may be asked about."""

    space, labels, datasets = HUGE, {LABEL.name: LABEL}, DATASETS
    architectures, complete = None, False

    def values(self, archs, label):
        return np.array([figure(self.space.parse(arch)) for arch in archs])

    def digest(self, label):
        return "ab" * 32


def trained():
    """What is known of forty architectures."""
    archs = Population(HUGE).sample_distinct(KNOWN, np.random.default_rng(0))
    columns = {"accuracy": [figure(arch) for arch in archs], "nothing": [np.nan] * KNOWN}
    return benchmarks.of_values(HUGE, [LABEL, SLOW, EMPTY], archs, columns, DATASETS)


def network(space, arch, size, classes):
    body = [networks.Conv2d(size, size, 1 + 2 * (picks[0] % 2), padding=picks[0] % 2) for picks in arch[:8]]
    return networks.Network(networks.conv_bn_relu(3, size, 3), body, networks.classifier(size, classes))


NETWORKS = types.SimpleNamespace(
    FIDELITIES={"benchmark": 4, "tiny": 2},
    INIT="pytorch",
    network=network,
    parameter_count=lambda *asked: networks.count_parameters(network(*asked)),
    flop_count=lambda *asked: networks.count_flops(network(*asked[:-1]), asked[-1]),
)


@pytest.fixture
def install(monkeypatch):
    """The space, its networks and a benchmark, as another package would bring them."""

    def install(benchmark):
        items = {
            "harness.spaces": types.SimpleNamespace(SPACE=HUGE),
            "harness.networks": NETWORKS,
            "harness.benchmarks": types.SimpleNamespace(open=lambda: benchmark, __name__="theirs"),
        }

        def points(group):
            return [types.SimpleNamespace(name="huge", value="theirs", load=lambda: items[group])] * (
                group in items
            )

        monkeypatch.setattr(registry, "entry_points", points)
        benchmarks._opened.cache_clear()

    yield install
    benchmarks._opened.cache_clear()


@pytest.fixture
def run(tmp_path):
    def run(*asked, label=LABEL.name):
        with composing():
            made = run_config(["fidelity=tiny", "batch_size=4", f"results={tmp_path}", *asked])
        (outcome,) = execute(replace(made, space={"name": "huge"}, label=label))
        return records.read_record(outcome.path)

    return run


def searched(run, name):
    return run("task=search", f"searcher={name}", "searcher.queries=30")


def test_it_is_as_large_as_it_should_be():
    assert HUGE.size == (7**8 * 3 * 6 * 10) ** 2 > 10**18
    assert HUGE.listing() is None


@pytest.mark.parametrize(("candidates", "fits"), [(7, True), (9, False)])
def test_keys_are_mixed_radix_where_that_fits_63_bits(candidates, fits):
    space = Huge(candidates)
    archs = Population(space).sample_distinct(300, np.random.default_rng(0))
    keys = [space.key(arch) for arch in archs]
    assert len(set(keys)) == 300
    assert all(-(2**63) <= key < 2**63 for key in keys)
    if fits:
        assert all(0 <= key < space.size for key in keys)
    else:
        digests = [hashlib.sha256(space.format(arch).encode()).digest()[:8] for arch in archs]
        assert keys == [int.from_bytes(digest, "big", signed=True) for digest in digests]
    table = benchmarks.of_values(space, [LABEL], archs, {"accuracy": range(300)}, DATASETS)
    assert table.values(archs, LABEL.name).tolist() == list(range(300))
    assert np.isnan(table.value(other(archs[0]), LABEL.name))


def other(arch):
    """``arch`` with another first pick."""
    return (((arch[0][0] + 1) % 7,), *arch[1:])


@pytest.mark.parametrize("benchmark", [trained(), Formula()], ids=["trained", "formula"])
def test_every_search_by_queries(install, run, benchmark):
    install(benchmark)
    for name in ("random_search", "local_search", "regularized_evolution", "reinforce"):
        found = searched(run, name)
        rows = found.rows
        unknown = rows["accuracy"].isna()
        assert len(rows) == 30
        assert (rows["status"][unknown] == "unknown").all()
        assert rows["reason"][unknown].notna().all()
        assert rows["status"][~unknown].isna().all()
        if name == "random_search" or benchmark.architectures is None:
            assert not unknown.any()
        best = found.statistics["accuracy"]
        if benchmark.architectures is None:
            assert (best, found.statistics["rank"]) == (rows["accuracy"].max(), None)
        elif best is not None:
            assert (best, found.statistics["size"]) == (rows["accuracy"].max(), KNOWN)
            assert 1 <= found.statistics["rank"] <= KNOWN
        else:
            assert unknown.all()
            assert found.statistics["status"] == "unknown"


@pytest.mark.parametrize("benchmark", [trained(), Formula()], ids=["trained", "formula"])
def test_architectures_by_a_proxy_and_a_report(install, run, tmp_path, benchmark):
    install(benchmark)
    found = run("proxy=params", "task.population=6")
    assert found.statistics["score"]["n"] == 6
    assert found.rows["accuracy"].tolist() == [figure(HUGE.parse(arch)) for arch in found.rows["arch"]]
    searched(run, "random_search")
    report = reports.build(tmp_path, tmp_path / "report", ("huge",), formats=())
    assert {section.task for section in report.sections} >= {"arch_correlation", "search"}


def test_a_report_and_a_searcher_say_what_is_not_known(install, run, tmp_path, capfd):
    install(trained())
    found = searched(run, "reinforce")
    assert found.statistics["status"] == "unknown"
    told = capfd.readouterr().err
    assert told.count(f"cifar10_test_600 of huge is known for {KNOWN} architectures, and a query of any") == 1
    reports.build(tmp_path, tmp_path / "report", ("huge",), formats=())
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    assert "Left out, since the label has no figure for what was found: reinforce, 1 of its runs." in text


def test_an_oracle_says_of_whom_it_knows_nothing(install, run):
    install(trained())
    found = run("task=op_correlation", "scorer=best_acc", "task.progressive=false")
    rows = found.rows.set_index(["decision", "candidate"])
    archs = trained().architectures
    for decision, spec in enumerate(HUGE.decisions):
        for index, candidate in enumerate(spec.candidates):
            having = [figure(arch) for arch in archs if index in arch[decision]]
            row = rows.loc[spec.name, candidate]
            assert (
                (row["score"], row["status"]) == (max(having), "ok") if having else row["status"] == "unknown"
            )
    assert found.statistics["selected"]["rank"] == 1
    selected = run("task=op_correlation", "scorer=avg_acc", "task.progressive=false").statistics["selected"]
    assert (selected["accuracy"], selected["rank"], selected["status"]) == (None, None, "unknown")


def test_lower_is_better_where_the_label_says_so(install, run):
    install(trained())
    found = run("task=search", "searcher=random_search", f"searcher.queries={KNOWN}", label=SLOW.name)
    assert (found.statistics["rank"], found.statistics["regret"]) == (1, 0)
    assert found.statistics["accuracy"] == -min(map(figure, trained().architectures))


def test_what_cannot_be_is_said_at_the_start(install, run):
    install(trained())
    with pytest.raises(DataError, match=r"Label cifar10_test_1 of huge has no figures.*take one of"):
        run("proxy=params", "task.population=6", label=EMPTY.name)
    with pytest.raises(ConfigError, match=rf"of huge is known for {KNOWN} architectures.*received 41"):
        run("proxy=params", "task.population=41")
    install(Formula())
    for asked in (("task.population=all",), ("task=search", "searcher=largest")):
        with pytest.raises(Exception, match=r"nobody lists the 1,0\d\d,\d\d\d,.* of huge"):
            run("proxy=params", *asked)
