"""A pension goes to a bank account without anybody signing in: on paper, with a daughter's help, by post."""

import json
import random
import re
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from pension import roster_files
from portal.text import bank_name, masked
from procedures import demo
from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.running import CLERK, SUPERVISOR, Site, eventually
from tests.pension.rosters import row

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
ROSTERS = "/quan-tri/pension/rosterimport/"
LISTS = "/quan-tri/pension/paymentlist/"
WHO = demo.person(random.Random(7281), "22429")
ACCOUNT = "4700 2010 05995"
HELPER = "TRẦN THỊ HOA"

# The month of the next list, after whatever rosters there are; and the one before.
MONTHS = """
import json
from datetime import timedelta
from django.utils import timezone
from pension import list_days
from pension.models import RosterImport
from portal.dated import month_after
tomorrow = timezone.localdate() + timedelta(days=1)
month = list_days.next_list(tomorrow, list_days.closing_day(tomorrow))
newest = RosterImport.objects.order_by("-month").first()
month = max(month, month_after(newest.month, 2)) if newest else month
print(json.dumps([str(month_after(month, -1)), str(month)]))
"""


def test_a_pension_is_switched_on_paper_without_an_account(site: Site, visit: Visit) -> None:
    before, month = (date.fromisoformat(day) for day in json.loads(site.shell(MONTHS)))
    clerk = visit()
    pages.sign_in(clerk, CLERK, to=ROSTERS)
    _a_roster_is_taken_over(clerk, before)

    anybody = visit(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    _the_form_is_filled_in(anybody, month)
    code = _the_paper_carries_the_code(anybody)
    _the_page_is_locked(anybody)

    number = _the_mailroom_makes_it_a_dossier(clerk, site, code)
    _it_says_what_was_typed_and_who_helped(clerk, number)
    supervisor = visit()
    pages.sign_in(supervisor, SUPERVISOR, to=DESK)
    _the_office_calls_back_and_approves(clerk, supervisor, site, number)

    _a_roster_is_taken_over(clerk, month)
    _the_next_list_shows_the_account(clerk, month)


def _a_roster_is_taken_over(page: Page, month: date) -> None:
    known = row(WHO.number, WHO.full_name, born=f"{WHO.born:%d/%m/%Y}", point="Bưu cục Ba Ngòi")
    page.goto(f"{ROSTERS}moi/")
    page.fill("#month", f"{month:%m/%Y}")
    file = {"name": "danh-sach.csv", "mimeType": "text/csv", "buffer": roster_files.sample([known])}
    page.set_input_files("#file", file)  # type: ignore[arg-type]
    page.locator("form:has(#file) button").click()
    pages.expect_path(page, r"/rosterimport/\d+/change/")
    take = page.locator("form[action$='/viec/nhan/'] button")
    eventually(lambda: page.reload() is not None and take.count() == 1, "the dry run")
    take.click()
    taken = page.locator(".desk-head .desk-tag--green")
    eventually(lambda: page.reload() is not None and taken.count() == 1, "the roster is taken over")


# --- At home -------------------------------------------------------------------------------------


def _the_form_is_filled_in(page: Page, month: date) -> None:
    """From the question of the letter, page by page and without scripts; nothing typed is lost."""
    page.goto("/luong-huu/doi-cach-nhan/")
    page.locator("a[href$='/giay/']").click()
    pages.check_no_sideways_scrolling(page)
    page.locator("#noi-dung form button, main form button").first.click()
    _answer(page, "nguoi-dien", {"filled_by": "relative"})
    helper = {"helper_name": HELPER, "helper_relation": "con gái", "helper_phone": "0914 222 333"}
    _answer(page, "nguoi-giup", helper)
    _answer(page, "truong-hop", {"case": "cash_to_account"})
    person = {
        "full_name": WHO.full_name,
        "insurance_number": WHO.number,
        "date_of_birth_day": f"{WHO.born:%d}",
        "date_of_birth_month": f"{WHO.born:%m}",
        "date_of_birth_year": f"{WHO.born:%Y}",
        "gender": WHO.sex,
        "id_number": WHO.id_number,
        "phone": WHO.phone,
        "street": "12 Hùng Vương",
        "ward": WHO.ward,
    }
    _answer(page, "nguoi-de-nghi", person)
    now = {"benefit_type": "retirement", "current_ward": WHO.ward, "current_method": "cash"}
    _answer(page, "che-do", now)
    account = {
        "bank": "970405",
        "bank_branch": "Khánh Hòa",
        "account_number": ACCOUNT,
        "account_again": ACCOUNT.replace("5995", "5996"),
        "account_holder": bank_name(WHO.full_name),
        "effective_month_month": f"{month:%m}",
        "effective_month_year": f"{month:%Y}",
    }
    _answer(page, "thay-doi", account)
    expect(page.locator("#account_again-error")).to_be_visible()
    expect(page.locator("#bank_branch")).to_have_value("Khánh Hòa")
    _answer(page, "thay-doi", {"account_again": ACCOUNT})
    pages.expect_path(page, "/kiem-tra/")
    pages.check_no_sideways_scrolling(page)
    expect(page.locator("main")).to_contain_text(HELPER)
    page.locator(".actions button").first.click()


def _answer(page: Page, slug: str, answers: pages.Answers) -> None:
    pages.expect_path(page, f"/buoc/{slug}/")
    pages.fill(page, answers)
    page.locator("#step-form .actions button").first.click()


def _the_paper_carries_the_code(page: Page) -> str:
    """What a scanner reads from the printed form is what the page says."""
    pages.check_no_sideways_scrolling(page)
    link = str(page.locator("a[href$='/mau-2-cbh.pdf']").get_attribute("href"))
    response = page.context.request.get(link)
    assert response.headers["content-type"] == "application/pdf"
    code = pages.codes(response.body())["Code128"]
    expect(page.locator(".lead")).to_contain_text(code)
    words = pages.text(response.body())
    assert "THAY ĐỔI THÔNG TIN HƯỞNG LƯƠNG HƯU" in words
    assert WHO.number in words
    return code


def _the_page_is_locked(page: Page) -> None:
    """The next person at a shared computer finds nothing under the address."""
    address = page.url
    page.locator("button[name='xong']").click()
    pages.expect_path(page, "/doi-cach-nhan/")
    assert page.context.request.get(address).status == 404


# --- At the office -------------------------------------------------------------------------------


def _the_mailroom_makes_it_a_dossier(page: Page, site: Site, code: str) -> int:
    """Scanned twice it is one dossier; a second Enter records the form that lies in the envelope."""
    for _time in range(2):
        page.goto(f"{DESK}quet/")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.locator(".desk-papers input[type=checkbox]")).to_be_checked()
    pages.check_accessible(page, theirs=True)
    page.keyboard.press("Enter")
    expect(page.locator("#ma")).to_be_focused()
    rows = site.rows("SELECT id, channel FROM procedures_dossier WHERE insurance_number = %s", WHO.number)
    assert [channel for _number, channel in rows] == ["3"]
    counted = "SELECT state FROM procedures_parcel WHERE scanned = %s"
    assert site.rows(counted, code) == [("counted",)]
    return int(rows[0][0])


