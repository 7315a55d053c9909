"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Test workers share the cores; this has to be said before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of source data beside the clone; tests that need it are skipped without it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder 'shared' beside the clone: an extra check on the maintainers' source data")
    return folder
