"""The picture of the README is what the records in docs/records give."""

from __future__ import annotations

import runpy
from xml.etree import ElementTree

import pytest

from harness import folders

DOCS = folders.ROOT / "docs"


def words(svg):
    return {text for each in ElementTree.fromstring(svg).iter() if (text := (each.text or "").strip())}


@pytest.mark.slow
def test_the_picture_shows_the_records():
    made = runpy.run_path(str(DOCS / "_picture.py"))
    assert words(made["picture"]()) == words((DOCS / "images" / "nb201.svg").read_bytes())


def test_it_is_small_and_names_the_baselines_and_the_ceiling():
    svg = (DOCS / "images" / "nb201.svg").read_bytes()
    assert len(svg) < 60_000
    assert {"parameters", "FLOPs", "nwot", "zero_cost_pt-nwot_eval"} <= words(svg)
    assert any(each.startswith("ceiling 0.") for each in words(svg))
