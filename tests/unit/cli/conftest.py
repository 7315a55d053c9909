"""Sweeps by joblib whose workers start at once; those of ``test_launchers.py`` begin as a user's do."""

from __future__ import annotations

from multiprocessing import forkserver

import pytest
from joblib.externals.loky import get_reusable_executor
from joblib.externals.loky.backend import context

from tests.children import CHILDREN


@pytest.fixture
def quick_joblib(monkeypatch):
    """Joblib's workers are forked, and end with the test; else they would stay for a next sweep."""
    forkserver.ensure_running()
    monkeypatch.setattr(context, "_DEFAULT_START_METHOD", CHILDREN.get_start_method())
    yield
    get_reusable_executor().shutdown(wait=True)
