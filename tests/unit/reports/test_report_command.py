"""``python -m harness.cli.report``."""

from __future__ import annotations

import pytest

from harness.cli.report import main


def test_writes_the_report_beside_the_records(filled, capsys):
    assert main(["--results", str(filled.root)]) == 0
    assert (filled.root / "reports" / "all" / "index.html").exists()
    assert "zero_cost_pt-nwot" in capsys.readouterr().out


def test_one_space_has_a_report_of_its_own(filled, tmp_path):
    assert main(["--results", str(filled.root), "--space", "other"]) == 0
    assert (filled.root / "reports" / "other" / "report.csv").exists()
    assert main(["--results", str(filled.root), "--out", str(tmp_path / "here")]) == 0
    assert (tmp_path / "here" / "index.html").exists()


def test_the_page_is_opened_as_a_file(filled, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["--results", str(filled.root), "--figures", "none", "--open", "--self-contained"]) == 0
    assert opened == [(filled.root / "reports" / "all" / "index.html").as_uri()]
    assert not list((filled.root / "reports").glob("plotly*"))


@pytest.mark.parametrize(
    ("options", "words"), [([], "python -m harness task="), (["--space", "nb201"], "python -m harness task=")]
)
def test_no_records(tmp_path, capsys, options, words):
    assert main(["--results", str(tmp_path), *options]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.splitlines()) == 1
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_space(filled, capsys):
    assert main(["--results", str(filled.root), "--space", "nb999"]) == 2
    assert "there are some of other, toy" in capsys.readouterr().err


def test_an_unknown_option(capsys):
    assert main(["--wrong"]) == 2
    assert "--wrong" in capsys.readouterr().err
