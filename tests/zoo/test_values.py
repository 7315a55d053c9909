"""Every proxy has its naive value on every network and every path, or says why there is none."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harness import proxies
from harness.proxies import Measurement
from tests.zoo._expected import batches, measured, naive, problem
from tests.zoo._formulas import NAMES
from tests.zoo._outcomes import OUTCOMES, outcome
from tests.zoo._zoo import CASES

UNDEFINED = ("nan", "inf", "disconnected")


@pytest.mark.parametrize("name", CASES)
def test_a_value_or_a_sentence(name: str) -> None:
    _hold(name, measured(name))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("path", [path for path in proxies.PATHS if path != "exact"])
def test_on_the_other_paths(name: str, path: str) -> None:
    """A path decides how ReLU codes are counted."""
    case = CASES[name]
    _hold(name, proxies.measure(case.build(), batches(case), ("nwot", "nwot_eval"), seed=0, path=path))


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("path", [path for path in proxies.PATHS if path != "exact"])
def test_all_proxies_on_the_other_paths(name: str, path: str) -> None:
    _hold(name, measured(name, path))


def _hold(name: str, found: Mapping[str, Measurement]) -> None:
    problems = [problem(CASES[name], proxy, measurement) for proxy, measurement in found.items()]
    assert not any(problems), "\n".join(filter(None, problems))


@pytest.mark.parametrize("name", [name for name in CASES if outcome(name, "params") is None])
def test_the_formulas_have_no_value_where_it_is_said(name: str) -> None:
    expected = {proxy: outcome(name, proxy) for proxy in NAMES}
    said = {proxy: found.status for proxy, found in expected.items() if found and found.status in UNDEFINED}
    assert {proxy: naive(name, proxy) for proxy in said} == said


def test_the_zoo_is_large_enough_and_its_outcomes_are_of_it() -> None:
    assert len(CASES) >= 60
    assert len(NAMES) >= 29
    assert {network for each in OUTCOMES for network in each.networks} <= set(CASES)
    assert {proxy for each in OUTCOMES for proxy in each.proxies} <= set(NAMES)
