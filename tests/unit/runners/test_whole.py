"""A dry run of a whole space says how long every proxy takes on it."""

from __future__ import annotations

import pytest

from harness.cli._compose import composing, run_config
from harness.records import Store
from harness.runners import execute

TINY = (
    "space=nbmacro",
    "fidelity=tiny",
    "batch_size=4",
    "input=noise",
    "task.population=all",
    "dry_run=true",
)


@pytest.fixture
def planned(tmp_path):
    def planned(*settings):
        with composing():
            config = run_config(["task=arch_correlation", f"results={tmp_path}", *TINY, *settings])
        return {outcome.method: outcome for outcome in execute(config)}

    return planned


def test_every_proxy_is_timed_on_a_few_networks(planned, tmp_path):
    found = planned("proxy=vote", "proxy.names=[params,snip,vote]", "proxy.of=[params,snip]", "workers=2")
    assert list(found) == ["params", "snip", "vote"]
    for outcome in found.values():
        assert outcome.status == "planned"
        assert "3,969 networks of " in outcome.headline
        assert outcome.headline.endswith("with workers=2")
    seconds = {name: outcome.seconds for name, outcome in found.items()}
    assert min(seconds.values()) > 0
    assert seconds["vote"] == pytest.approx(seconds["params"] + seconds["snip"])
    assert not list(Store(tmp_path).records())


def test_fewer_networks_are_not_timed(planned):
    (outcome,) = planned("proxy=snip", "task.population=100").values()
    assert outcome.seconds is None
