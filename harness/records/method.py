"""What a method's name is made of: items' names joined by ``-``, which may hold one themselves."""

from __future__ import annotations

from collections.abc import Iterable


def method_parts(method: str, known: Iterable[str]) -> tuple[str, ...]:
    """The names that ``method`` joins, from the left the longest that is ``known``.

    Examples
    --------
    >>> method_parts("zero_cost_pt-my-proxy-on_darts", ["my-proxy", "proxy"])
    ('zero_cost_pt', 'my-proxy', 'on_darts')
    """
    names, pieces = set(known), method.split("-")
    found = []
    while pieces:
        ends = range(len(pieces), 1, -1)
        end = next((end for end in ends if "-".join(pieces[:end]) in names), 1)
        found.append("-".join(pieces[:end]))
        del pieces[:end]
    return tuple(found)
