"""The cut font of printed charts beside the whole one."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from PIL import Image

from harness.reports.render import font

KERNED_AND_JOINED = "AVATAR, Ty. fidelity, flops"


def pixels(families, text, weight):
    with matplotlib.rc_context({"font.family": list(families)}):
        figure = Figure(figsize=(4, 0.5))
        figure.text(0.02, 0.3, text, fontweight=weight)
        file = io.BytesIO()
        figure.savefig(file, format="png")
    return np.asarray(Image.open(file))


@pytest.mark.parametrize("weight", ["normal", "bold"])
@pytest.mark.parametrize("text", [KERNED_AND_JOINED, "τ ρ −0.5 ± 10⁻³ ≤ ∞ ●", "Größe, Łódź", "Кендалл ✓"])
def test_text_looks_as_in_the_whole_font(text, weight):
    np.testing.assert_array_equal(pixels(font.families(), text, weight), pixels([font.WHOLE], text, weight))


def test_all_characters_are_in_both_cut_fonts():
    for weight in ("normal", "bold"):
        properties = font_manager.FontProperties(family=font.families()[0], weight=weight)
        path = font_manager.findfont(properties, fallback_to_default=False)
        known = font_manager.get_font(path).get_charmap()
        whole = font_manager.findfont(font_manager.FontProperties(family=font.WHOLE, weight=weight))
        assert path != whole
        told = {ord(character) for character in font.CHARACTERS}
        assert told & set(font_manager.get_font(whole).get_charmap()) <= set(known)
        assert len(known) < len(font.CHARACTERS) + 1


def test_a_font_is_cut_the_same_way_every_time():
    whole = font_manager.findfont(font.WHOLE)
    assert font.cut(whole) == font.cut(whole)


def test_cut_fonts_are_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(matplotlib, "get_cachedir", lambda: str(tmp_path))
    monkeypatch.setattr(font_manager.fontManager, "addfont", lambda path: None)
    assert font.families.__wrapped__() == font.families()
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(kept) == len(font.STYLES)
    font.families.__wrapped__()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept
