"""``kill -9`` at fifty random moments of runs and sweeps; each row of the table in docs/robustness.md."""

from __future__ import annotations

import pytest

from harness.seeding import generator
from tests.survival import SCENARIOS, survives

KILLS = 10

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_killed_run_taken_up_again_is_the_uninterrupted_one(scenario, tmp_path, record_property):
    told = survives(scenario, tmp_path, KILLS, generator(0, "kill", scenario))
    assert told["kills"] == KILLS
    for name, count in told.items():
        record_property(name, count)
    print(scenario, told)
