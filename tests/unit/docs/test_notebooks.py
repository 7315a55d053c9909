"""The example notebooks run from their first cell to their last, and are committed without outputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from harness import folders

NOTEBOOKS = sorted((folders.ROOT / "docs" / "notebooks").glob("*.ipynb"))
RUN = """
import nbformat, sys
from nbclient import NotebookClient
*paths, target = sys.argv[1:]
whole = nbformat.v4.new_notebook()
for path in paths:
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    for cell in cells:
        cell.metadata["path"] = path
    whole.cells += [*cells, nbformat.v4.new_code_cell("%reset -f")]
NotebookClient(whole, timeout=300, kernel_name="python3").execute()
nbformat.write(whole, target)
"""
"""All notebooks one after the other in one kernel, which forgets all names between them: torch loads once."""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The code cells with their outputs by notebook, executed in an empty folder."""
    folder = tmp_path_factory.mktemp("notebooks")
    target = folder / "executed.ipynb"
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, NOTEBOOKS), str(target)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folders.ROOT), "HARNESS_RESULTS": str(folder / "results")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    return {path: [cell for cell in cells if cell["metadata"].get("path") == str(path)] for path in NOTEBOOKS}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_the_last_shows_something(path, executed):
    cells = executed[path]
    assert all(cell["execution_count"] for cell in cells)
    assert cells[-1]["outputs"]
    kinds = {kind for cell in cells for output in cell["outputs"] for kind in output.get("data", ())}
    assert "text/html" in kinds


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_outputs_are_committed(path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert not cell.get("execution_count")
