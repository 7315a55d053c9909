"""Provenance: of the package's own clone, never of the current folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version

import pytest

import harness
from harness import folders
from harness.records import provenance
from harness.records.provenance import PACKAGES, clone_state


def git(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True, capture_output=True, text=True, env=environment,
    ).stdout.strip()  # fmt: skip


@pytest.fixture
def clone(tmp_path):
    root = tmp_path / "clone"
    (root / "harness").mkdir(parents=True)
    (root / "harness" / "a.py").write_text("a = 1\n")
    (root / "README.md").write_text("words\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    clone_state.cache_clear()
    yield root
    clone_state.cache_clear()


def test_contents():
    found = provenance("cpu", 2, "ab" * 32, None)
    assert found["package"] == harness.__version__
    assert (found["device"], found["threads"]) == ("cpu", 2)
    assert (found["truth_digest"], found["input_digest"]) == ("ab" * 32, None)
    assert set(found["versions"]) == set(PACKAGES)
    assert found["versions"]["numpy"] == version("numpy")
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    json.dumps(found, allow_nan=False)
    assert found == provenance("cpu", 2, "ab" * 32, None)


def test_commit_and_dirty_flag(clone):
    commit = git(clone, "rev-parse", "HEAD")
    assert clone_state(clone) == {"commit": commit, "dirty": False}


@pytest.mark.parametrize(
    ("file", "dirty"), [("harness/a.py", True), ("harness/new.py", True), ("README.md", False)]
)
def test_only_what_can_change_a_number_is_dirty(clone, file, dirty):
    (clone / file).write_text("changed\n")
    assert clone_state(clone)["dirty"] is dirty


def test_none_outside_git_and_inside_another_projects_clone(clone, tmp_path):
    outside = tmp_path / "plain"
    outside.mkdir()
    assert clone_state(outside) == {"commit": None, "dirty": None}
    inside = clone / "venv" / "site-packages"
    inside.mkdir(parents=True)
    assert clone_state(inside) == {"commit": None, "dirty": None}


def test_a_clone_without_a_commit(tmp_path):
    git(tmp_path, "init", "-q")
    assert clone_state(tmp_path)["commit"] is None


def test_never_of_the_current_folder(clone, monkeypatch):
    here = provenance("cpu", 1)
    monkeypatch.chdir(clone)
    monkeypatch.setenv("GIT_DIR", str(clone / ".git"))
    clone_state.cache_clear()
    assert provenance("cpu", 1)["commit"] == here["commit"]
    assert clone_state(folders.ROOT)["commit"] != git(clone, "rev-parse", "HEAD")


def test_no_git_installed(monkeypatch, clone):
    monkeypatch.setenv("PATH", "")
    assert clone_state(clone) == {"commit": None, "dirty": None}
