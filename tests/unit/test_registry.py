"""The folder is the registry."""

from __future__ import annotations

import types

import pytest

from harness import registry
from harness.errors import UnknownNameError


class Point:
    name = "foreign"

    def load(self):
        return types.SimpleNamespace(SPACE="a space from outside")


def test_infrastructure_is_no_item():
    assert not [name for name in registry.names("harness.spaces") if name.startswith("_")]


def test_items_of_other_packages_come_through_entry_points(monkeypatch):
    monkeypatch.setattr(
        registry, "entry_points", lambda group: [Point()] if group == "harness.spaces" else []
    )
    assert "foreign" in registry.names("harness.spaces")
    assert registry.load("harness.spaces", "foreign", "space").SPACE == "a space from outside"


def test_unknown_names_are_answered_with_all_names():
    with pytest.raises(UnknownNameError, match=r"Unknown space 'nbmcro'\. Did you mean 'nbmacro'"):
        registry.load("harness.spaces", "nbmcro", "space")
    with pytest.raises(UnknownNameError, match="Unknown space '_space'"):
        registry.load("harness.spaces", "_space", "space")
