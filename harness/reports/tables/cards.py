"""What a reader is told of every proxy: from its module, and without running it, since it loads torch."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from harness import aggregations, registry
from harness.about import About
from harness.reports.model import Cell, Column, Row, Table

PROXIES = "harness.proxies"
TITLE = "What each score is"
COLUMNS = (
    Column("Proxy", "its name", numeric=False),
    Column("Formula", "in full in the proxy's own module", numeric=False),
    Column("Needs", "of a network, or the proxies that it ranks", numeric=False),
    Column("Better", "which scores stand for better networks", numeric=False),
    Column("Undefined for", "where there is no score, and with which status", numeric=False),
    Column("Source", "publication, and code whose choices are kept", numeric=False),
)
GRADIENTS = {"none": "", "batch": "gradients of the batch", "sample": "gradients of every sample"}


@dataclass(frozen=True)
class Card:
    """A proxy in words; ``population`` is whether a network has it only among others."""

    name: str
    population: bool
    title: str
    formula: str
    needs: str
    better: str
    undefined: str
    choices: str
    source: str


def of_network(name: str, docstring: str | None, about: About) -> Card:
    """The card of a proxy of one network."""
    needs = [
        "images" if about.images else "",
        "labels" if about.labels else "",
        f"{about.batches} batches" if about.batches > 1 else "",
        GRADIENTS[about.gradients],
        "double precision" if about.precision == "double" else "",
    ]
    return Card(
        name=name,
        population=False,
        title=_title(docstring),
        formula=about.formula,
        needs=", ".join(filter(None, needs)) or "the network alone",
        better=_better(about.higher_is_better),
        undefined=about.undefined,
        choices=about.choices,
        source=about.source,
    )


def of_population(name: str, module: ModuleType) -> Card:
    """The card of a population proxy."""
    about = module.ABOUT
    listed = ", ".join(module.PARTS or ())
    needs = (
        f"{listed}, or a list in proxy.of" if listed and about.any_list else listed or "a list in proxy.of"
    )
    return Card(
        name=name,
        population=True,
        title=_title(module.__doc__),
        formula=about.formula,
        needs=needs,
        better=_better(about.higher_is_better),
        undefined="a network without one of the parts (the part's status)",
        choices=about.choices,
        source=about.source,
    )


def card(name: str) -> Card | None:
    """The card of one of our own proxies; ``None`` for another package's, which would have to be run."""
    if registry.is_own(aggregations.__name__, name):
        return of_population(name, aggregations.load(name))
    if registry.is_own(PROXIES, name):
        return of_network(name, *_read(Path(registry.__file__).parent / "proxies" / f"{name}.py"))
    return None


def table(names: Iterable[str]) -> Table | None:
    """The cards of ``names``, in their order; ``None`` where there is none."""
    wanted = list(dict.fromkeys(names))
    described = [made for made in map(card, wanted) if made is not None]
    if not described:
        return None
    rows = [
        Row(
            tuple(
                Cell(text, text)
                for text in (each.name, each.formula, each.needs, each.better, each.undefined, each.source)
            )
        )
        for each in described
    ]
    caption = []
    if any(each.population for each in described):
        caption.append("r is a network's rank among those of its population, 1 the worst.")
    if foreign := sorted(set(wanted) - {each.name for each in described}):
        caption.append(f"Of other packages, which describe them: {', '.join(foreign)}.")
    return Table(TITLE, COLUMNS, tuple(rows), tuple(caption))


def _read(path: Path) -> tuple[str | None, About]:
    """Docstring and card of a proxy's module, whose ``ABOUT = About(...)`` names literals alone."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (call,) = (
        statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Call)
        and [ast.unparse(name) for name in statement.targets] == ["ABOUT"]
    )
    arguments = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    return ast.get_docstring(tree), About(*map(ast.literal_eval, call.args), **arguments)


def _title(docstring: str | None) -> str:
    return (docstring or "").strip().partition("\n")[0]


def _better(higher: bool) -> str:
    return "higher" if higher else "lower"
