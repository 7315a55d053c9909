"""Files are written whole, and are on the disk before they have their name."""

from __future__ import annotations

import os

import pytest

from harness import files


@pytest.mark.parametrize("write", [files.replace, files.create])
def test_a_file_is_flushed_whole_before_it_has_its_name(write, tmp_path, monkeypatch):
    flushed = []

    def fsync(descriptor: int) -> None:
        (staged,) = tmp_path.iterdir()
        assert os.path.samestat(os.fstat(descriptor), staged.stat())
        flushed.append((staged.name.startswith(".staged-"), staged.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    write(tmp_path / "a.json", b"all of it")
    assert flushed == [(True, b"all of it")]
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.json", b"all of it")]
