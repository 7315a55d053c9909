from __future__ import annotations

import inspect
import subprocess
import sys

import numpy as np
import pytest

from harness import aggregations, proxies
from harness.errors import ConfigError, UnknownNameError

DRAW = np.random.default_rng(0)


def values(name: str, count: int, draw) -> dict[str, np.ndarray]:
    parts = aggregations.load(name).PARTS or ("a", "b", "c")
    return {part: draw(count) for part in parts}


def with_ties(count: int) -> np.ndarray:
    return DRAW.integers(0, 5, count).astype(float)


@pytest.mark.parametrize("name", aggregations.names())
def test_every_population_proxy_keeps_the_interface(name: str) -> None:
    module = aggregations.load(name)
    about = module.ABOUT
    assert isinstance(about, aggregations.PopulationAbout)
    assert about.formula
    assert about.source
    assert about.choices
    assert about.any_list or module.PARTS
    assert list(inspect.signature(module.score).parameters) == ["parts"]
    assert "Higher is better" in " ".join(module.__doc__.split())
    assert about.higher_is_better
    assert len(inspect.getsource(module).splitlines()) <= 60


def test_no_name_is_both_a_proxy_and_a_population_proxy() -> None:
    assert not set(aggregations.names()) & set(proxies.names())


@pytest.mark.parametrize("name", aggregations.names())
def test_parts_are_proxies(name: str) -> None:
    assert set(aggregations.load(name).PARTS or ()) <= set(proxies.names())


@pytest.mark.parametrize("name", aggregations.names())
def test_scores_go_with_the_network_not_with_its_place(name: str) -> None:
    score = aggregations.load(name).score
    parts = values(name, 31, with_ties)
    order = DRAW.permutation(31)
    moved = {part: own[order] for part, own in reversed(parts.items())}
    before = {part: own.copy() for part, own in parts.items()}
    np.testing.assert_array_equal(score(moved), score(parts)[order])
    for part, own in parts.items():
        np.testing.assert_array_equal(own, before[part])


@pytest.mark.parametrize("name", aggregations.names())
def test_better_in_every_part_is_better(name: str) -> None:
    score = aggregations.load(name).score
    ascending = score(values(name, 7, lambda count: np.arange(count) ** 3.0))
    assert (np.diff(ascending) > 0).all()


@pytest.mark.parametrize("name", aggregations.names())
def test_one_network_and_equal_networks(name: str) -> None:
    score = aggregations.load(name).score
    for count in (1, 6):
        found = score(values(name, count, np.ones))
        assert found.shape == (count,)
        assert found.dtype == np.float64
        assert np.isfinite(found).all()
        assert len(set(found)) == 1


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Unknown population proxy 'te_nass'. Did you mean 'te_nas'"):
        aggregations.load("te_nass")


@pytest.mark.parametrize("name", aggregations.names())
def test_no_single_network_has_one(name: str) -> None:
    with pytest.raises(ConfigError, match=f"Proxy {name} is a property of a population .*task=arch_corr"):
        proxies.load(name)


def test_no_torch_is_loaded() -> None:
    code = (
        "import sys; from harness import aggregations; "
        "[aggregations.load(name) for name in aggregations.names()]; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_may_be_listed() -> None:
    assert aggregations.parts("vote") == ("synflow", "jacob_cov", "snip")
    assert aggregations.parts("vote", ["nwot", "snip"]) == ("nwot", "snip")
    assert aggregations.parts("te_nas") == ("ntk", "linear_regions")
    assert aggregations.parts("rank_sum", ["nwot", "snip"]) == ("nwot", "snip")
    with pytest.raises(ConfigError, match=r"at least two different proxies.*received none\."):
        aggregations.parts("rank_sum")
    for listed in (["nwot"], [], ["nwot", "snip", "nwot"]):
        with pytest.raises(ConfigError, match=rf"received \[{', '.join(listed)}\]\."):
            aggregations.parts("log_rank_sum", listed)
    with pytest.raises(ConfigError, match="te_nas ranks ntk, linear_regions and no other list"):
        aggregations.parts("te_nas", ["nwot", "snip"])
