"""How DARTS genotypes are written: the text of the data files, and DARTS's own ``Genotype``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from harness.errors import ConfigError
from harness.spaces._space import is_index

Cell = tuple[tuple[tuple[str, int], ...], ...]
"""For each of the four nodes two pairs of an operation and a predecessor, in the predecessors' order."""


class Genotype(NamedTuple):
    """DARTS's form of a genotype: eight pairs a cell, two for each node, and the nodes that are concatenated.

    Its ``repr`` is the text that repositories of the field keep.
    """

    normal: list[tuple[str, int]]
    normal_concat: list[int]
    reduce: list[tuple[str, int]]
    reduce_concat: list[int]


_TOKEN = re.compile(r"([A-Za-z0-9_]+)~(\d{1,9})", re.ASCII)
_NODE = re.compile(rf"\|(?:{_TOKEN.pattern}\|)*", re.ASCII)
_EXAMPLE = (
    "|skip_connect~0|sep_conv_3x3~1|+|sep_conv_3x3~0|sep_conv_3x3~1|+|sep_conv_3x3~1|skip_connect~2|"
    "+|skip_connect~0|dil_conv_3x3~2|"
)


def of_text(space: str, text: str) -> tuple[Cell, Cell]:
    """Both cells of a genotype's text, in either form.

    Raises
    ------
    ConfigError
        Where it is in neither, or its cells are none of DARTS's; operations are not looked at but ``none``.
    """
    if re.match(r"\s*(?:\w+\s*=\s*)?\w*Genotype\(", text):
        parts = _evaluated(text)
        if parts is not None:
            return of_parts(space, parts)
    cells = text.split("/")
    nodes = [cell.split("+") for cell in cells]
    if len(cells) != 2 or not all(_NODE.fullmatch(node) for cell in nodes for node in cell):
        raise ConfigError(
            f"An architecture of {space} is written as the normal and the reduction cell, each like "
            f"{_EXAMPLE}, with / between them, or as DARTS's Genotype(normal=[('sep_conv_3x3', 0), ...], "
            f"normal_concat=[2, 3, 4, 5], reduce=[...], reduce_concat=[...]); received {_short(text)}."
        )
    normal, reduce = (
        [[(name, int(number)) for name, number in _TOKEN.findall(node)] for node in cell] for cell in nodes
    )
    return _cell(space, "normal", normal), _cell(space, "reduction", reduce)


def of_parts(space: str, parts: Mapping[str, Any]) -> tuple[Cell, Cell]:
    """Both cells of a ``Genotype``'s parts.

    Raises
    ------
    ConfigError
        Where they are none of DARTS's.
    """
    for name in ("normal_concat", "reduce_concat"):
        concatenated = parts.get(name)
        if concatenated is not None and not _is_2_to_5(concatenated):
            raise ConfigError(
                f"A genotype of {space} concatenates the nodes 2 to 5; received {name}="
                f"{_short(concatenated)}."
            )
    found = []
    for name, word in (("normal", "normal"), ("reduce", "reduction")):
        pairs = parts[name]
        if not isinstance(pairs, Sequence) or isinstance(pairs, str) or not all(map(_is_pair, pairs)):
            raise ConfigError(
                f"The {word} cell of a genotype of {space} is a list of pairs such as ('sep_conv_3x3', 0); "
                f"received {_short(pairs)}."
            )
        plain = [(operation, int(number)) for operation, number in pairs]
        found.append(_cell(space, word, [plain[place : place + 2] for place in range(0, len(plain), 2)]))
    return found[0], found[1]


def _cell(space: str, word: str, nodes: Sequence[Sequence[tuple[str, int]]]) -> Cell:
    """The cell of the ``nodes``' pairs; raises :class:`ConfigError` where it is none of DARTS's."""
    cell = f"The {word} cell of a genotype of {space}"
    sizes = [len(pairs) for pairs in nodes]
    if sizes != [2] * 4:
        raise ConfigError(f"{cell} has 4 nodes of 2 inputs each; received {len(nodes)}, of {sizes} inputs.")
    for node, pairs in enumerate(nodes, start=2):
        (operation, first), (other, second) = pairs
        for number in (first, second):
            if not 0 <= number < node:
                raise ConfigError(
                    f"{cell} feeds node {node} from the nodes 0 to {node - 1}; received {number}."
                )
        if first == second:
            raise ConfigError(f"{cell} feeds node {node} from two different nodes; received {first} twice.")
        if "none" in (operation, other):
            raise ConfigError(
                f"{cell} keeps no none, which only a supernet has; received one on an input of node {node}."
            )
    return tuple(tuple(sorted(pairs, key=lambda pair: pair[1])) for pairs in nodes)


def _evaluated(text: str) -> dict[str, Any] | None:
    """The parts of a written ``Genotype(...)``, ``None`` where it is none."""
    try:
        (statement,) = ast.parse(text.strip()).body
        call = statement.value  # type: ignore[attr-defined]
        parts = dict(zip(Genotype._fields, map(_literal, call.args), strict=False))
        parts |= {keyword.arg: _literal(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, TypeError, AttributeError, MemoryError, RecursionError):
        return None
    return parts if {"normal", "reduce"} <= set(parts) <= set(Genotype._fields) else None


def _literal(node: ast.expr) -> Any:
    """A plain value, or the ``range(2, 6)`` that DARTS writes."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        bounds = [ast.literal_eval(argument) for argument in node.args]
        return range(*bounds)
    return ast.literal_eval(node)


def _is_2_to_5(value: Any) -> bool:
    try:
        return sorted(value) == [2, 3, 4, 5]
    except TypeError:
        return False


def _is_pair(value: Any) -> bool:
    plain = isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2
    return plain and isinstance(value[0], str) and is_index(value[1])


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else f"{text[:200]}..."
