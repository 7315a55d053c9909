"""The page in a real browser: nothing is fetched, everything can be reached, charts answer."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("selenium")

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser.conftest import look


def chart(browser, start):
    """The visible chart whose name starts so, scrolled to and drawn."""
    plot = browser.find_element(By.CSS_SELECTOR, f"figure:not([hidden]) .plot[data-name^='{start}']")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
    WebDriverWait(browser, 30).until(lambda _: plot.find_elements(By.CSS_SELECTOR, ".main-svg"))
    return plot


def hovered(browser, plot):
    """Lines of the text at the point that is pointed at."""
    spans = "return [...arguments[0].querySelectorAll('.hoverlayer .hovertext text, .hoverlayer tspan')]"
    lines = WebDriverWait(browser, 10).until(
        lambda _: browser.execute_script(f"{spans}.map((t) => t.textContent)", plot)
    )
    return "\n".join(lines)


def first_column(browser, table):
    return [cell.text.split("\n")[0] for cell in table.find_elements(By.CSS_SELECTOR, "tbody th")]


def test_nothing_is_fetched_and_nothing_goes_wrong(browser):
    for plot in browser.find_elements(By.CSS_SELECTOR, "figure:not([hidden]) .plot"):
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", plot)
        WebDriverWait(browser, 30).until(
            lambda _, plot=plot: plot.find_elements(By.CSS_SELECTOR, ".main-svg")
        )
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    assert any(url.endswith("index.html") for url in asked)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_a_table_is_sorted_by_mouse_and_by_keyboard(browser):
    table = browser.find_element(By.CSS_SELECTOR, "section table")
    column = next(
        index
        for index, head in enumerate(table.find_elements(By.CSS_SELECTOR, "thead th"))
        if head.text.startswith("Spearman")
    )
    button = table.find_elements(By.CSS_SELECTOR, "thead button")[column]

    def values():
        cells = (row.find_elements(By.CSS_SELECTOR, "th, td")[column] for row in rows(table))
        return [float(cell.get_attribute("data-sort")) for cell in cells if cell.get_attribute("data-sort")]

    button.click()
    assert values() == sorted(values(), reverse=True)
    assert len(set(values())) > 3
    head = table.find_elements(By.CSS_SELECTOR, "thead th")[column]
    assert head.get_attribute("aria-sort") == "descending"
    button.send_keys(Keys.ENTER)
    assert values() == sorted(values())
    assert head.get_attribute("aria-sort") == "ascending"


def rows(table):
    return table.find_elements(By.CSS_SELECTOR, "tbody tr")


def test_a_point_tells_its_architecture_when_pointed_at(browser):
    plot = chart(browser, "scatter-toy")
    place = browser.execute_script(
        "const b = arguments[0].querySelector('.scatterlayer .point').getBoundingClientRect();"
        "return [b.x + b.width / 2, b.y + b.height / 2]",
        plot,
    )
    box = plot.rect
    offset = browser.execute_script("return [window.scrollX, window.scrollY]")
    ActionChains(browser).move_to_element_with_offset(
        plot,
        round(place[0] + offset[0] - box["x"] - box["width"] / 2),
        round(place[1] + offset[1] - box["y"] - box["height"] / 2),
    ).perform()
    text = hovered(browser, plot)
    for fact in ("0-", "score:", "accuracy, %:", "rank by score:", "rank by accuracy:"):
        assert fact in text


def test_points_are_walked_through_with_arrow_keys(browser):
    plot = chart(browser, "scatter-toy")
    plot.send_keys(Keys.ARROW_RIGHT)
    first = hovered(browser, plot)
    heard = plot.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".heard")
    assert "accuracy, %:" in heard.get_attribute("textContent")
    plot.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(browser, 10).until(lambda _: hovered(browser, plot) != first)
    scores = [line for line in (first, hovered(browser, plot))]
    low, high = (
        float(t.split("score: ")[1].split("\n")[0].split("rank")[0].replace("−", "-")) for t in scores
    )
    assert low <= high


def test_one_chart_of_a_kind_at_a_time(browser):
    own = {"nwot", "snip, note=<b>odd</b>", "snip"}
    choices = browser.find_elements(By.CSS_SELECTOR, "select[data-charts]")
    named = ([option.text for option in Select(choice).options] for choice in choices)
    choice, options = next(pair for pair in zip(choices, named, strict=True) if own <= set(pair[1]))
    for option in options:
        Select(choice).select_by_visible_text(option)
        shown = chart(browser, "scatter-toy").find_element(By.XPATH, "..")
        assert shown.find_element(By.CSS_SELECTOR, "h4").text == option


def test_a_line_is_hidden_by_its_button(browser):
    plot = chart(browser, "regret-toy")
    lines = "return arguments[0].querySelectorAll('.scatterlayer .trace').length"
    before = browser.execute_script(lines, plot)
    button = plot.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".legend button")
    button.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda _: browser.execute_script(lines, plot) == before - 1)
    again = plot.find_element(By.XPATH, "..").find_element(By.CSS_SELECTOR, ".legend button")
    assert again.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("width", [390, 820])
def test_narrow_windows_scroll_no_wider_than_they_are(browser, width):
    look(browser, width)
    over = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for name in ("regret-toy", "progress-toy", "trace-nb201"):
        plot = chart(browser, name)
        drawn = "return arguments[0].querySelector('.main-svg').getBoundingClientRect().width"
        WebDriverWait(browser, 20).until(
            lambda _, plot=plot, drawn=drawn: browser.execute_script(drawn, plot) <= plot.rect["width"] + 1
        )
    assert browser.execute_script(over) <= 0


def test_charts_follow_the_colour_scheme(browser):
    plot = chart(browser, "regret-toy")
    ink = "return getComputedStyle(arguments[0].querySelector('.xtick text')).fill"
    paper = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(ink, plot), browser.execute_script(paper)
    look(browser, scheme="dark")
    WebDriverWait(browser, 10).until(lambda _: browser.execute_script(ink, plot) != light[0])
    dark = browser.execute_script(ink, plot), browser.execute_script(paper)
    assert [brightness(colour) > 128 for colour in (*light, *dark)] == [False, True, True, False]


def brightness(colour):
    return sum(int(part) for part in colour.strip("rgba()").split(",")[:3]) / 3


def test_far_charts_are_taken_down_again(browser):
    plot = chart(browser, "regret-toy")
    height = browser.execute_script("return document.documentElement.scrollHeight")
    browser.execute_script("window.scrollTo(0, document.documentElement.scrollHeight)")
    WebDriverWait(browser, 10).until(lambda _: not plot.find_elements(By.CSS_SELECTOR, ".main-svg"))
    assert plot.size["height"] > 100
    assert height > 2000


def test_every_record_is_linked(browser, page):
    links = browser.find_elements(By.CSS_SELECTOR, "tbody th a:not([href^='#'])")
    assert len(links) >= 10
    for link in links:
        assert link.get_attribute("href").startswith("file:")
        assert link.get_attribute("href").endswith(".json")


def test_a_printed_chart_is_no_wider_than_the_paper(browser):
    look(browser, 1300)
    plot = chart(browser, "regret-toy")
    wide = plot.rect["width"]
    drawn = "return arguments[0].querySelector('.main-svg').getBoundingClientRect().width"
    browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.execute_script(drawn, plot) <= 18 / 2.54 * 96 + 1 < wide
    browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(drawn, plot) == pytest.approx(wide, abs=1)
