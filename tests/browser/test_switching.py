"""A pension goes from cash to a bank account; the bank sends the first payment back, so it is cash again."""

import email
import email.policy
import json
import random
import re
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from pension import roster_files
from portal.text import bank_name
from procedures import demo
from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.running import CLERK, SUPERVISOR, Site, eventually
from tests.conftest import PASSWORD
from tests.pension.rosters import by_account, row

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
ROSTERS = "/quan-tri/pension/rosterimport/"
LISTS = "/quan-tri/pension/paymentlist/"
BATCHES = "/quan-tri/payments/payoutbatch/"
RESULTS = "/quan-tri/payments/resultfile/"
PAYER, FIRST, SECOND = "canbo.khanh-hoa", "phutrach.khanh-hoa", "giamdoc.khanh-hoa"

WHO = demo.person(random.Random(626), "22429")
PAYEE = bank_name(WHO.full_name)  # as banks write it
EMAIL = f"{WHO.number}@example.com"
POINT, ACCOUNT, REASON = "Bưu cục Ba Ngòi", "4700 2010 05678", "Sai tên chủ tài khoản"
NEIGHBOUR = "5600000626"  # paid by account all along

SENT = "SELECT id, amount FROM payments_paymentorder WHERE source = 'pension' AND state = 'sent'"

# Makes those who pay at the province office, the account they pay from, and the beneficiary's entry to the
# portal; prints the month before that of the next list, and that month. As of tomorrow, for who runs this
# at midnight of the closing day.
BEFORE = f"""
import json
import random
from datetime import timedelta

from django.utils import timezone

from pension import list_days
from portal.dated import month_after
from procedures import demo
from procedures.models import Office
from tests.paying import account_of

office = Office.objects.get(slug="khanh-hoa")
for name, role in [("{PAYER}", "clerk"), ("{FIRST}", "supervisor"), ("{SECOND}", "director")]:
    demo.staff(name, "Võ Minh Khánh", office, role, password="{PASSWORD}")
account_of(office.slug)

citizen = demo.citizen(demo.person(random.Random(626), "22429"), password="{PASSWORD}")
citizen.email = "{EMAIL}"
citizen.save(update_fields=["email"])

tomorrow = timezone.localdate() + timedelta(days=1)
month = list_days.next_list(tomorrow, list_days.closing_day(tomorrow))
print(json.dumps([str(month_after(month, -1)), str(month)]))
"""


def test_a_pension_goes_to_the_bank_and_comes_back_in_cash(site: Site, visit: Visit) -> None:
    before, month = (date.fromisoformat(day) for day in json.loads(site.shell(BEFORE)))
    clerk = visit()
    pages.sign_in(clerk, CLERK, to=ROSTERS)
    _a_roster_is_taken_over(clerk, site, before)

    citizen = visit(viewport={"width": 360, "height": 740})
    pages.sign_in(citizen, WHO.number, to="/ho-so/")
    code = _the_change_is_filed(citizen, site, month)
    _the_code_that_was_sent_confirms_it(citizen, site, code)
    supervisor = visit()
    pages.sign_in(supervisor, SUPERVISOR, to=DESK)
    _the_office_approves(clerk, supervisor, site, code)

    _a_roster_is_taken_over(clerk, site, month)
    first = _the_list_is_closed(clerk, site, month)
    _the_list_shows_the_account(clerk, citizen, code)
    _another_person_releases_it(supervisor, site, first)
    payer = visit()
    pages.sign_in(payer, PAYER, to=BATCHES)
    _the_bank_gets_a_batch(payer, visit, site)
    _the_bank_sends_the_payment_back(payer, site)

    second = _the_list_is_closed(clerk, site, month)
    assert second != first
    _the_list_pays_in_cash(clerk, site, second)
    _both_sides_are_told(citizen, clerk, site, code)
    _nothing_is_left_over(site)


# --- The roster ----------------------------------------------------------------------------------


def _a_roster_is_taken_over(page: Page, site: Site, month: date) -> None:
    """The file is brought and looked at; nothing changes before it is taken over."""
    page.goto(f"{ROSTERS}moi/")
    page.fill("#month", f"{month:%m/%Y}")
    page.set_input_files("#file", _file(f"danh-sach-{month:%Y-%m}.csv", _roster()))
    page.locator("form:has(#file) button").click()
    pages.expect_path(page, r"/rosterimport/\d+/change/")
    take = page.locator("form[action$='/viec/nhan/'] button")
    eventually(lambda: page.reload() is not None and take.count() == 1, "the dry run")
    expect(page.locator(".desk-facts")).to_contain_text("7.500.000")
    entries = "SELECT count(*) FROM pension_benefitentry WHERE month = %s"
    assert site.value(entries, month) == 0
    pages.check_accessible(page, theirs=True)
    take.click()
    expect(take).to_have_count(0)
    taken = page.locator(".desk-head .desk-tag--green")
    eventually(lambda: page.reload() is not None and taken.count() == 1, "the roster is taken over")
    assert site.value(entries, month) == 2


