"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Test workers share the cores; this has to be said before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")


LARGE = {"darts", "darts_s1", "darts_s3", "darts_s4", "darts_s5"}
"""Spaces whose supernets cost most: of what goes through all spaces ``darts_s2`` stands for them."""

COSTLY = ("graphs", "networks", "proxies", "runners", "searchers")
"""Folders of tests that build supernets, or look all around, for every space there is."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the large spaces cost as slow, but for their own tests."""
    for item in items:
        chosen = getattr(getattr(item, "callspec", None), "params", {}).values()
        costly = item.path.parent.name in COSTLY and not item.path.name.startswith("test_darts")
        if costly and LARGE & {value for value in chosen if isinstance(value, str)}:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of source data beside the clone; tests that need it are skipped without it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder 'shared' beside the clone: an extra check on the maintainers' source data")
    return folder
