"""Tables as LaTeX: balanced, escaped, complete, under names of their own. No LaTeX is needed to see that."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.reports.model import Bar, Cell, Column, Row, Section, Table
from harness.reports.render.latex import DOCUMENT, escaped, latex

COMMANDS = {
    r"\textbackslash{}": "\\", r"\{": "{", r"\}": "}", r"\$": "$", r"\&": "&", r"\#": "#", r"\%": "%",
    r"\_": "_", r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textasciigrave{}": "`",
    r"{\char34}": '"', "$<$": "<", "$>$": ">", "$|$": "|", "{[}": "[", "{]}": "]", "{*}": "*",
    r"$\tau$": "τ", r"$\rho$": "ρ", r"$\alpha$": "α", r"$\Sigma$": "Σ", r"$\pm$": "±", "$-$": "−",
    "{---}": "—", "{--}": "–", r"$\times$": "×", r"$\surd$": "√", "$_{1}$": "₁", "$^{2}$": "²", "{``}": "“",
    "{''}": "”", "{`}": "‘", "{'}": "’", "-{}": "-", "'{}": "'", ",{}": ",", "~": "\u00a0",
}  # fmt: skip
"""What pdfLaTeX draws for each, by the manual and not by the code."""

TOKEN = re.compile("|".join(re.escape(each) for each in sorted(COMMANDS, key=len, reverse=True)))


def read(text):
    """Escaped text as a reader of the printed page sees it."""
    return TOKEN.sub(lambda match: COMMANDS[match[0]], text)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from([*COMMANDS.values(), *"aZ0 .-',:()=/é"]), max_size=20))
@example("--force ''x'' ,, -")
@example(r"\tau $\tau$ a_b 50% {x}")
def test_reads_as_written(text):
    found = escaped(text)
    assert read(found) == text
    assert not set(TOKEN.sub("", found)) & set('\\{}$&#%_~^`"<>|[]*')


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_balanced_and_of_letters_that_latex_has(text):
    found = escaped(text)
    assert balanced(found)
    assert all(ord(character) < 0x180 for character in found)
    assert "\n" not in found


def test_what_the_fonts_lack_is_told_by_its_number():
    assert escaped("a中") == "a{[}U+4E2D{]}"
    assert escaped("Ħé\t") == "{[}U+0126{]}é{[}U+0009{]}"


def balanced(text):
    """Braces and maths closed in order; escaped ones do not count."""
    text = re.sub(r"\\[{}$%&#_\\]", "", text)
    depth = 0
    for character in re.sub(r"[^{}]", "", text):
        depth += 1 if character == "{" else -1
        if depth < 0:
            return False
    return depth == 0 and text.count("$") % 2 == 0


COLUMNS = (
    Column("Score_%", numeric=False),
    Column("Kendall τ"),
    Column("95 % interval"),
    Column("Regret", lower_first=True),
    Column("Seeds"),
)


def row(name, tau, regret, seeds, kind="method", note="", deviation=""):
    cells = (
        Cell(name, name, note),
        Cell(f"{tau:.3f}{deviation}", tau),
        Cell("0.10 to 0.20", tau, bar=Bar(tau, 0.1, 0.2)),
        Cell(f"{regret:.2f}", regret),
        Cell(str(seeds), float(seeds)),
    )
    return Row(cells, kind)


ROWS = (
    row("another run", 0.919, 0.0, 9, "reference", "ceiling"),
    row("nwot & co_1", 0.4741, 0.40, 4, note="batch_size=8"),
    row("snip", 0.4742, 0.41, 5, deviation=" ± 0.013"),
    row("params", 0.3, 0.4, 4, "baseline"),
    Row((Cell("fisher"), *[Cell("–")] * 3, Cell("0", 0.0)), "failed"),
)

CAPTION = ("One set of 50 % & more.", "Run `python -m harness --x a_b`.")


def section(*tables, task="arch_correlation", space="nb201", label="cifar10_test_200"):
    return Section(task, space, label, "words", tables or (table(),), ())


def table(rows=ROWS, columns=COLUMNS, title="Rank agreement"):
    return Table(title, columns, rows, CAPTION)


def only(*sections):
    """The one table's text."""
    ((_, text), _) = latex(sections).items()
    return text