def _roster() -> bytes:
    """Both months alike: the beneficiary in cash, a neighbour by account."""
    known = row(WHO.number, WHO.full_name, born=f"{WHO.born:%d/%m/%Y}", point=POINT)
    return roster_files.sample([known, by_account(NEIGHBOUR, amount="3.000.000")])


def _file(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": data}


# --- The citizen ---------------------------------------------------------------------------------


def _the_change_is_filed(page: Page, site: Site, month: date) -> str:
    """Page by page; an account that is not typed alike twice is pointed out. Returns the code."""
    page.goto("/thu-tuc/change-payment-method/")
    page.locator("form#start button").click()
    _answer(page, "truong-hop", {"case": "cash_to_account"})
    _answer(page, "nguoi-de-nghi", {"gender": WHO.sex})
    _answer(
        page, "che-do", {"benefit_type": "retirement", "current_ward": WHO.ward, "current_method": "cash"}
    )
    account = {
        "bank": "970405",
        "bank_branch": "Khánh Hòa",
        "account_number": ACCOUNT,
        "account_again": ACCOUNT.replace("8", "9"),
        "account_holder": WHO.full_name,
        "effective_month_month": f"{month:%m}",
        "effective_month_year": f"{month:%Y}",
    }
    _answer(page, "thay-doi", account)
    expect(page.locator("#account_again-error")).to_be_visible()
    pages.check_accessible(page)
    pages.check_no_sideways_scrolling(page)
    _answer(page, "thay-doi", {"account_again": ACCOUNT})
    pages.expect_path(page, "/kiem-tra/")
    pages.fill(page, {"declaration": "on"})
    pages.go_on(page)
    code = pages.dossier_code(page)
    eventually(lambda: _state(site, code) == "unconfirmed", "a worker begins the change")
    return code


def _state(site: Site, code: str) -> str:
    """Where the change of the dossier stands; nothing while there is none."""
    query = """SELECT switch.state FROM pension_switchrequest AS switch
               JOIN procedures_dossier AS dossier ON dossier.id = switch.dossier_id
               WHERE dossier.code = %s"""
    return "".join(state for (state,) in site.rows(query, code))


def _answer(page: Page, slug: str, answers: pages.Answers) -> None:
    pages.expect_path(page, f"/buoc/{slug}/")
    pages.fill(page, answers)
    pages.go_on(page)


def _the_code_that_was_sent_confirms_it(page: Page, site: Site, code: str) -> None:
    page.goto(f"/ho-so/{code}/")
    page.locator(f"main a[href='{_change(code)}']").first.click()
    pages.expect_path(page, _change(code))
    page.locator("button", has=page.locator("xpath=../input[@value='gui-ma']")).click()
    said = eventually(lambda: _codes_sent(site), "the code")
    pages.fill(page, {"code": said[-1]})
    page.locator("form:has([value='xac-nhan']) button").click()
    expect(page.locator("#page")).to_contain_text("Ông/bà đã xác nhận")
    pages.check_accessible(page)


def _change(code: str) -> str:
    return f"/luong-huu/doi-cach-nhan/{code}/"


def _codes_sent(site: Site) -> list[str]:
    """The codes of six digits in the letters to the beneficiary."""
    files = sorted((site.data_dir / "mail").glob("*.log"))
    letters = [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]
    mine = [m for m in letters if m["To"] == EMAIL and m["Subject"] == "Mã xác nhận của ông/bà"]
    return [found[0] for m in mine if (found := re.search(r"\b\d{6}\b", str(m.get_content())))]


# --- The office ----------------------------------------------------------------------------------


def _the_office_approves(clerk: Page, supervisor: Page, site: Site, code: str) -> None:
    number = site.value("SELECT id FROM procedures_dossier WHERE code = %s", code)
    for page, action in ((clerk, "accept"), (clerk, "propose"), (supervisor, "approve")):
        page.goto(f"{DESK}{number}/change/")
        form = page.locator(f"form[action*='/hanh-dong/{action}/']")
        form.locator("button").first.click()
        expect(form).to_have_count(0)
    eventually(lambda: _state(site, code) == "waiting", "the change waits for its list")


def _the_list_is_closed(page: Page, site: Site, month: date) -> int:
    """Close the list of ``month``; returns its number in the database."""
    page.goto(f"{LISTS}chot/")
    page.locator(f"form:has([name='month'][value='{month:%m/%Y}']) button").click()
    pages.expect_path(page, r"/paymentlist/\d+/change/")
    expect(page.locator(".desk-head .desk-good")).to_be_visible()  # the digest holds
    made = site.value("SELECT max(id) FROM pension_paymentlist WHERE month = %s", month)
    assert page.url.endswith(f"/{made}/change/")
    return int(made)


def _line(page: Page, number: str) -> Locator:
    return page.get_by_role("row").filter(has_text=number)


def _the_list_shows_the_account(page: Page, citizen: Page, code: str) -> None:
    """Under the accounts, masked, though the roster says cash; the citizen reads that it is tried."""
    for word in ("tài khoản ngân hàng", "đã đổi", "Agribank", "678"):
        expect(_line(page, WHO.number)).to_contain_text(word)
    expect(page.locator("body")).not_to_contain_text(ACCOUNT.replace(" ", ""))
    expect(page.locator(".desk-facts")).to_contain_text("2: 7.500.000")
    pages.check_accessible(page, theirs=True)
    citizen.goto(_change(code))
    expect(citizen.locator("#page .lead")).to_contain_text("Lần chi đầu tiên đang được thực hiện")


def _another_person_releases_it(page: Page, site: Site, made: int) -> None:
    page.goto(f"{LISTS}{made}/change/")
    page.locator("form[action$='/chuyen/'] button").click()
    expect(page.locator("form[action$='/chuyen/']")).to_have_count(0)
    orders = "SELECT count(*) FROM payments_paymentorder WHERE source = 'pension' AND state = 'ready'"
    eventually(lambda: site.value(orders) == 2, "the payment orders")


def _the_list_pays_in_cash(page: Page, site: Site, made: int) -> None:
    """Who was paid by account all along stands on the first list alone."""
    rows = site.rows("SELECT method, pay_point FROM pension_paymentline WHERE list_id = %s", made)
    assert rows == [("cash", POINT)]
    for word in ("tiền mặt", POINT, "ngân hàng trả lại"):
        expect(_line(page, WHO.number)).to_contain_text(word)


# --- The bank ------------------------------------------------------------------------------------


def _the_bank_gets_a_batch(payer: Page, visit: Visit, site: Site) -> None:
    """One makes the batch of all that waits, two others approve it, the first takes the file."""
    payer.goto(f"{BATCHES}lap-lo/?loai=pension")
    expect(_line(payer, PAYEE)).to_have_count(1)
    payer.locator("form:has([name='chon']) button").click()
    pages.expect_path(payer, r"/payoutbatch/\d+/change/")
    for name in (FIRST, SECOND):
        approver = visit()
        pages.sign_in(approver, name, to=BATCHES)
        approver.goto(payer.url)
        expect(_line(approver, PAYEE)).to_contain_text(ACCOUNT.replace(" ", ""))
        approver.locator("form[action$='/viec/duyet/'] button").click()
        expect(approver.locator("form[action$='/viec/duyet/']")).to_have_count(0)
    file = payer.locator("form[action$='/tai-ve/xml/'] button")
    eventually(lambda: payer.reload() is not None and file.count() == 1, "the files for the bank")
    with payer.expect_download() as download:
        file.click()
    assert ACCOUNT.replace(" ", "") in download.value.path().read_text("utf-8")
    assert len(site.rows(SENT)) == 2


def _the_bank_sends_the_payment_back(page: Page, site: Site) -> None:
    """The neighbour's payment goes through, the new account does not take the other one."""
    page.goto(f"{RESULTS}tai-len/")
    page.set_input_files("#tep", _file("ket-qua.csv", _answers_of_the_bank(site)))
    page.locator("form:has(#tep) button").click()
    pages.expect_path(page, r"/resultfile/\d+/change/")
    expect(_line(page, PAYEE)).to_contain_text(REASON)
    heard = "SELECT paid, reason FROM pension_paymentresult ORDER BY paid"
    eventually(lambda: site.rows(heard) == [(False, REASON), (True, "")], "the list hears of both")


def _answers_of_the_bank(site: Site) -> bytes:
    rows = ["Mã tham chiếu;Kết quả;Số tiền;Lý do;Số giao dịch"]
    for number, amount in site.rows(SENT):
        said = f"Thành công;{amount};;FT{number}"
        if amount == Decimal(4_500_000):
            said = f"Không thành công;{amount};{REASON};"
        rows.append(f"KHC{number:09d};{said}")
    return "\n".join(rows).encode()


# --- The end -------------------------------------------------------------------------------------


def _both_sides_are_told(citizen: Page, clerk: Page, site: Site, code: str) -> None:
    citizen.goto(_change(code))
    expect(citizen.locator("#page .lead")).to_contain_text("Lần chi đầu tiên không thành")
    citizen.goto("/ho-so/")
    expect(citizen.locator(".link-list").filter(has_text=REASON).first).to_be_visible()
    assert _state(site, code) == "failed"
    clerk.goto("/quan-tri/pension/switchrequest/")
    clerk.get_by_role("link", name=code).click()
    expect(clerk.locator("body")).to_contain_text(REASON)
    pages.check_accessible(clerk, theirs=True)


def _nothing_is_left_over(site: Site) -> None:
    left = "SELECT topic, state, last_error FROM portal_outboxmessage WHERE state <> 'done'"
    eventually(lambda: not site.rows(left), "every side effect is done")
    assert "all hold" in site.manage("verify_ledger")
    owed = "SELECT coalesce(sum(amount), 0) FROM payments_entry WHERE account = 'benefits'"
    assert site.value(owed) == 0, "what is paid in cash is owed through the bank, too"
