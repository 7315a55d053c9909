"""Identity and group of a run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import ResultsError
from harness.records import Run

BASE = {"task": "search", "space": "nb201", "label": "l", "method": "m", "seed": 0}
SETTINGS = {"batch_size": 64, "input": {"name": "noise", "digest": "ab"}, "population": "all", "proxy": None}


def test_identity_is_pinned():
    run = Run(**BASE, settings=SETTINGS)
    assert run.identity == "57537951f5bedc87"
    assert run.group == "0aed4370dbb20087"
    content = {"format": 1, **BASE, "settings": SETTINGS}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert run.identity == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_order_of_settings_and_tuples_do_not_matter():
    a = Run(**BASE, settings={"a": (1, 2), "b": np.int64(3)})
    b = Run(**BASE, settings={"b": 3, "a": [1, 2]})
    assert a.identity == b.identity
    assert hash(a) == hash(b)
    assert a == b


@pytest.mark.parametrize("name", ["task", "space", "label", "method"])
def test_every_name_counts_for_both(name):
    a, b = Run(**BASE), Run(**BASE | {name: "other"})
    assert a.identity != b.identity
    assert a.group != b.group


@pytest.mark.parametrize(
    "changed",
    [
        {"batch_size": 65},
        {"batch_size": 64.0},
        {"batch_size": "64"},
        {"input": {"name": "noise", "digest": "ac"}},
        {"input": {"name": "digits", "digest": "ab"}},
        {"population": 1000},
        {"proxy": "nwot"},
        {"extra": None},
    ],
    ids=str,
)
def test_every_setting_counts_for_both(changed):
    a, b = Run(**BASE, settings=SETTINGS), Run(**BASE, settings=SETTINGS | changed)
    assert a.identity != b.identity
    assert a.group != b.group


def test_the_seed_counts_for_the_identity_alone():
    a = Run(**BASE, settings=SETTINGS)
    b = replace(a, seed=1)
    assert a.identity != b.identity
    assert a.group == b.group


def test_changing_the_given_settings_later_changes_nothing():
    given = {"a": [1], "b": {"c": 2}}
    run = Run(**BASE, settings=given)
    given["a"].append(2)
    given["b"]["c"] = 3
    assert run.identity == Run(**BASE, settings={"a": [1], "b": {"c": 2}}).identity


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "a b", "-x", "ä", None, 3])
def test_a_name_that_is_no_folder(name):
    with pytest.raises(ResultsError, match="letters, digits"):
        Run(**BASE | {"method": name})


@pytest.mark.parametrize("seed", [-1, 1.0, True, "0", None])
def test_a_seed_that_is_none(seed):
    with pytest.raises(ResultsError, match="whole number from 0"):
        Run(**BASE | {"seed": seed})


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), {1, 2}, object(), b"x"],
    ids=["nan", "inf", "set", "object", "bytes"],
)
def test_a_setting_that_json_cannot_hold(value):
    with pytest.raises(ResultsError):
        Run(**BASE, settings={"a": value})
