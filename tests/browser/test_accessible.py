"""The page by axe-core: light and dark, wide and on a phone, and what its script adds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import axe_core_python
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import look

AXE = (Path(axe_core_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = "const told = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(told)"


def violations(browser):
    browser.set_script_timeout(240)
    browser.execute_script(AXE)
    found = browser.execute_async_script(RUN)["violations"]
    return {each["id"]: [node["target"] for node in each["nodes"]] for each in found}


@pytest.mark.parametrize(
    ("width", "scheme"), [(1300, "light"), (1300, "dark"), (400, "light"), (400, "dark")]
)
def test_axe_finds_nothing(browser, width, scheme):
    look(browser, width, scheme)
    assert violations(browser) == {}


def test_headings_go_down_a_level_at_a_time(browser):
    levels = browser.execute_script(
        "return [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map((head) => +head.tagName[1])"
    )
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_motion_is_left_out_for_those_who_ask(browser):
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    style = "return getComputedStyle(document.documentElement).scrollBehavior"
    assert browser.execute_script(style) == "auto"


def test_the_first_screen_says_what_was_found(browser):
    look(browser, 1300)
    cards = browser.find_elements(By.CSS_SELECTOR, ".first .cards article")
    assert len(cards) >= 2
    assert cards[0].rect["y"] + cards[0].rect["height"] < 1000
    chart = browser.find_element(By.CSS_SELECTOR, ".first figure .plot")
    assert chart.rect["y"] < 1000
    assert browser.find_elements(By.CSS_SELECTOR, ".first pre code")


def test_columns_are_chosen(browser):
    table = browser.find_element(By.CSS_SELECTOR, "section:not(.first) table")
    fold = table.find_element(By.XPATH, "ancestor::div[@class='table']").find_element(
        By.CSS_SELECTOR, ".chooser"
    )
    heads = table.find_elements(By.CSS_SELECTOR, "thead th")
    before = [head.is_displayed() for head in heads]
    assert 0 < sum(before) < len(heads)
    fold.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    box = next(each for each in fold.find_elements(By.TAG_NAME, "input") if not each.is_selected())
    box.send_keys(Keys.SPACE)
    assert sum(head.is_displayed() for head in heads) == sum(before) + 1
    fold.find_element(By.TAG_NAME, "summary").send_keys(Keys.ESCAPE)
    assert not box.is_displayed()


def test_rows_are_filtered_in_all_tables(browser):
    box = browser.find_element(By.CSS_SELECTOR, "input[type=search]")
    box.send_keys("snip")
    shown = [row for row in browser.find_elements(By.CSS_SELECTOR, "tbody tr") if row.is_displayed()]
    assert shown
    for row in shown:
        assert row.get_attribute("class") == "reference" or "snip" in row.text
    box.send_keys(Keys.BACKSPACE * 4)
    assert all(row.is_displayed() for row in browser.find_elements(By.CSS_SELECTOR, "tbody tr"))


def test_an_address_shows_the_chart_it_names(browser, page):
    hidden = browser.find_element(By.CSS_SELECTOR, "figure[hidden]").get_attribute("id")
    browser.get("about:blank")
    browser.get(f"{page}#{hidden}")
    figure = browser.find_element(By.ID, hidden)
    WebDriverWait(browser, 10).until(lambda _: figure.is_displayed())
    choice = figure.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, "select")
    assert choice.get_attribute("value") == hidden


def test_tools_of_a_chart_stand_beside_its_heading(browser):
    for figure in browser.find_elements(By.CSS_SELECTOR, "figure:not([hidden])"):
        tools = figure.find_elements(By.CSS_SELECTOR, ".tools button")
        assert [button.text for button in tools] == ["SVG", "Reset zoom"]
        plot = figure.find_element(By.CSS_SELECTOR, ".plot")
        assert all(button.rect["y"] + button.rect["height"] <= plot.rect["y"] + 1 for button in tools)
    assert browser.find_elements(By.CSS_SELECTOR, ".modebar-container .modebar-btn") == []


def test_without_scripts_the_tables_stand_whole(browser, page):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(page)
        rows = browser.find_elements(By.CSS_SELECTOR, "tbody tr")
        heads = browser.find_elements(By.CSS_SELECTOR, "thead th")
        assert rows
        assert all(each.is_displayed() for each in (*rows, *heads))
        assert "Charts are drawn by a script" in browser.find_element(By.CSS_SELECTOR, "figure noscript").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
