"""The font of printed charts: Matplotlib's own DejaVu Sans, cut down to the characters that charts use.

A PDF holds those characters of a font that it shows. Looking for them among all 6,000 of DejaVu Sans took
more than half of the time of a report with figures.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from importlib.metadata import version
from pathlib import Path

import matplotlib
from fontTools import subset
from matplotlib import font_manager

from harness import files

WHOLE = "DejaVu Sans"
CUT = "DejaVu Sans of charts"

STYLES = ("DejaVuSans", "DejaVuSans-Bold")
"""Files of Matplotlib's."""

CHARACTERS = "".join(
    chr(code)
    for first, last in (
        (0x20, 0x7E), (0xA0, 0x17F),  # Latin
        (0x391, 0x3A1), (0x3A3, 0x3C9),  # Greek
        (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x208E),  # punctuation, superscripts, subscripts
        (0x2190, 0x2195), (0x2208, 0x220F), (0x2211, 0x221E), (0x2243, 0x2265), (0x25A0, 0x25CF),  # signs
    )
    for code in range(first, last + 1)
)  # fmt: skip
"""Any other one is taken from the whole font, and looks the same."""


@cache
def families() -> tuple[str, str]:
    """Names of fonts in the order in which a character is looked for, known to Matplotlib from now on.

    The cut fonts are kept in Matplotlib's cache folder; they are a function of the whole ones, of
    :data:`CHARACTERS` and of fontTools.
    """
    for style in STYLES:
        font_manager.fontManager.addfont(_kept(style))
    return CUT, WHOLE


def _kept(style: str) -> Path:
    whole = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{style}.ttf")
    parts = (whole.read_bytes(), Path(__file__).read_bytes(), version("fonttools").encode())
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
    path = Path(matplotlib.get_cachedir(), f"{style}-of-charts-{digest[:16]}.ttf")
    if not path.is_file():
        files.replace(path, cut(whole))
    return path


def cut(whole: Path) -> bytes:
    """The font in the file ``whole`` with :data:`CHARACTERS` alone, called :data:`CUT`."""
    options = subset.Options(notdef_outline=True, glyph_names=True, name_IDs=["*"], recalc_timestamp=False)
    options.drop_tables += ["FFTM", "MATH"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    file = io.BytesIO()
    with subset.load_font(str(whole), options) as font:
        subsetter.subset(font)
        for record in font["name"].names:
            if record.toUnicode() == WHOLE:
                record.string = CUT
        subset.save_font(font, file, options)
    return file.getvalue()
