"""Processes of others that tests start, forked from one that has loaded everything."""

from __future__ import annotations

import multiprocessing
from multiprocessing import forkserver

import pytest

from tests.children import CHILDREN


@pytest.fixture
def quick_pool(monkeypatch):
    """A pool, or a report's helpers, start at once; in some tests they begin as a user's do."""
    forkserver.ensure_running()  # before a test changes the environment, which it would keep
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: CHILDREN)