def _it_says_what_was_typed_and_who_helped(page: Page, number: int) -> None:
    page.goto(f"{DESK}{number}/change/")
    for words in (WHO.full_name, masked(ACCOUNT.replace(" ", "")), f"{HELPER} (con gái), 0914222333"):
        expect(page.locator("body")).to_contain_text(words)
    pages.check_accessible(page, theirs=True)


def _the_office_calls_back_and_approves(clerk: Page, supervisor: Page, site: Site, number: int) -> None:
    found = "SELECT id FROM pension_switchrequest WHERE dossier_id = %s AND state = 'held'"
    switch = eventually(lambda: site.rows(found, number), "the change is held")[0][0]
    clerk.goto(f"/quan-tri/pension/switchrequest/{switch}/change/")
    clerk.fill("#note", "Gặp chính người hưởng qua điện thoại")
    clerk.locator("button[name='muon'][value='co']").click()
    expect(clerk.locator("button[name='muon']")).to_have_count(0)
    for page, action in ((clerk, "accept"), (clerk, "propose"), (supervisor, "approve")):
        page.goto(f"{DESK}{number}/change/")
        form = page.locator(f"form[action*='/hanh-dong/{action}/']")
        form.locator("button").first.click()
        expect(form).to_have_count(0)
    state = "SELECT state FROM pension_switchrequest WHERE id = %s"
    eventually(lambda: site.value(state, switch) == "waiting", "the change waits for its list")


def _the_next_list_shows_the_account(page: Page, month: date) -> None:
    page.goto(f"{LISTS}chot/")
    page.locator(f"form:has([name='month'][value='{month:%m/%Y}']) button").click()
    pages.expect_path(page, re.compile(r"/paymentlist/\d+/change/").pattern)
    line = page.get_by_role("row").filter(has_text=WHO.number)
    for word in ("tài khoản ngân hàng", "đã đổi", "Agribank", "995"):
        expect(line).to_contain_text(word)
