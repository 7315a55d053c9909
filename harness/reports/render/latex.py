r"""Every table of a report as a file of LaTeX, and a document that shows them all.

A file holds one ``table`` with a plain ``tabular``, to be read into a paper with ``\input``; it takes the
packages ``array``, ``booktabs`` and ``graphicx``, and compiles with pdfLaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from unicodedata import normalize

from harness.reports.model import Cell, Column, Row, Section, Table
from harness.reports.render.names import DOCUMENT, named_tables

LONG = 32
"""Characters from which on a column of words is set in lines of its own, ``WIDTH`` wide."""

WIDTH = "62mm"

COMPETING = frozenset({"method", "baseline"})
"""Kinds of rows among which there is a best; a ceiling or an optimum is none."""

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi",
    "ρ": "rho", "ς": "varsigma", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi",
    "Π": "Pi", "Σ": "Sigma", "Υ": "Upsilon", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
"""Letters and their commands; the others look like Latin ones."""

WRITTEN = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}",
    '"': r"{\char34}", "<": "$<$", ">": "$>$", "|": "$|$", "[": "{[}", "]": "{]}", "*": "{*}",
    "\u00a0": "~", "–": "{--}", "—": "{---}", "‘": "{`}", "’": "{'}", "“": "{``}", "”": "{''}",
    "…": r"\ldots{}", "−": "$-$", "±": r"$\pm$", "×": r"$\times$", "·": r"$\cdot$", "√": r"$\surd$",
    "∞": r"$\infty$", "≤": r"$\leq$", "≥": r"$\geq$", "≠": r"$\neq$", "≈": r"$\approx$", "→": r"$\to$",
    "∑": r"$\sum$", "∈": r"$\in$", "°": r"$^{\circ}$", "²": "$^{2}$", "³": "$^{3}$",
    **{digit: f"$_{{{number}}}$" for number, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
    **{letter: f"$\\{name}$" for letter, name in GREEK.items()},
}  # fmt: skip
"""What a character is written as, where it is not written as itself."""

JOINED = frozenset("-',")
"""Characters of which LaTeX draws two as one."""

_DECIMALS = re.compile(r"\d\.\d\d")


def latex(sections: Sequence[Section]) -> dict[str, str]:
    """By file name the text of every table, and of :data:`DOCUMENT`, which reads them in this order.

    A table's name is made of its section's task, space and label and of its number there; the same
    sections give the same names and texts.
    """
    files: dict[str, str] = {}
    body: list[str] = []
    for number, (stem, section, table) in enumerate(named_tables(sections)):
        if number and table is section.tables[0]:
            body.append("\\clearpage")
        files[f"{stem}.tex"] = table_text(table, section, stem)
        body.append(f"\\input{{{stem}}}")
    return files | {DOCUMENT: _document(body)}


def table_text(table: Table, section: Section, stem: str) -> str:
    """One table, labelled ``tab:`` and ``stem``.

    The best value of every column that has an order is bold (:func:`best`). A table wider than a line is
    made as wide as one.
    """
    bold = {(row, column) for column in range(len(table.columns)) for row in best(table, column, section)}
    head = " & ".join(escaped(column.title) for column in table.columns)
    alignment = "".join(_alignment(table, column) for column in range(len(table.columns)))
    lines = [
        " & ".join(_cell(cell, (number, column) in bold) for column, cell in enumerate(row.cells))
        for number, row in enumerate(table.rows)
    ]
    where = f"{table.title}: {section.space}, {section.label}."
    caption = " ".join(map(_sentence, (where, *table.caption)))
    return "\n".join(
        [
            "% Needs the packages array, booktabs and graphicx.",
            r"\begin{table}",
            r"\centering",
            f"\\caption{{{caption}}}",
            f"\\label{{tab:{stem}}}",
            r"\resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            f"\\begin{{tabular}}{{{alignment}}}",
            r"\toprule",
            f"{head} \\\\",
            r"\midrule",
            *(f"{line} \\\\" for line in lines),
            r"\bottomrule",
            r"\end{tabular}}",
            r"\end{table}",
            "",
        ]
    )


def best(table: Table, column: int, section: Section) -> list[int]:
    """Rows whose shown value in ``column`` is the best of the methods and baselines.

    A column has an order where it is sorted from below, or where its values have two decimals and more: of
    seeds and other counts none is the best. Where all are equal, and among published figures, none is.
    """
    shown = table.columns[column]
    cells = {
        number: row.cells[column]
        for number, row in enumerate(table.rows)
        if row.kind in COMPETING and isinstance(row.cells[column].sort, int | float)
    }
    if section.task == "published" or not _ordered(shown, cells.values()):
        return []
    values = {_mean(cell) for cell in cells.values()}
    if len(values) < 2:
        return []
    top = (min if shown.lower_first else max)(cells.values(), key=lambda cell: float(cell.sort or 0))
    return [number for number, cell in cells.items() if _mean(cell) == _mean(top)]


def _ordered(column: Column, cells: Iterable[Cell]) -> bool:
    cells = list(cells)
    measured = column.lower_first or any(_DECIMALS.search(cell.text) for cell in cells)
    return column.numeric and measured and not any(cell.bar for cell in cells)


def _mean(cell: Cell) -> str:
    """What is shown, without the deviation."""
    return cell.text.partition(" ± ")[0]


def escaped(text: str) -> str:
    """``text`` so that pdfLaTeX sets it as it reads.

    A character that its fonts lack is told by its number, as in ``{[}U+4E2D{]}``.
    """
    text = text.replace("\n", " ")
    pairs = zip(text, f"{text[1:]} ", strict=False)
    return "".join(_character(one) + ("{}" if one == other and one in JOINED else "") for one, other in pairs)


def _character(character: str) -> str:
    if character in WRITTEN:
        return WRITTEN[character]
    return character if _in_fonts(character) else f"{{[}}U+{ord(character):04X}{{]}}"


def _in_fonts(character: str) -> bool:
    """Latin-1, and the letters with an accent of Latin Extended-A."""
    accented = ord(character) < 0x180 and normalize("NFD", character) != character
    return character.isprintable() and (ord(character) < 0x100 or accented)


def _sentence(text: str) -> str:
    """Escaped, with what stands in backticks set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "".join(
        f"\\texttt{{{escaped(part)}}}" if number % 2 else escaped(part) for number, part in enumerate(parts)
    )


def _cell(cell: Cell, bold: bool) -> str:
    text = f"\\textbf{{{escaped(cell.text)}}}" if bold else escaped(cell.text)
    note = f"{{\\footnotesize ({escaped(cell.note)})}}" if cell.note else ""
    return " ".join(filter(None, (text, note)))


def _alignment(table: Table, column: int) -> str:
    if table.columns[column].numeric:
        return "r"
    longest = max((_length(row, column) for row in table.rows), default=0)
    return f">{{\\raggedright\\arraybackslash}}p{{{WIDTH}}}" if longest > LONG else "l"


def _length(row: Row, column: int) -> int:
    return len(row.cells[column].text) + len(row.cells[column].note)


def _document(body: Sequence[str]) -> str:
    return "\n".join(
        [
            r"\documentclass{article}",
            r"\usepackage[T1]{fontenc}",
            r"\usepackage[a3paper,landscape,margin=15mm]{geometry}",
            r"\usepackage{array,booktabs,graphicx}",
            r"\begin{document}",
            *(body or ["No tables."]),
            r"\end{document}",
            "",
        ]
    )
