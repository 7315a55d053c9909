from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from harness import aggregations
from harness.errors import ConfigError, UnknownNameError


def measured(scores: list, statuses: list[str] | None = None, reasons: list[str] | None = None) -> dict:
    statuses = statuses or ["ok"] * len(scores)
    return {
        "score": scores,
        "status": statuses,
        "reason": reasons or ["" if s == "ok" else "so it is" for s in statuses],
    }


def test_networks_with_all_parts_are_ranked_among_themselves() -> None:
    parts = {
        "ntk": measured([-5.0, None, -2.0, -9.0, -1.0], ["ok", "inf", "ok", "ok", "ok"]),
        "linear_regions": measured([8.0, 9.0, 3.0, 7.0, None], ["ok", "ok", "ok", "ok", "disconnected"]),
    }
    scores, statuses, reasons = aggregations.combine("te_nas", parts)
    np.testing.assert_array_equal(scores, [2 + 3, np.nan, 3 + 1, 1 + 2, np.nan])
    assert statuses == ["ok", "inf", "ok", "ok", "disconnected"]
    assert reasons == ["", "ntk: so it is", "", "", "linear_regions: so it is"]


def test_data_frames_and_lists_alike() -> None:
    parts = {
        "ntk": measured([-5.0, None, -2.0], ["ok", "failed", "ok"]),
        "linear_regions": measured([8.0, 9.0, 3.0]),
    }
    frames = {part: pd.DataFrame(columns, index=[7, 3, 5]) for part, columns in parts.items()}
    expected, found = aggregations.combine("te_nas", parts), aggregations.combine("te_nas", frames)
    np.testing.assert_array_equal(found[0], expected[0])
    assert found[1:] == expected[1:]


def test_of_several_parts_without_a_value_the_first_by_name_is_told() -> None:
    parts = {
        "snip": measured([1.0, None], ["ok", "failed"], ["", "no layer"]),
        "nwot": measured([1.0, None], ["ok", "inf"], ["", "singular"]),
    }
    for each in (parts, dict(reversed(parts.items()))):
        scores, statuses, reasons = aggregations.combine("rank_sum", each)
        np.testing.assert_array_equal(scores, [2, np.nan])
        assert (statuses, reasons) == (["ok", "inf"], ["", "nwot: singular"])


@pytest.mark.parametrize(
    ("value", "status"), [(np.nan, "nan"), (None, "nan"), (np.inf, "inf"), (-np.inf, "inf")]
)
def test_a_part_that_says_ok_without_a_finite_number(value: float | None, status: str) -> None:
    parts = {"snip": measured([1.0, value, 2.0]), "nwot": measured([1.0, 5.0, 2.0])}
    scores, statuses, reasons = aggregations.combine("vote", parts)
    np.testing.assert_array_equal(scores, [-1, np.nan, 1])
    assert statuses == ["ok", status, "ok"]
    assert reasons[1].startswith("snip: the value is ")


@pytest.mark.parametrize("name", aggregations.names())
def test_nobody_left_and_nobody_at_all(name: str) -> None:
    for count in (0, 2):
        ranked = aggregations.load(name).PARTS or ("snip", "nwot")
        parts = {part: measured([None] * count, ["nan"] * count) for part in ranked}
        scores, statuses, _ = aggregations.combine(name, parts)
        assert np.isnan(scores).all()
        assert scores.shape == (count,)
        assert statuses == ["nan"] * count


def test_other_parts_than_it_ranks() -> None:
    one = {"ntk": measured([1.0])}
    with pytest.raises(ConfigError, match="te_nas ranks ntk, linear_regions; received ntk"):
        aggregations.combine("te_nas", one)
    with pytest.raises(ConfigError, match="at least two different proxies"):
        aggregations.combine("vote", one)
    with pytest.raises(ConfigError, match="received none"):
        aggregations.combine("te_nas", {})
    with pytest.raises(UnknownNameError):
        aggregations.combine("tenas", one)


def test_columns_of_different_lengths() -> None:
    parts = {"snip": measured([1.0, 2.0]), "nwot": measured([1.0])}
    with pytest.raises(
        ConfigError, match=r"one entry per network each; received 1 in nwot.score, .*2 in snip"
    ):
        aggregations.combine("rank_sum", parts)
    with pytest.raises(ConfigError, match="one entry per network"):
        aggregations.combine("rank_sum", {"a": measured([1.0]) | {"reason": []}, "b": measured([1.0])})
