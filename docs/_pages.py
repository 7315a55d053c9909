"""Pages of the site that stand elsewhere in the repository: README, notebooks, contributing, changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ELSEWHERE = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "sensitivity.md": "results/sensitivity/sensitivity.md",
}
"""Page of the site: its file in the repository."""

_ROLE = re.compile(r":(?:attr|class|data|exc|func|meth|mod):<code>~?([^<]*)</code>")


def on_files(files: Any, config: Any) -> Any:
    """Add them to the pages that MkDocs found in this folder."""
    from mkdocs.structure.files import File

    pages = {page: _linked((ROOT / path).read_text(encoding="utf-8")) for page, path in ELSEWHERE.items()}
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        pages[f"notebooks/{path.stem}.md"] = of_notebook(path)
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_content(html: str, **page: Any) -> str:
    """The roles of docstrings, such as ``:class:`harness.spaces.Space```, as links to what the site has."""
    return _ROLE.sub(r'<autoref identifier="\1" optional><code>\1</code></autoref>', html)


def of_notebook(path: Path) -> str:
    """A notebook's cells as a page, with the notebook itself beside it."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [("".join(cell["source"]), cell["cell_type"] == "code") for cell in cells]
    body = [f"```python\n{text}\n```" if code else text for text, code in texts]
    return "\n\n".join([*body, f"[Download this notebook]({path.name})", ""])


def _linked(text: str) -> str:
    """Links from the repository's top level as they go from the site's; one that leaves it is words alone."""
    pages = {path: page for page, path in ELSEWHERE.items()}

    def link(found: re.Match[str]) -> str:
        words, target = found.groups()
        path, hash_, anchor = target.partition("#")
        page = pages.get(path) or path.removeprefix("docs/")
        inside = "://" in target or not path or path in pages or path.startswith("docs/")
        return f"[{words}]({page}{hash_}{anchor})" if inside else words

    return re.sub(r"\[([^\]]*)\]\(([^)]+)\)", link, text)
