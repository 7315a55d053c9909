"""What an architecture looks like, before it is drawn: nodes, and links between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Node:
    """A tensor, or a layer where ``operation`` names what runs there; ``note`` says where it stands."""

    name: str
    operation: str = ""
    note: str = ""


@dataclass(frozen=True)
class Link:
    """From one node to a later one, by their numbers, through ``operation`` where one runs on the way."""

    source: int
    target: int
    operation: str = ""


@dataclass(frozen=True)
class Diagram:
    """A cell, or a chain of layers; every link leads from a node to one behind it.

    ``title`` is empty where an architecture has one diagram alone.
    """

    title: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]

    @property
    def words(self) -> str:
        """The diagram for those who cannot see it."""
        layers = [f"{node.name}: {node.operation}" for node in self.nodes if node.operation]
        links = [
            f"{self.nodes[link.source].name} to {self.nodes[link.target].name}"
            f"{f' by {link.operation}' if link.operation else ''}"
            for link in self.links
        ]
        chain = all(link.target == link.source + 1 and not link.operation for link in self.links)
        return "; ".join(layers if layers and chain else layers + links)


def chain(nodes: tuple[Node, ...], title: str = "") -> Diagram:
    """Layers one after another."""
    return Diagram(title, nodes, tuple(Link(number, number + 1) for number in range(len(nodes) - 1)))


def cell_of_edges(edges: Iterable[tuple[int, int]], operations: Iterable[str]) -> Diagram:
    """A cell with an operation on every edge, given as (node, its parent); node 0 is the input."""
    links = tuple(
        Link(parent, node, operation) for (node, parent), operation in zip(edges, operations, strict=True)
    )
    last = max(link.target for link in links)
    return Diagram("", (Node("in"), *(Node(str(node)) for node in range(1, last)), Node("out")), links)
