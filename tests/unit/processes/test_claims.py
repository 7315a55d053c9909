"""Who works in a folder, and who may."""

from __future__ import annotations

import fcntl
import shutil

import pytest

from harness.processes import claims


def test_a_claim_is_one_processes_until_it_ends(tmp_path):
    path = tmp_path / "claim"
    with claims.claim(path) as first, claims.claim(path) as second:
        assert first
        assert not second
        assert path.exists()
    assert not path.exists()
    with claims.claim(path) as third:
        assert third


def test_a_claim_that_ends_in_an_error_is_free_again(tmp_path):
    with pytest.raises(ValueError, match="broken"), claims.claim(tmp_path / "claim"):
        raise ValueError("broken")
    with claims.claim(tmp_path / "claim") as again:
        assert again


def test_a_folder_is_removed_when_nobody_is_inside(tmp_path):
    folder = tmp_path / "shards" / "run"
    with claims.inside(folder), claims.inside(folder):
        claims.remove(folder)
        assert folder.is_dir()
    claims.remove(folder)
    assert list(tmp_path.iterdir()) == []
    claims.remove(folder)


def test_whoever_waits_for_a_folder_that_is_removed_enters_a_new_one(tmp_path, monkeypatch):
    folder, lock = tmp_path / "run", fcntl.flock
    removals = []

    def removed_first(file, how):
        if not removals:
            removals.append(folder)
            shutil.rmtree(folder)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with claims.inside(folder):
        claims.remove(folder)
        assert folder.is_dir()
