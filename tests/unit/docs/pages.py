"""The pages of the documentation, and what they show to be run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import folders

PAGES = (
    folders.ROOT / "README.md",
    folders.ROOT / "CONTRIBUTING.md",
    *sorted((folders.ROOT / "docs").rglob("*.md")),
)
_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(python -m |\.venv/bin/|harness |make |pip |sbatch |mlflow |git )")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its title where it is a file, and its text."""

    page: str
    language: str
    title: str
    text: str


def blocks() -> Iterator[Block]:
    """All of them, page by page."""
    for page in PAGES:
        for language, attributes, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            title = re.search(r'title="([^"]*)"', attributes)
            name = str(page.relative_to(folders.ROOT))
            yield Block(name, language, title[1] if title else "", text)


@dataclass(frozen=True)
class Line:
    """A line of a shell: its page, what is typed, and the error that the page shows below it, if it does."""

    page: str
    typed: str
    error: str = ""


def shell_lines() -> list[Line]:
    """All of ``bash`` blocks, the commands of those without a language, and what follows ``$``."""
    found = []
    for block in blocks():
        lines = block.text.replace("\\\n", " ").splitlines()
        for line, below in zip(lines, [*lines[1:], ""], strict=True):
            shown = block.language == "bash" and line.strip() and not line.startswith("#")
            plain = not block.language and _COMMAND.match(line)
            if shown or plain or (block.language in ("", "text") and line.startswith("$ ")):
                error = below.removeprefix("harness: ").rstrip(". ") if below.startswith("harness: ") else ""
                found.append(Line(block.page, line.removeprefix("$ "), error))
    return found


def files(page: Path | str) -> dict[str, str]:
    """Text by title of the Python files that ``page`` shows in full."""
    return {
        each.title: each.text
        for each in blocks()
        if each.page == str(page) and each.language == "python" and each.title and "--8<--" not in each.text
    }
