"""The written report: its numbers are the records', its files stand alone."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import math
import re
from urllib.parse import unquote

import numpy as np
import pytest
from rich.console import Console

from harness import reports
from harness.errors import ResultsError, UnknownNameError
from harness.reports.build import FILES
from harness.reports.render import plotted, printed
from harness.stats import mean_with_interval

STARTS = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "report"


def built(results, out, **options):
    return reports.build(results.root, out, **options)


def cells(report, task, row, title=None, space="toy"):
    """Texts of a row, by column title, in the table called so or the first one."""
    section = next(each for each in report.sections if (each.task, each.space) == (task, space))
    table = next(each for each in section.tables if title in (None, each.title))
    found = next(each for each in table.rows if each.cells[0].text == row)
    return {column.title: cell.text for column, cell in zip(table.columns, found.cells, strict=True)}


def test_files(figures):
    report = figures.report
    out = report.paths["page"].parent
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES.values())
    assert all(path.exists() for path in report.paths.values())
    names = sorted(path.name for path in report.paths["figures"].iterdir())
    charts = sorted(chart.name for chart in report.charts)
    assert len(set(charts)) == len(charts)
    assert names == sorted(["drawn.json", *(f"{name}.{kind}" for name in charts for kind in STARTS)])
    for path in report.paths["figures"].iterdir():
        if path.suffix != ".json":
            assert path.read_bytes().startswith(STARTS[path.suffix[1:]])


def test_csv_holds_every_number_of_the_records(filled, out):
    report = built(filled, out)
    lines = list(csv.DictReader(report.paths["csv"].read_text().splitlines()))
    by_key = {(line["group"], line["statistic"]): line for line in lines}
    assert len(by_key) == len(lines)
    groups = {}
    for record in filled.store.records():
        groups.setdefault(record.run.group, []).append(record)
    assert {group for group, _ in by_key} == set(groups)
    for group, records in groups.items():
        if records[0].run.task != "arch_correlation":
            continue
        for column in ("score", "params", "flops", "operations"):
            assert by_key[group, f"{column}.kendall_top_decile"]["mean"] == ""  # 6 of 60 rows are too few
            for name in ("kendall", "spearman", "kendall_failures_last", "n"):
                values = [record.statistics[column][name] for record in records]
                line, expected = by_key[group, f"{column}.{name}"], mean_with_interval(values)
                assert float(line["mean"]) == pytest.approx(expected["mean"], abs=1e-15)
                assert line["n"] == str(len(records))
                if expected["sd"] is not None:
                    assert float(line["low"]) == pytest.approx(expected["low"], abs=1e-15)
        assert by_key[group, "score.kendall"]["seeds"] == " ".join(str(r.run.seed) for r in records)


def test_tables_and_markdown_hold_the_records_numbers(filled, out):
    report = built(filled, out)
    records = [r for r in filled.store.records() if r.run.space == "toy"]
    taus = [r.statistics["score"]["kendall"] for r in records if r.run.method == "nwot"]
    shown = f"{np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}"
    row = cells(report, "arch_correlation", "nwot")
    assert row["Kendall τ"] == shown
    assert row["Scored"] == "56 / 60"
    assert row["Seeds"] == "3"
    params = [r.statistics["params"]["kendall"] for r in records if r.run.method == "nwot"]
    assert cells(report, "arch_correlation", "parameters")["Kendall τ"].startswith(
        f"{np.mean(params):.3f}".replace("-", "−")
    )
    found = cells(report, "search", "zero_cost_pt-nwot")
    assert found["Accuracy, %"] == "93.10 ± 0.10"
    assert found["Regret"] == "0.90 ± 0.10"
    assert cells(report, "search", "best of the space")["Accuracy, %"] == "94.00"
    markdown = report.paths["markdown"].read_text()
    assert shown in markdown
    assert "93.10 ± 0.10" in markdown
    page = report.paths["page"].read_text()
    assert shown in page
    assert "93.10 ± 0.10" in page


def test_op_table(filled, out):
    report = built(filled, out)
    records = [r for r in filled.store.records() if r.run.task == "op_correlation"]
    taus = [r.statistics["steps"][0]["best_acc"]["kendall"] for r in records]
    row = cells(report, "op_correlation", "zero_cost_pt-nwot")
    expected = f"{np.mean(taus):.3f} ± {np.std(taus, ddof=1):.3f}".replace("-", "−")
    assert row["τ, best acc."] == expected
    assert row["Decisions"] == "3 / 3"


def test_one_step_alone_has_no_curve_and_no_last_step(results, out):
    results.op(steps=1)
    report = built(results, out)
    section = next(each for each in report.sections if each.task == "op_correlation")
    assert "Agreement step by step" not in section.kinds
    picked = cells(report, "op_correlation", "zero_cost_pt-nwot", "Architectures that the scores pick")
    assert (picked["Picked, %"], picked["Rank"], picked["Regret"]) == ("92.00", "7", "2.00")
    assert {picked[title] for title in picked if "step by step" in title} == {"–"}


def test_baselines_and_the_ceiling_stand_beside_every_proxy(filled, out):
    for section in built(filled, out).sections:
        if section.task == "arch_correlation":
            for table in section.tables:
                names = {row.cells[0].text: row.kind for row in table.rows}
                assert {"parameters", "FLOPs", "non-identity operations"} <= set(names)
                assert names["FLOPs"] == "baseline"
                ceiling = [row for row in table.rows if row.kind == "reference"]
                assert len(ceiling) == (section.space == "toy")
                words = " ".join(table.caption)
                assert ("Ceiling: one training run" in words) == (section.space == "toy")
                assert ("Ceiling unknown: the table holds no single" in words) == (section.space == "other")


def test_settings_that_differ_are_separate_rows_and_named(results, out):
    results.arch(seed=0)
    results.arch(seed=0, settings={"batch_size": 128})
    report = built(results, out)
    rows = [row for row in report.tables[0].rows if row.cells[0].text == "nwot"]
    assert sorted(row.cells[0].note for row in rows) == ["batch_size=128", "batch_size=64"]
    assert [row.cells[-1].text for row in rows] == ["1", "1"]
    kinds = report.sections[0].kinds
    titles = {chart.title for chart in kinds["Scores against accuracy"]}
    assert titles == {"nwot, batch_size=64", "nwot, batch_size=128"}


def test_other_architectures_are_another_table(results, out):
    results.arch("nwot")
    results.arch("snip")
    results.arch("grasp", population=5)
    first, second = built(results, out).tables[:2]
    names = [{row.cells[0].text for row in table.rows if row.kind == "method"} for table in (first, second)]
    assert names == [{"nwot", "snip"}, {"grasp"}]
    assert "set 1 of 2" in first.title


def test_failed_runs_are_shown(results, out):
    results.arch("nwot", 0)
    results.fail("nwot", 1)
    results.fail("fisher", 0, reason="out of | memory")
    report = built(results, out)
    table = report.tables[0]
    by_name = {row.cells[0].text: row for row in table.rows}
    assert by_name["nwot"].cells[0].note == "seed 1 failed: out of memory"
    assert by_name["fisher"].kind == "failed"
    assert by_name["fisher"].cells[0].note == "seed 0 failed: out of | memory"
    assert "out of \\| memory" in report.paths["markdown"].read_text()
    line = next(
        line
        for line in csv.DictReader(report.paths["csv"].read_text().splitlines())
        if line["method"] == "fisher"
    )
    assert (line["n"], line["failed_seeds"], line["mean"]) == ("0", "0", "")


@pytest.mark.parametrize("task", ["arch_correlation", "op_correlation", "search"])
def test_nothing_but_failures(results, out, task):
    results.fail("fisher", 0, task)
    report = built(results, out)
    assert "No run of these succeeded" in " ".join(report.tables[0].caption)
    assert [row.kind for row in report.tables[0].rows] == ["failed"]


def test_undefined_statistics_are_dashes(results, out):
    results.arch("nwot", count=3, failures=2)
    report = built(results, out)
    assert cells(report, "arch_correlation", "nwot")["Kendall τ"] == "–"
    row = next(
        line
        for line in csv.DictReader(report.paths["csv"].read_text().splitlines())
        if line["statistic"] == "score.kendall"
    )
    assert (row["mean"], row["n"], row["undefined"]) == ("", "0", "1")


class Page(html.parser.HTMLParser):
    """Opening tags with their attributes, and whether all are closed in order."""

    VOID = frozenset({"meta", "img", "link", "br", "wbr", "line", "circle", "path", "rect"})

    def __init__(self):
        super().__init__()
        self.tags, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_stands_alone(filled, out):
    page = Page()
    text = built(filled, out, self_contained=True).paths["page"].read_text()
    page.feed(text)
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag not in ("link", "iframe", "object", "img")
        assert "src" not in attributes
        if "plot" in attributes.get("class", "").split():
            assert attributes["aria-label"]
            assert attributes["tabindex"] == "0"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in page.tags if tag == "a"]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    files = [link for link in links if not link.startswith("#")]
    assert any(link.endswith(".json") for link in files)
    for link in files:
        assert (out / unquote(link)).is_file()
    assert "http" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text


def test_reports_of_a_results_folder_share_plotly(filled, drawn, monkeypatch):
    monkeypatch.setattr(plotted, "library", lambda: "// Plotly's script")
    reports_folder = filled.root / "reports"
    for name in ("one", "two"):
        page = built(filled, reports_folder / name, formats=[]).paths["page"]
        text = page.read_text()
        (source,) = re.findall(r'<script src="([^"]+)">', text)
        assert (page.parent / source).read_text() == "// Plotly's script"
        assert "// Plotly's script" not in text
        assert len(text) < 1_000_000
    assert len(list(reports_folder.glob("plotly-*.js"))) == 1
    alone = built(filled, reports_folder / "two", formats=[], self_contained=True).paths["page"].read_text()
    assert "<script src" not in alone
    assert "// Plotly's script" in alone


def test_every_table_is_a_file_and_every_row_has_an_address(filled, out):
    report = built(filled, out)
    text = report.paths["page"].read_text()
    linked = re.findall(r'href="(tables/[^"]+\.csv)"', text)
    assert len(linked) == len(report.tables) == len(list((out / "tables").iterdir()))
    for table, name in zip(report.tables, linked, strict=True):
        lines = list(csv.reader((out / name).read_text().splitlines()))
        assert lines[0][: len(table.columns)] == [column.title for column in table.columns]
        assert [line[0] for line in lines[1:]] == [row.cells[0].text for row in table.rows]
    rows = re.findall(r'<tr id="([^"]+)"', text)
    assert len(set(rows)) == len(rows) == sum(len(table.rows) for table in report.tables)
    assert {address for address in re.findall(r'href="#([^"]+)"', text)} >= set(rows)


def test_without_its_script_the_page_hides_no_column_and_no_row(filled, out):
    page = Page()
    page.feed(built(filled, out).paths["page"].read_text())
    cells = [attributes for tag, attributes in page.tags if tag in ("th", "td", "tr")]
    assert cells
    assert not any("hidden" in attributes for attributes in cells)


def test_every_chart_of_the_page_reads_sequences_that_are_there(filled, out):
    page = Page()
    text = built(filled, out).paths["page"].read_text()
    data = dict(re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', text))
    page.feed(text)
    plots = [attributes for _, attributes in page.tags if "data-chart" in attributes]
    assert len(plots) > 5
    named = re.findall(r'"shared":"(a[0-9a-f]{12})"', text)
    assert named
    assert set(named) | {plot["data-chart"] for plot in plots} | {"palette"} == set(data)
    assert all(json.loads(one) for one in data.values())


def test_what_records_say_is_escaped(results, out):
    results.fail("fisher", 0, reason="<script>alert(1)</script>")
    text = built(results, out).paths["page"].read_text()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_the_same_records_give_the_same_bytes(figures, drawn):
    first, second = figures.report, built(figures.results, figures.results.root.parent / "b")
    for path in sorted(first.paths["figures"].parent.rglob("*")):
        if path.is_file():
            other = second.paths["page"].parent / path.relative_to(first.paths["page"].parent)
            assert path.read_bytes() == other.read_bytes(), path.name


def test_an_earlier_report_is_replaced_as_a_whole(filled, results, out):
    built(filled, out)
    (out / "figures" / "old.png").write_bytes(b"x")
    before = (out / "report.md").read_text()
    filled.arch("zen", 0)
    built(filled, out)
    assert not (out / "figures" / "old.png").exists()
    assert (out / "report.md").read_text() != before
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_a_report_that_fails_leaves_the_earlier_one(filled, out, monkeypatch):
    built(filled, out)
    before = (out / "index.html").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(ResultsError, match="No space left"):
        built(filled, out)
    monkeypatch.undo()
    assert (out / "index.html").read_bytes() == before
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_a_folder_with_something_else_is_never_replaced(filled, out):
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    with pytest.raises(ResultsError, match=r"thesis\.tex"):
        built(filled, out)
    assert (out / "thesis.tex").read_text() == "years of work"
    with pytest.raises(ResultsError, match="is a file"):
        built(filled, out / "thesis.tex")


def test_a_figure_whose_chart_stays_is_not_drawn_again(filled, out, monkeypatch):
    names = []

    def watched(chart, formats):
        names.append(chart.name)
        return dict.fromkeys(formats, chart.name.encode())

    monkeypatch.setattr(printed, "printed", watched)
    report = built(filled, out)
    assert sorted(names) == sorted(chart.name for chart in report.charts)
    names.clear()
    before = {path.name: path.read_bytes() for path in (out / "figures").iterdir()}
    built(filled, out)
    assert names == []
    assert {path.name: path.read_bytes() for path in (out / "figures").iterdir()} == before
    filled.search("random_search", 3, accuracy=90.0)
    (out / "figures" / "found-toy-accuracy.svg").unlink()
    built(filled, out)
    assert "found-toy-accuracy" in names
    assert all(name.startswith(("found", "ranks", "summary")) for name in names)


def test_figures_may_be_left_out_and_their_formats_chosen(filled, out):
    built(filled, out, formats=["svg"])
    assert {path.suffix for path in (out / "figures").iterdir()} == {".svg", ".json"}
    assert ".svg)" in (out / "report.md").read_text()
    built(filled, out, formats=[])
    assert list((out / "figures").iterdir()) == []
    assert "![" not in (out / "report.md").read_text()
    with pytest.raises(UnknownNameError, match="svg"):
        built(filled, out, formats=["swg"])


def test_drawing_leaves_no_global_state(figures):
    assert figures.report.charts
    assert figures.after == figures.before


@pytest.mark.parametrize("width", [50, 80, 260])
def test_terminal(filled, out, width):
    buffer = io.StringIO()
    reports.print_tables(built(filled, out), Console(file=buffer, width=width))
    text = buffer.getvalue()
    assert "zero_cost_pt-nwot" in text
    assert "random_search" in text
    assert all(len(line) <= width for line in text.splitlines())
    assert ("Regret of top 10" in text) == (width == 260)
    assert ("Not shown for want of width" in " ".join(text.split())) == (width < 260)


def test_bars_share_a_scale_and_stay_inside_it(filled, out):
    text = built(filled, out).paths["page"].read_text()
    positions = [float(number) for number in re.findall(r'<circle cx="([0-9.-]+)"', text)]
    assert positions
    assert all(math.isfinite(position) and 0 <= position <= 112 for position in positions)
