"""Fixtures for all tests."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.collector import paused_collector

# Test workers share the cores; this has to be said before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")


REPRESENTATIVES = {"nb201", "nbmacro", "nb1shot1_1", "nb1shot1_2", "nb1shot1_3", "darts_s2", "transnas_macro"}
"""Of what goes through all spaces these stand for the others: ``darts_s2`` for DARTS's, ``transnas_macro``
for those without a supernet, ``nb201`` for other cells of six edges."""

OBJECTS = 50_000
"""So many more are made between two looks for cycles: Python's 700 take a twentieth of the tests' time."""

COSTLY = ("graphs", "networks", "proxies", "runners", "searchers")
"""Folders of tests that build supernets, or look all around, for every space there is."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect without looking for cycles in what stays until the end, nor look there while tests run.

    Elsewhere they are looked for seldom.
    """
    with paused_collector():
        found = yield
        gc.freeze()
    gc.set_threshold(OBJECTS)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the other spaces cost as slow, but for their own tests."""
    from harness import spaces

    others = set(spaces.names()) - REPRESENTATIVES
    for item in items:
        chosen = getattr(getattr(item, "callspec", None), "params", {}).values()
        names = {getattr(value, "name", value) for value in chosen if isinstance(value, str | spaces.Space)}
        own = any(item.path.stem.startswith(f"test_{name.partition('_')[0]}") for name in names)
        if item.path.parent.name in COSTLY and names & others and not own:
            item.add_marker("slow")


@pytest.fixture(scope="session", autouse=True)
def _not_waiting_for_the_disk() -> Iterator[None]:
    """Files are handed to the system as ever; that they reach the disk only a loss of power would show.

    Waiting takes 10 ms a file. Processes that tests start do wait; ``test_files.py`` holds what is flushed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", os.fstat)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The maintainers' folder of source data beside the clone; tests that need it are skipped without it."""
    folder = Path(__file__).resolve().parents[1].parent / "shared"
    if not folder.is_dir():
        pytest.skip("no folder 'shared' beside the clone: an extra check on the maintainers' source data")
    return folder
