"""What is known of networks without torch agrees with the networks."""

from __future__ import annotations

import importlib
import types

import pytest

from harness import families, registry, spaces
from harness.errors import ConfigError, UnknownNameError

FAMILIES = sorted({spaces.load(name).family for name in spaces.names()})


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_ours_has_both(family):
    module, known = (importlib.import_module(f"harness.{room}.{family}") for room in ("networks", "families"))
    assert set(known.FIDELITIES) >= {"benchmark", "small", "tiny"}
    assert hasattr(module, "supernet") != hasattr(known, "NO_SUPERNET")


def test_of_another_package_the_module_of_networks_says_both(monkeypatch):
    theirs = types.SimpleNamespace(FIDELITIES={"benchmark": 8, "tiny": 2})
    point = types.SimpleNamespace(name="theirs", value="theirs", load=lambda: theirs)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point] * (group == "harness.networks"))
    space = types.SimpleNamespace(name="their_space", family="theirs")
    assert families.fidelities(space) == ("benchmark", "tiny")
    assert families.size_of(space, "tiny") == 2
    assert families.image_size(space, "tiny", 32) == 32
    with pytest.raises(
        UnknownNameError, match="Unknown fidelity of theirs 'small'. Allowed: benchmark, tiny"
    ):
        families.size_of(space, "small")
    with pytest.raises(ConfigError, match="of the family theirs, have no supernet; take"):
        families.require_supernet(space)
    theirs.supernet = None
    families.require_supernet(space)
