"""Colours of charts: readable on light and dark, and apart for those who see fewer."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from harness.reports.charts import style
from harness.reports.render.page import FOLDER

PAPERS = ("#ffffff", "#15171b")

SEEN = {
    "all colours": np.eye(3),
    "no red cones": [
        [0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998],
    ],
    "no green cones": [
        [0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881],
    ],
}  # fmt: skip
"""Linear RGB as seen: Machado, Oliveira and Fernandes, 2009, severity 1."""


def linear(colour):
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def lab(rgb):
    """CIE L*a*b* of linear RGB, D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.clip(np.asarray(to_xyz) @ np.clip(rgb, 0, 1), 0, None) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("paper", PAPERS)
def test_lines_stand_out_from_the_paper(paper):
    for colour in style.COLOURS:
        light, dark = sorted((luminance(colour), luminance(paper)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 2.55, colour


@pytest.mark.parametrize("eyes", SEEN)
def test_colours_are_apart(eyes):
    matrix = np.asarray(SEEN[eyes])
    seen = {colour: lab(matrix @ linear(colour)) for colour in style.COLOURS}
    for a, b in combinations(seen, 2):
        assert np.linalg.norm(seen[a] - seen[b]) > 16, (a, b)


def test_the_page_draws_architectures_in_the_same_colours():
    css = (FOLDER / "findings.css").read_text()
    assert re.findall(r"\.op\d { --op: (#[0-9a-f]{6})", css) == list(style.COLOURS)