def body(text):
    """Cells of every line between the rules, read; the heading first."""
    inside = text[text.index("\\toprule") : text.index("\\bottomrule")]
    lines = [line for line in inside.splitlines() if line.endswith("\\\\")]
    return [re.split(r"(?<!\\)&", line.removesuffix("\\\\")) for line in lines]


def test_one_line_per_row_and_one_cell_per_column():
    head, *lines = body(only(section()))
    assert [read(cell.strip()) for cell in head] == [column.title for column in COLUMNS]
    assert len(lines) == len(ROWS)
    for cells, shown in zip(lines, ROWS, strict=True):
        assert len(cells) == len(COLUMNS)
        for cell, expected in zip(cells, shown.cells, strict=True):
            text = re.sub(r"\\textbf{(.*)}|{\\footnotesize (\(.*\))}", r"\1\2", cell.strip())
            assert read(text) == f"{expected.text} ({expected.note})".removesuffix(" ()")


def test_environments_and_braces_are_closed():
    for text in latex((section(), section(table(rows=()), label="x{y}"))).values():
        assert balanced(text)
        opened = []
        for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
            if kind == "begin":
                opened.append(name)
            else:
                assert opened.pop() == name
        assert opened == []


def test_the_best_of_a_column_is_bold_and_the_ceiling_is_none():
    bold = [[r"\textbf" in cell for cell in cells] for cells in body(only(section()))[1:]]
    assert bold == [
        [False, False, False, False, False],
        [False, True, False, True, False],
        [False, True, False, False, False],
        [False, False, False, True, False],
        [False, False, False, False, False],
    ]


def test_none_is_bold_where_all_are_equal_or_rows_are_no_rivals():
    assert "textbf" not in only(section(table(rows=(ROWS[1], ROWS[1]))))
    assert "textbf" not in only(section(table(rows=ROWS[:2])))
    assert "textbf" not in only(section(task="published"))


def test_caption_and_label():
    text = only(section())
    (caption,) = re.findall(r"^\\caption\{(.*)\}$", text, re.MULTILINE)
    code = "\\texttt{python -m harness -{}-x a\\_b}"
    assert code in caption
    expected = f"Rank agreement: nb201, cifar10_test_200. {CAPTION[0]} Run CODE."
    assert read(caption.replace(code, "CODE")) == expected
    assert "\\label{tab:arch_correlation-nb201-cifar10_test_200-1}" in text


def test_numbers_stand_to_the_right_and_long_words_are_broken():
    assert re.search(r"\\begin\{tabular\}\{lrrrr\}", only(section()))
    long = (row("nwot", 0.4, 0.1, 1, note="x" * 60), ROWS[2])
    assert re.search(r"\\begin\{tabular\}\{>\{[^p]*\}p\{\d+mm\}rrrr\}", only(section(table(rows=long))))


def test_names_are_the_same_every_time_and_one_for_each_table():
    sections = (section(table(), table()), section(label="a.b"), section(label="a,b"), section(label="A-B"))
    found = latex(sections)
    stem = "arch_correlation-nb201"
    assert list(found) == [
        f"{stem}-cifar10_test_200-1.tex", f"{stem}-cifar10_test_200-2.tex", f"{stem}-a-b-1.tex",
        f"{stem}-a-b-1-2.tex", f"{stem}-A-B-1-3.tex", DOCUMENT,
    ]  # fmt: skip
    assert found == latex(sections)
    labels = [re.findall(r"\\label\{(.*?)\}", text) for text in found.values()]
    assert len({each for label in labels for each in label}) == 5


def test_the_document_reads_every_table_once_and_in_order():
    found = latex((section(table(), table()), section(task="search")))
    document = found.pop(DOCUMENT)
    assert [f"{name}.tex" for name in re.findall(r"\\input\{(.*)\}", document)] == list(found)
    assert document.index("\\documentclass") < document.index("\\begin{document}") < document.index("\\input")
    for package in ("array", "booktabs", "graphicx"):
        assert re.search(rf"\\usepackage\{{[\w,]*{package}", document)


@pytest.mark.parametrize("sections", [(), (Section("search", "a", "b", "", (), ()),)])
def test_without_tables_the_document_still_has_a_page(sections):
    (document,) = latex(sections).values()
    assert re.search(r"\\begin\{document\}\n[^\\]*\w", document)
