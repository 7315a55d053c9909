"""Images restored by a deep image prior: photographs, what is done to them, and a network's fit to one.

Nothing here knows a benchmark: a fit is handed the degraded image, and its figures against the true one are
for those who judge.
"""

from __future__ import annotations

from harness.restoration._degradations import DEGRADATIONS, Problem, degraded
from harness.restoration._photographs import CREDITS, called, credit, names, photograph, require_photograph
from harness.restoration._quality import Quality, psnr, quality

__all__ = [
    "CREDITS",
    "DEGRADATIONS",
    "Problem",
    "Quality",
    "called",
    "credit",
    "degraded",
    "names",
    "photograph",
    "psnr",
    "quality",
    "require_photograph",
]
