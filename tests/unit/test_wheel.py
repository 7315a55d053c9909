"""A wheel runs anywhere: in another folder, without the clone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from harness import folders


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of an installation; what the package needs is this environment's."""
    made = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(made), str(folders.ROOT)],
        check=True,
    )
    (wheel,) = made.glob("*.whl")
    with ZipFile(wheel) as file:
        file.extractall(made / "site")
    return made / "site"


def call(installed, folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_holds_what_it_needs_and_its_licence(installed):
    data = installed / "harness" / "_data"
    for top in ("conf", "benchmarks_data"):
        names = {path.relative_to(folders.ROOT) for path in (folders.ROOT / top).rglob("*") if path.is_file()}
        assert {path.relative_to(data) for path in (data / top).rglob("*") if path.is_file()} == names
    assert (installed / "harness" / "py.typed").is_file()
    assert list(installed.glob("*.dist-info/licenses/LICENSE"))
    assert (
        "harness = harness.cli.main:main" in next(installed.glob("*.dist-info/entry_points.txt")).read_text()
    )


def test_it_runs_and_reports_in_another_folder(installed, tmp_path):
    asked = ["space=nbmacro", "task=search", "searcher=random_search", "searcher.queries=3"]
    done = call(installed, tmp_path, "harness.cli.main", *asked)
    assert done.returncode == 0, done.stderr
    (record,) = [p for p in tmp_path.glob("results/records/**/*.json") if "timing" not in p.name]
    assert json.loads(record.read_text())["provenance"]["commit"] is None
    done = call(installed, tmp_path, "harness.cli.main", "report", "--figures", "none")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "results" / "reports" / "all" / "index.html").is_file()
    done = call(installed, tmp_path, "harness.cli.main", "bench", "--help")
    assert done.returncode == 0


def test_the_environment_names_the_results(installed, tmp_path):
    asked = ["space=nbmacro", "task=search", "searcher=largest", "dry_run=true"]
    done = call(installed, tmp_path, "harness", *asked, HARNESS_RESULTS=str(tmp_path / "mine"))
    assert done.returncode == 0, done.stderr
    assert str(Path("mine") / "records") in done.stdout
    assert not (tmp_path / "results").exists()
