"""A dry run knows what a run would be, and loads little for that."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from harness.cli.main import main
code = main(sys.argv[1:])
print(code, sorted({"torch", "pandas", "scipy", "matplotlib", "sklearn"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    "asked", [("task=op_correlation", "proxy=nwot"), ("task=search", "searcher=random_search")]
)
def test_neither_torch_nor_pandas_is_loaded(asked, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *asked, "dry_run=true", f"results={tmp_path}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("planned: nb201 "), done.stderr
    assert done.stdout.splitlines()[-1] == "0 []"


def test_a_search_by_known_figures_loads_no_torch(tmp_path):
    asked = ("task=search", "space=nb201", "searcher=random_search", f"results={tmp_path}")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *asked], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("done: nb201 "), done.stderr
    code, loaded = done.stdout.splitlines()[-1].split(" ", 1)
    assert code == "0"
    assert "torch" not in loaded
