"""Sources that are something else than the release: what they are, and what to do."""

from __future__ import annotations

import bz2
import pickle
import tarfile

import pytest

from harness.benchmarks import importers
from harness.errors import DataError

OF_FILES = ("nb101", "nb101_tfrecord", "nb201_pth", "nbmacro_json", "nats_sss")
OF_FOLDERS = ("nats_simple", "nb201_robustness", "transnas", "mnasnet")
PAGE = b"\n<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>"


def test_every_release_is_one_or_the_other():
    from_maintainers = {"darts", "darts_all", "figures", "operation_scores"}
    assert {*OF_FILES, *OF_FOLDERS} == set(importers.names()) - from_maintainers


def refused(name, source):
    with pytest.raises(DataError) as caught:
        importers.load(name).read(source)
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", [*OF_FILES, *OF_FOLDERS])
def test_files_of_another_kind(name, tmp_path):
    source = tmp_path / "release"
    source.write_bytes(PAGE)
    assert "is a web page, not " in refused(name, source)
    source.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
    assert "run `git lfs pull`" in refused(name, source)
    source.write_bytes(b"")
    assert "is empty, not " in refused(name, source)
    with tarfile.open(source, "w") as archive:
        archive.add(__file__, "inside")
    assert "is a tar archive, not " in refused(name, source)
    assert "tar xf" in refused(name, source)


@pytest.mark.parametrize("name", OF_FILES)
def test_a_folder_in_place_of_a_file(name, tmp_path):
    assert "is a folder; name the file in it: " in refused(name, tmp_path)


@pytest.mark.parametrize("name", OF_FOLDERS)
def test_a_file_in_place_of_a_folder(name, tmp_path):
    (tmp_path / "file").write_bytes(b"figures")
    assert "is a file; name the folder: " in refused(name, tmp_path / "file")
    assert "There is no folder" in refused(name, tmp_path / "nowhere")


def test_the_full_release_and_the_size_space(tmp_path):
    full = tmp_path / "NATS-tss-v1_0-3ffb9-full"
    full.mkdir()
    assert "is the full release, which holds weights" in refused("nats_simple", full)
    sizes = tmp_path / "NATS-sss-v1_0-50262-simple"
    sizes.mkdir()
    meta = {"meta_archs": [f"8:16:{width}:8:64" for width in (8, 16)], "evaluated_indexes": set()}
    (sizes / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta, 4)))
    told = refused("nats_simple", sizes)
    assert "is NATS-Bench's size space, of 2 channel widths" in told
    assert "take its topology space" in told
