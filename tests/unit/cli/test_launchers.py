"""Hydra's launchers: whichever runs a sweep, in however many processes, the records are the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from harness.cli import run
from harness.cli._ledger import FILE

SWEEP = (
    "-m", "space=nbmacro", "fidelity=tiny", "batch_size=4", "task.population=4", "proxy=nwot_eval,snip",
    "seed=0,1",
)  # fmt: skip
LAUNCHERS = {
    "joblib": ("hydra_joblib_launcher", ["hydra.launcher.n_jobs=2"]),
    "submitit_local": ("hydra_submitit_launcher", ["hydra.launcher.timeout_min=5"]),
    "ray": ("hydra_ray_launcher", ["+hydra.launcher.ray.init.num_cpus=2"]),
}


def content(root) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "records").rglob("*")
        if path.is_file() and not path.name.endswith(".timing.json")
    }


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The records of the sweep with Hydra's own launcher, one run after another."""
    root = tmp_path_factory.mktemp("serial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", [])
        assert run.main([*SWEEP, "hydra/launcher=basic", f"results={root}"]) == 0
    assert len(content(root)) == 8, "four records and their rows"
    return content(root)


@pytest.mark.parametrize(
    "launcher", [pytest.param(name, marks=() if name == "joblib" else pytest.mark.slow) for name in LAUNCHERS]
)
def test_every_launcher_gives_the_same_bytes(launcher, serial, tmp_path):
    plugin, settings = LAUNCHERS[launcher]
    if launcher == "ray" and find_spec(f"hydra_plugins.{plugin}") is None:
        pytest.skip("Ray's plug-in is installed by hand, see docs/clusters.md; the others come with [dev]")
    root = tmp_path / "results"
    done = subprocess.run(
        [sys.executable, "-m", "harness", *SWEEP, f"hydra/launcher={launcher}", *settings, f"results={root}"],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "harness: 4 settings, 4 runs: 4 done" in done.stderr
    assert content(root) == serial


def test_workers_that_do_not_inherit_the_environment_report_all_the_same(tmp_path, capfd, monkeypatch):
    """Such as those of a cluster that was there before the sweep."""
    launch = run._hydra_main

    def elsewhere():
        monkeypatch.delitem(os.environ, FILE)
        try:
            launch()
        finally:
            os.environ[FILE] = ""

    monkeypatch.setattr(run, "_hydra_main", elsewhere)
    monkeypatch.setattr(sys, "argv", [])
    asked = ["-m", "space=nbmacro", "task=search", "searcher=largest", "seed=0,1", f"results={tmp_path}"]
    assert run.main([*asked, "+hydra.job.env_set.ANOTHER=one", "hydra.job.name=named"]) == 0
    assert "harness: 2 settings, 2 runs: 2 done" in capfd.readouterr().err
