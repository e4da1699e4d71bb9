"""The clerk's keyboard: keys go through the queue, a dossier and its files, and rest where somebody types."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.running import CLERK, Site
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
THREE = f"""
import random
from procedures import demo
from tests.conftest import file_draft, make_draft
for seed in range(3):
    chance = random.Random(4000 + seed)
    citizen = demo.citizen(demo.person(chance, "22429"), password="{PASSWORD}")
    file_draft(make_draft(citizen, chance))
"""


@pytest.fixture
def desk(site: Site, visit: Visit) -> Page:
    """The clerk's queue with three dossiers or more, its keys at work."""
    if site.value("SELECT count(*) FROM procedures_dossier WHERE starts_with(code, 'BHXH056.02-')") < 3:
        site.shell(THREE)
    page = visit(viewport={"width": 1280, "height": 900})
    pages.sign_in(page, CLERK, to=DESK)
    _expect_keys(page)
    return page


def _expect_keys(page: Page) -> None:
    """The script listens to keys: it shows the button for their list when it begins."""
    expect(page.locator("[data-shortcuts-open]")).to_be_visible()


def _expect_dossier(page: Page, code: str) -> None:
    expect(page).to_have_title(re.compile(code))
    _expect_keys(page)


def _focused(page: Page) -> str:
    """The words of the link that has the focus."""
    return str(page.evaluate("document.activeElement.textContent.trim()"))


def test_keys_go_through_the_queue_and_through_dossiers(desk: Page) -> None:
    codes = [link.inner_text().strip() for link in desk.locator("#result_list .data-row th a").all()]
    desk.keyboard.press("j")
    assert _focused(desk) == codes[0]
    desk.keyboard.press("j")
    desk.keyboard.press("x")
    expect(desk.locator("input[name=ho-so]").nth(1)).to_be_checked()
    desk.keyboard.press("k")
    assert _focused(desk) == codes[0]
    desk.keyboard.press("o")
    _expect_dossier(desk, codes[0])
    desk.keyboard.press("n")
    _expect_dossier(desk, codes[1])
    desk.keyboard.press("p")
    _expect_dossier(desk, codes[0])
    desk.keyboard.press("a")
    assert desk.evaluate("document.activeElement.closest('#actions') !== null")
    desk.keyboard.press("g")
    desk.keyboard.press("q")
    pages.expect_path(desk, DESK)


def test_keys_rest_while_somebody_types_and_for_good_once_they_are_turned_off(desk: Page) -> None:
    desk.keyboard.press("/")
    desk.keyboard.type("jx?")
    expect(desk.locator("#searchbar")).to_have_value("jx?")
    desk.locator("#searchbar").blur()
    desk.keyboard.press("?")
    dialog = desk.locator("[data-shortcuts]")
    expect(dialog).to_be_visible()
    pages.check_accessible(desk, theirs=True)
    dialog.locator("[data-shortcuts-on]").uncheck()
    desk.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    desk.keyboard.press("j")
    expect(desk.locator(".desk-current")).to_have_count(0)
    desk.reload()
    _expect_keys(desk)
    desk.keyboard.press("j")
    expect(desk.locator(".desk-current")).to_have_count(0)


def _in_viewer(page: Page, key: str) -> None:
    """Press ``key`` in the viewer, once it has been exchanged and has the focus again."""
    page.wait_for_function(
        "document.getElementById('viewer').contains(document.activeElement)"
        " && !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')"
    )
    page.keyboard.press(key)


def test_keys_turn_and_enlarge_the_page_of_a_file_and_open_the_next_file(desk: Page) -> None:
    desk.locator("#result_list .data-row th a").first.click()
    viewer = desk.locator("#viewer")
    picture = viewer.locator(".viewer-picture")
    expect(picture).to_be_visible()
    desk.wait_for_load_state("load")
    first = desk.locator("#viewer-file").input_value()
    before = str(picture.get_attribute("class"))
    viewer.locator(".viewer-sheet").focus()
    _in_viewer(desk, "+")
    expect(picture).not_to_have_class(before)
    upright = str(picture.get_attribute("src"))
    _in_viewer(desk, "r")
    expect(picture).not_to_have_attribute("src", upright)
    _in_viewer(desk, ".")
    expect(desk.locator("#viewer-file")).not_to_have_value(first)
    _in_viewer(desk, ",")
    expect(desk.locator("#viewer-file")).to_have_value(first)
