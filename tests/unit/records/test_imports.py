"""Looking at results never loads torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = "harness.cli.report, harness.records, harness.reports, harness.reports.build, harness.stats"


@pytest.mark.parametrize(
    ("extra", "loaded"), [("", 0), ("sys.modules['torch'] = None", 1)], ids=["ours", "the check can fail"]
)
def test_no_torch(extra, loaded):
    code = f"""
import sys, {MODULES}
harness.records.provenance("cpu", 1)
{extra}
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == loaded
