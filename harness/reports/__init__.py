"""Reports: records in; tables, figures and one page out. Reads records only, never a network."""

from __future__ import annotations

from harness.reports.build import build
from harness.reports.model import Report
from harness.reports.render.terminal import print_tables

__all__ = ["Report", "build", "print_tables"]
