from __future__ import annotations

import ctypes
import sys
from types import SimpleNamespace

import pytest

from harness.processes import memory
from harness.runners import keep_freed_memory


def test_glibc_is_told_to_keep_what_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {}
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=told.__setitem__))
    keep_freed_memory()
    assert set(told) == {memory.M_TRIM_THRESHOLD, memory.M_MMAP_THRESHOLD} == {-1, -3}
    assert all(2**24 < size < 2**31 for size in told.values())


@pytest.mark.parametrize(("platform", "library"), [("darwin", None), ("linux", SimpleNamespace())])
def test_other_libraries_are_left_alone(
    platform: str, library: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    keep_freed_memory()
