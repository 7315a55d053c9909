"""A headless Chromium with a report open; tests are skipped without one, unless HARNESS_BROWSER is set."""

from __future__ import annotations

import os
import shutil

import pytest

from harness import reports
from tests.unit.reports.charts.test_trace import rows
from tests.unit.reports.conftest import Results

ARGUMENTS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1200,1000",
)  # fmt: skip


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """Address of a report on records of all tasks."""
    results = Results(tmp_path_factory.mktemp("report") / "results")
    for seed in range(2):
        results.arch("nwot", seed, failures=4)
        results.arch("snip", seed, noise=4.0)
        results.arch("snip", seed, noise=2.0, settings={"note": "<b>odd</b>"})
        results.op(seed=seed)
        results.search(seed=seed, accuracy=93.0 + seed / 10)
        results.search("random_search", seed, accuracy=91.0 + seed / 10)
    results.search("zero_cost_pt-snip", 0, rows=rows(), space="nb201")
    report = reports.build(results.root, results.root.parent / "report", formats=[])
    return report.paths["page"].as_uri()


@pytest.fixture(scope="session")
def chromium():
    """A driver of Chromium, which logs what it asks the network for."""
    programs = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if None in programs:
        words = "needs chromium and chromedriver"
        pytest.fail(words) if os.environ.get("HARNESS_BROWSER") else pytest.skip(words)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(programs[1]))
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium, page):
    """The report, opened anew: wide and light."""
    look(chromium)
    chromium.get(page)
    return chromium


def look(driver, width=1200, scheme="light"):
    """Set the width of the window in CSS pixels (a phone is below 600), and the scheme; nothing moves."""
    metrics = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
