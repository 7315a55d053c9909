"""Diagrams of architectures as SVG: nodes on a line, links in lanes above and below it.

Colours and fonts are the page's own (classes ``op0``, ``op1``, ... of its style sheet).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from harness.spaces import Diagram, Link, Node

LETTER, LANE, RADIUS, HEIGHT = 6.5, 34.0, 11.0, 20.0
"""Pixels: of a letter, between lanes, of a node, of an operation's box."""

EDGE, GAP = 14.0, 34.0
"""Pixels around a diagram, and between a node and the operation beside it."""

ROW = 6
"""Layers of a chain in one row, at most; another note begins a new one."""


def svg(diagram: Diagram, colours: Mapping[str, str]) -> Markup:
    """The diagram; ``colours`` are the classes of operations by name."""
    if all(node.operation for node in diagram.nodes) and _chained(diagram.links, len(diagram.nodes)):
        return _layers(diagram, colours)
    return _cell(diagram, colours)


def _chained(links: Sequence[Link], nodes: int) -> bool:
    return [(link.source, link.target) for link in links] == [(n, n + 1) for n in range(nodes - 1)]


def lanes(links: Sequence[Link]) -> list[int]:
    """A lane for each link, 0 on the line of the nodes, so that no two links of a lane overlap.

    Short links take the lanes near the line; those that pass a node go above (negative) or below.
    """
    taken: dict[int, list[Link]] = {}
    found = [0] * len(links)
    order = sorted(range(len(links)), key=lambda i: (links[i].target - links[i].source, links[i].source))
    for index in order:
        link = links[index]
        lane = 0
        while (lane == 0 and link.target > link.source + 1) or any(
            max(link.source, other.source) < min(link.target, other.target) for other in taken.get(lane, ())
        ):
            lane = -lane if lane < 0 else -lane - 1
        taken.setdefault(lane, []).append(link)
        found[index] = lane
    return found


def _cell(diagram: Diagram, colours: Mapping[str, str]) -> Markup:
    widths = [_width(node.operation or node.name, bool(node.operation)) for node in diagram.nodes]
    room = max((_width(link.operation, True) for link in diagram.links if link.operation), default=0.0)
    places, x = [], EDGE
    for width in widths:
        places.append(x + width / 2)
        x += width + (room or 0.0) + GAP
    chosen = lanes(diagram.links)
    top = -min((*chosen, 0)) * LANE + EDGE + HEIGHT / 2
    drawn = [
        _link(link, lane, places, widths, top, colours)
        for link, lane in sorted(zip(diagram.links, chosen, strict=True), key=lambda pair: -abs(pair[1]))
    ]
    drawn += [
        _node(node, place, top, width, colours)
        for node, place, width in zip(diagram.nodes, places, widths, strict=True)
    ]
    height = top + max((*chosen, 0)) * LANE + EDGE + HEIGHT / 2
    return _picture(places[-1] + widths[-1] / 2 + EDGE, height, drawn, diagram.words)


def _layers(diagram: Diagram, colours: Mapping[str, str]) -> Markup:
    """A chain in :func:`rows`, with what each layer is below it."""
    step = max(_width(node.operation, True) for node in diagram.nodes) + GAP / 2
    lines, boxes, placed = [], [], rows(diagram.nodes)
    for row, nodes in enumerate(placed):
        for column, node in enumerate(nodes):
            x, y = EDGE + step * (column + 0.5), EDGE + HEIGHT / 2 + row * (HEIGHT + 36)
            if column:
                lines.append(_path(x - step, y, x, y, 0.0, ""))
            boxes.append(_box(node.operation, x, y, colours))
            words = " · ".join(filter(None, (node.name, node.note)))
            boxes.append(
                Markup('<text class="note" x="{:.1f}" y="{:.1f}">{}</text>').format(x, y + 24, words)
            )
    width = 2 * EDGE + step * min(ROW, len(diagram.nodes))  # however short its rows, letters keep their size
    return _picture(width, EDGE + len(placed) * (HEIGHT + 36), lines + boxes, diagram.words)


def rows(layers: Sequence[Node]) -> list[list[Node]]:
    """``layers`` of a chain as they stand below one another: of one note, such as a stage, in one row."""
    found: list[list[Node]] = []
    for node in layers:
        if not found or len(found[-1]) == ROW or found[-1][-1].note != node.note:
            found.append([])
        found[-1].append(node)
    return found


def _picture(width: float, height: float, parts: Sequence[Markup], words: str) -> Markup:
    return Markup(
        '<svg class="diagram" role="img" aria-label="{}" width="{:.0f}" height="{:.0f}" viewBox="0 0 {:.0f} '
        '{:.0f}">{}</svg>'
    ).format(words, width, height, width, height, Markup("").join(parts))


def _link(
    link: Link,
    lane: int,
    places: Sequence[float],
    widths: Sequence[float],
    top: float,
    colours: Mapping[str, str],
) -> Markup:
    first = places[link.source] + widths[link.source] / 2
    last = places[link.target] - widths[link.target] / 2
    dropped = link.operation == "none"
    path = _path(first, top, last, top, lane * LANE, "none" if dropped else "")
    if not link.operation or dropped:
        return path
    return path + _box(link.operation, (first + last) / 2, top + lane * LANE, colours)


def _path(x0: float, y0: float, x1: float, y1: float, lane: float, kind: str) -> Markup:
    if not lane:
        d = f"M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}"
    else:
        y, bend = y0 + lane, min(34.0, (x1 - x0) / 4)
        d = (
            f"M{x0:.1f} {y0:.1f}C{x0 + bend * 0.6:.1f} {y0:.1f} {x0 + bend * 0.4:.1f} {y:.1f} "
            f"{x0 + bend:.1f} {y:.1f}L{x1 - bend:.1f} {y:.1f}C{x1 - bend * 0.4:.1f} {y:.1f} "
            f"{x1 - bend * 0.6:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        )
    return Markup('<path class="{}" d="{}"/>').format(f"link {kind}".strip(), d)


def _node(node: Node, x: float, y: float, width: float, colours: Mapping[str, str]) -> Markup:
    if node.operation:
        return _box(node.operation, x, y, colours)
    return Markup(
        '<rect class="node" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{:.1f}"/>'
        '<text x="{:.1f}" y="{:.1f}">{}</text>'
    ).format(x - width / 2, y - RADIUS, width, 2 * RADIUS, RADIUS, x, y + 4, node.name)


def _box(operation: str, x: float, y: float, colours: Mapping[str, str]) -> Markup:
    width = _width(operation, True)
    return Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="3"/>'
        '<text x="{:.1f}" y="{:.1f}">{}</text>'
    ).format(
        colours.get(operation, "pale"), x - width / 2, y - HEIGHT / 2, width, HEIGHT, x, y + 4, operation
    )


def _width(text: str, box: bool) -> float:
    return len(text) * LETTER + 12 if box else max(2 * RADIUS, len(text) * LETTER + 10)
