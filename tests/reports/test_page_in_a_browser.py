"""The page in a browser: on a phone and a wide screen, light and dark, with and without scripts, by keyboard and screen reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from batchdrain.reports.beside import Beside
from tests.reports.pages import made_of, of_attacks, of_the_demo, page_of, spans_of
from tests.support.browser import SCHEMES, WIDTHS, Visit

FEW = [
    ("web", "a", "KeyError: 'x' [exit 1]"),
    ("web", "b", None),
    ("api", "c", "ConnectionResetError: reset"),
    ("api", "d", None),
]


def written(folder: Path, found: Any) -> Path:
    file = folder / "report.html"
    file.write_text(page_of(found, Beside(folder=folder, attempts=spans_of(found))))
    return file


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_at_each_width_light_and_dark(
    browser: Browser, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    """With few rows: axe looks at each of them, and its time grows with their square."""
    file = written(tmp_path, of_attacks(16) if scheme == "dark" else of_the_demo(24))
    visit = Visit(browser, file, width=width, scheme=scheme)
    report = Axe().run(visit.page)
    assert report.violations_count == 0, report.generate_report()
    visit.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_no_wider_than_the_screen(browser: Browser, tmp_path: Path, width: int) -> None:
    for found in (of_the_demo(60), of_attacks(150)):
        visit = Visit(browser, written(tmp_path, found), width=width)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        visit.close()


def test_a_time_is_not_broken_at_its_hyphens_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, of_the_demo(24)), width=min(WIDTHS))
    assert visit.page.evaluate("[...document.querySelectorAll('time')].map(t => t.getClientRects().length)") == [1, 1]
    visit.close()


def test_no_category_is_broken_within_a_word_and_what_the_lines_mean_can_be_read_on_a_phone(
    browser: Browser, tmp_path: Path
) -> None:
    visit = Visit(browser, written(tmp_path, of_the_demo(60)), width=min(WIDTHS))
    lines_of_heads = """[...document.querySelectorAll('table.words tbody th')].map(th => {
        const range = document.createRange(); range.selectNodeContents(th); return range.getClientRects().length })"""
    assert set(visit.page.evaluate(lines_of_heads)) == {1}
    box = visit.page.get_by_text("the dashed line is the time limit").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= min(WIDTHS)


def test_a_hostile_backlog_runs_nothing_and_asks_nobody(browser: Browser, tmp_path: Path) -> None:
    """The attacks of tests/support/hostile.py, all of them alone and many together."""
    file = written(tmp_path, of_attacks(400))
    visit = Visit(browser, file)
    assert visit.page.evaluate("document.querySelectorAll('script, img, iframe, object, embed, base, form').length") == 1
    assert visit.page.evaluate("document.querySelectorAll('[onload], [onclick], [onerror], [onmouseover]').length") == 0
    assert len(visit.shown_rows()) == 400
    assert (visit.complaints, visit.asked) == ([], [file.as_uri()])


def test_what_is_searched_and_filtered_is_shown_alone(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, made_of(FEW)))
    page = visit.page
    page.get_by_label("Search").fill("API reset")
    assert [row.split("\t")[:2] for row in visit.shown_rows()] == [["api", "c"]]
    assert page.locator("#told").inner_text() == "1 of 4 shown"
    page.get_by_label("Search").fill("")
    page.get_by_label("Show").select_option("failed")
    assert {row.split("\t")[1] for row in visit.shown_rows()} == {"a", "c"}
    page.get_by_label("Show").select_option("ok")
    assert {row.split("\t")[1] for row in visit.shown_rows()} == {"b", "d"}


def test_the_keyboard_alone_sorts_by_a_column_up_and_down(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, made_of([("r", f"p{number}", None) for number in range(12)])))
    head = visit.page.locator("#phases th", has_text="Seconds")
    visit.page.get_by_role("button", name="Seconds").focus()
    for direction, first, last in (("ascending", "0.5", "11.5"), ("descending", "11.5", "0.5")):
        visit.page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == direction
        seconds = [row.split("\t")[3] for row in visit.shown_rows()]
        assert (seconds[0], seconds[-1]) == (first, last)
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.textContent") == "Try"


@pytest.mark.parametrize("width", WIDTHS)
def test_without_scripts_everything_can_be_read(browser: Browser, tmp_path: Path, width: int) -> None:
    visit = Visit(browser, written(tmp_path, made_of(FEW)), width=width, scripts=False)
    shown = visit.page.inner_text("body")
    for said in ("2 of 4 phases failed", "KeyError: 'x'", "web", "api", "inv drain --cluster=", "Every phase"):
        assert said in shown
    assert len(visit.page.locator("#phases tbody tr").all()) == len(FEW) + 2
    assert not visit.page.locator("#tools").is_visible()


def test_a_failure_leads_to_its_cluster(browser: Browser, tmp_path: Path) -> None:
    visit = Visit(browser, written(tmp_path, made_of(FEW)))
    visit.page.locator("#phases a", has_text="KeyError").click()
    shown = visit.page.locator(".cluster:target")
    assert "KeyError: 'x' [exit 1]" in shown.inner_text()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colours_follow_the_reader(browser: Browser, tmp_path: Path, scheme: Literal["light", "dark"]) -> None:
    visit = Visit(browser, written(tmp_path, made_of(FEW)), scheme=scheme)
    page_colour = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert page_colour == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(13, 17, 23)")
