"""What population proxies rank is measured once, and what their records say."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from harness import proxies, stats
from harness.reports.analysis.groups import collect
from harness.runners import RunConfig, arch_correlation, execute
from harness.runs import measured as measuring
from harness.sharing import shards as _shards
from harness.sharing.shards import Rows
from tests.unit.runners.shards.conftest import (
    ALL,
    COUNT,
    NAMES,
    PARAMS,
    content,
    interrupted,
    record,
    statuses,
)


def ranking(made: RunConfig, *names: str) -> RunConfig:
    return replace(made, proxy={"names": list(names), "of": ["params", "flops"]})


def test_a_population_proxy_ranks_its_parts(made, expected, measured):
    config = ranking(made, "rank_sum")
    (outcome,) = execute(config)
    written = record(config, "rank_sum")
    rows = written.rows
    alone = {
        Path(name).parts[-3]: pd.read_parquet(io.BytesIO(data))
        for name, data in expected.items()
        if name.endswith(".parquet")
    }
    assert measured == COUNT * [ALL]
    assert list(rows.columns) == [*arch_correlation.TASK.columns, "part.flops", "part.params"]
    for part in ("flops", "params"):
        assert rows[f"part.{part}"].tolist() == alone[part]["score"].tolist()
    assert rows["score"].tolist() == (rankdata(rows["part.flops"]) + rankdata(rows["part.params"])).tolist()
    assert set(rows["status"]) == {"ok"}
    assert written.run.settings["of"] == ["flops", "params"]
    assert written.run.settings["population"] == COUNT
    assert (outcome.method, outcome.status) == ("rank_sum", "done")


def test_parts_are_measured_once_and_read_from_their_records(made, expected, measured):
    execute(ranking(made, "rank_sum"))
    alone = content(made.results)
    beside = replace(made, results=made.results + "-beside")
    execute(ranking(beside, "flops", "rank_sum", "params"))
    assert len(measured) == 2 * COUNT
    behind = replace(made, results=made.results + "-behind")
    execute(behind)
    del measured[:]
    assert statuses(execute(ranking(behind, "params", "rank_sum"))) == ["skipped", "done"]
    assert measured == []
    assert content(beside.results) == content(behind.results) == expected | alone
    both = [record(each, "rank_sum").timing for each in (beside, behind)]
    parts = [record(behind, part).timing["proxy_seconds"] for part in NAMES]
    assert both[1]["proxy_seconds"] == pytest.approx(sum(parts), abs=2e-3)
    assert {timing["architectures"] for timing in both} == {COUNT}
    execute(replace(ranking(behind, "rank_sum"), force=True))
    assert measured == COUNT * [ALL]


def test_parts_are_read_from_shards_that_are_there(made, measured):
    interrupted(made, at=5)
    del measured[:]
    execute(ranking(made, "rank_sum"))
    assert measured == 4 * [ALL]
    assert not Path(made.results, "shards").exists()


def test_a_part_that_is_missing_is_measured_and_the_recorded_one_is_not(made, measured):
    execute(replace(made, proxy={"names": ["flops"]}))
    del measured[:]
    execute(ranking(made, "rank_sum"))
    assert measured == COUNT * [PARAMS]


def test_the_order_of_the_list_is_no_part_of_the_run(made):
    execute(ranking(made, "rank_sum"))
    turned = replace(made, proxy={"names": ["rank_sum"], "of": ["flops", "params"]})
    assert statuses(execute(turned)) == ["skipped"]


def test_a_record_names_the_list_where_it_counts(made):
    config = ranking(made, "flops", "rank_sum")
    execute(config)
    assert record(config, "flops").config["proxy"] == {"names": ["flops"]}
    assert record(config, "rank_sum").config["proxy"] == config.proxy | {"names": ["rank_sum"]}
    assert "workers" not in record(config, "flops").config


def test_reports_read_records_with_columns_of_parts(made):
    execute(ranking(made, "flops", "rank_sum"))
    groups = {group.method: group for group in collect(Path(made.results))}
    assert set(groups) == {"flops", "rank_sum"}
    assert groups["rank_sum"].stat("score.n")["mean"] == COUNT


def test_baselines_are_compared_once_and_a_record_holds_what_its_rows_give(made, monkeypatch):
    asked = []

    def counting(*arguments, names):
        asked.append(names)
        return stats.population_agreement.architecture_agreement(*arguments, names=names)

    monkeypatch.setattr(stats, "architecture_agreement", counting)
    execute(made)
    monkeypatch.undo()
    assert sorted(asked) == sorted([("score",), ("score",), tuple(arch_correlation.TASK.baselines)])
    for method in NAMES:
        written = record(made, method)
        fresh = json.loads(json.dumps(stats.architecture_agreement(written.rows)))
        assert {name: written.statistics[name] for name in fresh} == fresh
        assert list(written.statistics) == [*fresh, "ceiling", "population"]


def test_the_timing_is_that_of_all_shards(made, monkeypatch):
    def priced(module, batch, names, *rest):
        found = proxies.measure(module, batch, names, *rest)
        return {name: replace(each, seconds=0.5) for name, each in found.items()}

    monkeypatch.setattr(measuring, "measure", priced)
    interrupted(made, at=5)
    execute(made)
    timing = record(made, "flops").timing
    assert (timing["proxy_seconds"], timing["architectures"]) == (0.5 * COUNT, COUNT)


def test_rows_join_in_order():
    one = Rows([1.0], ["ok"], [""], 0.25, [{"host": "b"}])
    two = Rows([None], ["nan"], ["no"], 0.5, [{"host": "a"}, {"host": "b"}])
    assert asdict(_shards.joined([one, two])) == {
        "score": [1.0, None],
        "status": ["ok", "nan"],
        "reason": ["", "no"],
        "seconds": 0.75,
        "origins": [{"host": "a"}, {"host": "b"}],
    }
    assert np.isnan(pd.Series(_shards.joined([one, two]).score, dtype=float)[1])
