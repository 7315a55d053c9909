"""Pools whose processes need no second to start; those of ``test_bench.py`` begin as a user's do."""

from __future__ import annotations

from multiprocessing import forkserver

import pytest

from harness.cli import _pool
from tests.children import CHILDREN


@pytest.fixture
def quick_pool(monkeypatch):
    forkserver.ensure_running()  # before a test changes the environment, which it would keep
    monkeypatch.setattr(_pool.multiprocessing, "get_context", lambda _: CHILDREN)
