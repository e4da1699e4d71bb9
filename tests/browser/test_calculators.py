"""The lump-sum calculator in a real browser: with and without a script, 320 px wide, for everybody."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit, needs_chromium
from tests.browser.pages import check_accessible, check_no_sideways_scrolling

pytestmark = [pytest.mark.browser, needs_chromium]

TABLE = "03/2012\t12/2013\tCông ty A\t3.000.000\n01/2014\t08/2016\tCông ty B\t4.000.000"


@pytest.mark.parametrize("script", [True, False])
def test_a_pasted_table_becomes_an_amount_with_its_steps(script: bool, visit: Visit) -> None:
    page = visit(java_script_enabled=script, viewport={"width": 320, "height": 640})
    page.goto("/cong-cu-tinh/bhxh-mot-lan/")
    _paste(page)
    page.locator("#ground").check()
    for name, value in (("decided", "15/7/2021"), ("born", "1/1/1980")):
        for part, number in zip(("day", "month", "year"), value.split("/"), strict=True):
            page.locator(f"#{name}_{part}").fill(number)
    page.locator("#sex").check()
    page.locator(".actions button").last.click()
    expect(page.locator(".amount")).to_have_text("36.550.000 đ")
    expect(page.locator("svg[role=img]")).to_be_visible()
    expect(page.locator(".todo li")).to_have_count(8)
    if script:
        check_accessible(page)
        check_no_sideways_scrolling(page)


def _paste(page: Page) -> None:
    page.locator("summary").first.click()
    page.locator("#pasted").fill(TABLE)
    page.locator("button[name=doc]").click()
    expect(page.locator("[name=periods-1-wage]")).to_have_value(re.compile("4.000.000"))
