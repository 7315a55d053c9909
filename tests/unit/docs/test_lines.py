"""Every command line that the documentation shows could be run."""

from __future__ import annotations

import re

import pytest

from harness import folders
from harness.cli._compose import composing
from tests.children import command
from tests.unit.docs import lines
from tests.unit.docs.pages import PAGES, shell_lines

PLUGIN = folders.ROOT / "tests" / "fixtures" / "plugin"


def test_every_line_can_be_run():
    shown = shell_lines()
    assert len(shown) > 80
    assert {line.typed.split()[0] for line in shown} >= {"harness", "make", "python"}
    done = command(module="tests.unit.docs.lines", packages=[PLUGIN])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"{len(shown)} lines, 0 cannot be"


@pytest.mark.parametrize(
    "line",
    [
        "harness space=nb2O1",
        "python -m harness seed=0,1",
        "harness report --colours png",
        "python -m harness.cli.bench --dataset nb201",
        "python -m tests.gpu.chec",
        "make benhc",
        "harnes",
    ],
)
def test_a_line_that_cannot_be_is_found(line, tmp_path):
    (command,) = lines.commands(line)
    with composing(), pytest.raises((Exception, SystemExit)):
        lines.plan(command, tmp_path)


def test_lines_are_taken_apart_as_a_shell_does():
    line = "cd x && .venv/bin/harness 'label=\"a,b\"' # why"
    assert list(lines.commands(line)) == [["cd", "x"], [".venv/bin/harness", 'label="a,b"']]


def test_files_that_pages_embed_are_there():
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    embedded = re.findall(r'^--8<-- "(.*)"$', text, re.MULTILINE)
    assert len(embedded) > 8
    assert all((folders.ROOT / path).is_file() for path in embedded)
    assert "--8 <" not in text  # as a formatter of Python would write it
