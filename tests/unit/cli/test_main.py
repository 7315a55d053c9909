"""One command for all verbs."""

from __future__ import annotations

import importlib

import pytest

from harness.cli import main as command


def test_help_lists_every_verb_with_its_line(capsys):
    assert command.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for verb in command.verbs():
        (line,) = [each for each in lines if each.split()[:1] == [verb]]
        assert len(line.split()) > 3
        assert callable(importlib.import_module(f"harness.cli.{verb}").main)


def test_a_verb_takes_the_rest(capsys):
    assert command.main(["proxies", "nwot"]) == 0
    assert "nwot" in capsys.readouterr().out


@pytest.mark.parametrize("first", [[], ["run"]])
def test_settings_are_a_run(first, capsys, tmp_path):
    asked = ["task=search", "space=nbmacro", "searcher=random_search", "searcher.queries=2", "dry_run=true"]
    assert command.main([*first, *asked, f"results={tmp_path}"]) == 0
    assert "planned" in capsys.readouterr().out


def test_another_word_is_refused(capsys):
    assert command.main(["bensh"]) == 2
    assert "Unknown verb 'bensh'. Did you mean 'bench'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("harness re", {"regress", "report", "reproduce", "results="}),
        ("harness space=nbm", {"space=nbmacro"}),
        ("harness run space=nbm", {"space=nbmacro"}),
        ("harness report --", set()),
    ],
)
def test_a_shell_completes_verbs_and_settings(typed, offered, capsys, monkeypatch):
    monkeypatch.setenv("COMP_LINE", typed)
    assert command.main(["-sc", "query=bash"]) == 0
    assert set(capsys.readouterr().out.split()) == offered
