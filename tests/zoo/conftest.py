"""The zoo's tests network by network."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one network stand side by side, so that the same worker measures it once for all of them."""
    places = [number for number, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    by_network = sorted((items[number] for number in places), key=_network)
    for number, item in zip(places, by_network, strict=True):
        items[number] = item


def _network(item: pytest.Item) -> str:
    return str(getattr(getattr(item, "callspec", None), "params", {}).get("name", ""))
