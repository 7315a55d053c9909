"""Records in a temporary results folder, as the tests of the reports have them."""

from tests.unit.reports.conftest import results  # noqa: F401
