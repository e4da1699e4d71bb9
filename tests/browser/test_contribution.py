"""A year of health insurance for five people, paid by scanning, and what is given back of it after a new job.

The test plays the bank: it writes the statements and the files of results that a clerk uploads. After
every step the ledger has to say the same as the pages.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
import zxingcpp
from django.utils import timezone
from lxml import etree
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.pages import check_accessible, expect_path, fill, go_on
from tests.browser.running import CLERK, SUPERVISOR, Site, eventually
from tests.conftest import PASSWORD
from tests.paying import HEAD
from tests.payments.statements import Paid, camt

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
MONEY = "/quan-tri/payments/"
DIRECTOR, AGENT = "giamdoc.cam-ranh", "dl709@example.com"
FAMILY = {
    "Trần Thị Bích Ngọc": "1962",
    "Nguyễn Hoàng Dũng": "1988",
    "Nguyễn Thị Én": "1990",
    "Nguyễn Văn Phúc": "2003",
}
TIERS = (100, 70, 60, 50, 40)
WRONG, RIGHT = "4700201008888", "4700201007777"
REASON = "Sai số tài khoản"
MONTHS_GONE = 8

# The citizen, the agent of the ward, the director and the account of the office.
BEFORE = f"""
import json, random
from procedures import demo
from procedures.models import Office
from portal.models import User
from tests import refunding
from tests.payments import ordering
office = Office.objects.get(slug="cam-ranh")
demo.staff("{DIRECTOR}", "Võ Minh Hòa", office, "director", password="{PASSWORD}")
agent = refunding.agent(User.objects.get(username="{SUPERVISOR}"), code="DL709")
account = ordering.account()
who = demo.person(random.Random(709), refunding.WARD)
citizen = demo.citizen(who, password="{PASSWORD}")
print(json.dumps({{
    "number": who.number, "name": who.full_name, "id_number": who.id_number, "sex": who.sex,
    "agent": str(agent.organisation.pk), "bank": account.bank_id, "account": account.number,
}}))
"""
PEOPLE = """
SELECT first_month, last_month, person.amount::bigint
FROM payments_coveredperson person JOIN payments_contributionorder o ON o.id = order_id
WHERE o.reference = %s ORDER BY position
"""
# Cards and months move back instead of the clock going on; the ledger takes no such change.
MONTHS_GO_BY = """
UPDATE payments_coveredperson SET
    first_month = first_month - make_interval(months => %(gone)s),
    last_month = last_month - make_interval(months => %(gone)s),
    card_from = card_from - make_interval(months => %(gone)s),
    card_to = card_to - make_interval(months => %(gone)s)
WHERE order_id = (SELECT id FROM payments_contributionorder WHERE reference = %(reference)s)
"""


@dataclass(frozen=True)
class Order:
    """What the code on the page of an order says."""

    reference: str
    amount: int


@dataclass(frozen=True)
class Asked:
    """A refund that was filed, and what it must come to."""

    code: str
    amount: int


def test_a_household_pays_by_scanning_and_one_of_them_gets_months_back(site: Site, visit: Visit) -> None:
    known = json.loads(site.shell(BEFORE))
    citizen = visit()
    pages.sign_in(citizen, known["number"], to="/dong-tien/")
    order = _order_for_five(citizen, known)
    check_ledger(site, receivable=order.amount, fund=-order.amount)

    clerk, supervisor, director = (_member(visit, name) for name in (CLERK, SUPERVISOR, DIRECTOR))
    _the_statement_pays_it(clerk, order, known["account"])
    check_ledger(site, bank=order.amount, fund=-order.amount)
    _the_citizen_holds_a_receipt(citizen, visit(), site, order)

    asked = _months_later_a_refund_is_filed(citizen, site, order, known)
    agent = visit()
    pages.sign_in(agent, AGENT, to="/dai-ly/")
    _the_agent_confirms(agent, asked)
    _two_decide(clerk, supervisor, order, asked)
    rest = order.amount - asked.amount
    owed = {"bank": order.amount, "fund": -rest, "refunds": -asked.amount}
    check_ledger(site, **owed)

    _a_batch_is_answered(clerk, (supervisor, director), asked, WRONG, result="Từ chối", reason=REASON)
    check_ledger(site, **owed)
    _another_account_is_given(citizen, asked, known["name"])
    _a_batch_is_answered(clerk, (supervisor, director), asked, RIGHT, result="Thành công")
    check_ledger(site, bank=rest, fund=-rest)
    _the_dossier_is_closed(citizen, site, asked)
    _everything_explains_itself(site)


def check_ledger(site: Site, **accounts: int) -> None:
    """What stands on the accounts, debits positive; on all others stands nothing."""
    query = "SELECT account, sum(amount)::bigint FROM payments_entry GROUP BY account HAVING sum(amount) <> 0"
    assert dict(site.rows(query)) == accounts
    assert sum(accounts.values()) == 0


def _member(visit: Visit, name: str) -> Page:
    page = visit()
    pages.sign_in(page, name, to=DESK)
    return page


# --- The citizen pays ----------------------------------------------------------------------------


def _order_for_five(page: Page, known: dict[str, str]) -> Order:
    page.goto("/dong-tien/moi/")
    fill(page, {"loai": "bhyt-tham-gia"})
    go_on(page)
    expect_path(page, "/buoc/thanh-vien/")
    expect(page.locator("[name='people-0-full_name']")).to_have_value(known["name"])
    for row, (name, year) in enumerate(FAMILY.items(), start=1):
        page.locator("button[name='them'][value='people']").click()
        fill(page, {f"people-{row}-full_name": name, f"people-{row}-date_of_birth_year": year})
    check_accessible(page)
    page.locator("#step-form .actions button").click()
    expect_path(page, "/buoc/thoi-han/")
    fill(page, {"months": "12"})
    go_on(page)
    expect_path(page, "/kiem-tra/")
    check_accessible(page)
    page.locator("form:has([name='seen']) button").click()
    expect(page.locator("img.qr")).to_be_visible()
    return _scanned(page, known)


def _scanned(page: Page, known: dict[str, str]) -> Order:
    """The code as a phone sees it on the screen; beside it the page says the same in words."""
    check_accessible(page)
    picture = page.locator("img.qr")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    (read,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture.screenshot())))
    code = _fields(read.text)
    beneficiary = _fields(_fields(code["38"])["01"])
    assert (beneficiary["00"], beneficiary["01"]) == (known["bank"], known["account"])
    assert (code["53"], code["58"]) == ("704", "VN")
    order = Order(_fields(code["62"])["08"], int(code["54"]))
    expect_path(page, f"/dong-tien/{order.reference}/")
    for words in (known["account"], dong(order.amount), order.reference):
        expect(page.locator(".pay-facts")).to_contain_text(words)
    return order


def _fields(text: str) -> dict[str, str]:
    """Two digits of name, two of length, the value, and so on: EMVCo's way to write."""
    found = {}
    while text:
        size = int(text[2:4])
        found[text[:2]], text = text[4 : 4 + size], text[4 + size :]
    return found


def dong(amount: int) -> str:
    return f"{amount:,} đ".replace(",", ".")


# --- The bank and the office ---------------------------------------------------------------------


def _the_statement_pays_it(clerk: Page, order: Order, account: str) -> None:
    """The bank has booked the transfer; the clerk sees what would come of its statement, and takes it in."""
    text = f"MBVCB.709.{order.reference.lower()} chuyen tien"
    line = Paid("FT26330000709", order.amount, text=text, payer="LE VAN A", day=timezone.localdate())
    clerk.goto(f"{MONEY}statementfile/tai-len/")
    _upload(clerk, "sao-ke.xml", camt([line], number=account))
    expect(clerk.locator(".desk-list").first).to_contain_text("Đơn được nộp đủ: 1")
    check_accessible(clerk, theirs=True)
    clerk.locator("form[action$='/nhap/'] button").click()
    expect(clerk.locator("form[action$='/nhap/']")).to_have_count(0)
    expect(clerk.locator(".desk-table")).to_contain_text(order.reference)


def _upload(page: Page, name: str, data: bytes) -> None:
    page.set_input_files("#tep", {"name": name, "mimeType": "application/octet-stream", "buffer": data})
    page.locator("form:has(#tep) button[type=submit]").click()
    expect(page.locator("#tep")).to_have_count(0)


def _the_citizen_holds_a_receipt(page: Page, anybody: Page, site: Site, order: Order) -> None:
    """The first number of the year, for five people at falling rates, and a code that proves it."""
    page.goto(f"/dong-tien/{order.reference}/")
    expect(page.locator("#state .tag--green")).to_be_visible()
    expect(page.locator("img.qr")).to_have_count(0)
    shares = [amount for _first, _last, amount in site.rows(PEOPLE, order.reference)]
    assert shares == [round(shares[0] * tier / 100) for tier in TIERS]
    assert sum(shares) == order.amount

    paper = page.locator(".document a[href$='/tai-ve/']")

    def shown() -> bool:
        page.goto("/bien-lai/")
        listed = page.locator("table a[href^='/bien-lai/']")
        if listed.count() == 0:
            return False
        listed.first.click()
        expect(page.locator("h1 .code")).to_be_visible()
        return paper.count() == 1

    eventually(shown, "the receipt and its paper")
    check_accessible(page)
    number = page.locator("h1 .code").inner_text()
    assert re.fullmatch(r"BL056\.02-\d\d-000001", number)
    pdf = page.context.request.get(str(paper.first.get_attribute("href"))).body()
    said = pages.text(pdf)
    in_words = page.locator("dd span[lang=vi]").inner_text()
    for words in (number, order.reference, dong(order.amount), in_words, *map(str.upper, FAMILY)):
        assert words in said, words
    anybody.goto(pages.codes(pdf)["QRCode"])
    expect(anybody.locator("#page .notice--success")).to_be_visible()
    expect(anybody.locator("dd .code")).to_have_text(number)


# --- The refund ----------------------------------------------------------------------------------


def _months_later_a_refund_is_filed(page: Page, site: Site, order: Order, known: dict[str, str]) -> Asked:
    """The citizen has begun to work this month: the whole months from now on are given back."""
    with site.connect() as connection:
        connection.execute(MONTHS_GO_BY.encode(), {"gone": MONTHS_GONE, "reference": order.reference})
    first, last, paid = site.rows(PEOPLE, order.reference)[0]
    begun = timezone.localdate().replace(day=1)
    left = (last.year - begun.year) * 12 + last.month - begun.month + 1
    assert 0 < left < 12
    answers: dict[str, dict[str, str]] = {
        "truong-hop": {"case": "refund"},
        "nguoi-de-nghi": {
            "gender": known["sex"],
            "street": "12 Hùng Vương",
            "nationality": "Việt Nam",
            "ethnicity": "Kinh",
            "birth_registration": "Cam Ranh, Khánh Hòa",
        },
        "yeu-cau": {"change_request": "Hoàn trả tiền đóng BHYT", "has_corrections": "no"},
        "hoan-tra": {
            "ground": "new_group",
            "refundee_name": known["name"],
            "refundee_number": known["number"],
            "refundee_id": known["id_number"],
            **_day("ground_date", begun),
            **_month("paid_from", first),
            **_month("paid_to", last),
            "paid_method": "12",
            "paid_amount": str(paid),
            "collecting_agent": known["agent"],
            "bank": "970405",
            "account_number": WRONG,
            "account_again": WRONG,
            "account_holder": known["name"],
        },
        "nhan-tien": {"result_delivery": "post"},
        "noi-nhan": {},
    }
    page.goto("/thu-tuc/health-insurance-only/")
    page.locator("form[action*='/bat-dau/'] button").first.click()
    for slug, given in answers.items():
        expect_path(page, f"/buoc/{slug}/")
        fill(page, given)
        if slug == "hoan-tra":
            check_accessible(page)
        go_on(page)
    expect_path(page, "/giay-to-kem/")
    go_on(page)
    expect_path(page, "/kiem-tra/")
    fill(page, {"declaration": "on"})
    go_on(page)
    asked = Asked(pages.dossier_code(page), round(Decimal(paid) / 12 * left))
    expect(page.locator("#page")).to_contain_text(dong(asked.amount))
    return asked


def _day(name: str, day: date) -> dict[str, str]:
    return {f"{name}_day": str(day.day), **_month(name, day)}


def _month(name: str, day: date) -> dict[str, str]:
    return {f"{name}_month": str(day.month), f"{name}_year": str(day.year)}


def _the_agent_confirms(page: Page, asked: Asked) -> None:
    """What the citizen says stands in the fields; the agent adds the receipt of its own books."""
    task = page.get_by_role("link", name=asked.code)
    eventually(lambda: page.reload() is not None and task.count() == 1, "the task of the agent")
    task.click()
    check_accessible(page)
    fill(page, {"receipt_no": "BL0709"})
    page.locator("form[action$='/xac-nhan/'] button").click()
    expect_path(page, "/dai-ly/")
    expect(page.locator("main")).to_contain_text(asked.code)


def _two_decide(clerk: Page, supervisor: Page, order: Order, asked: Asked) -> None:
    """The clerk accepts and proposes what is calculated from the order; another person approves."""
    clerk.goto(f"{DESK}?q={asked.code}")
    clerk.get_by_role("link", name=asked.code).click()
    accept = clerk.locator("form[action*='/hanh-dong/accept/']")
    accept.locator("button").first.click()
    expect(accept).to_have_count(0)

    _open_refund(clerk, asked)
    check_accessible(clerk, theirs=True)
    clerk.locator("label", has_text=order.reference).locator("input[name='person']").check()
    expect(clerk.locator("#amount")).to_have_value(str(asked.amount))
    clerk.locator("form[action$='/de-xuat/'] button").click()
    expect(clerk.locator("form[action$='/de-xuat/']")).to_have_count(0)
    expect(clerk.locator("form[action$='/duyet/']")).to_have_count(0)

    _open_refund(supervisor, asked)
    approve = supervisor.locator("form[action$='/duyet/']")
    expect(approve).to_contain_text(dong(asked.amount))
    approve.locator("button").click()
    expect(approve).to_have_count(0)
    expect(supervisor.locator("a[href*='/paymentorder/']").first).to_be_visible()


def _open_refund(page: Page, asked: Asked) -> None:
    page.goto(f"{MONEY}refund/?q={asked.code}")
    page.get_by_role("link", name=asked.code).first.click()
    expect(page.locator("h1").last).to_contain_text(asked.code)


# --- Payouts -------------------------------------------------------------------------------------


def _a_batch_is_answered(
    clerk: Page, approvers: Sequence[Page], asked: Asked, account: str, *, result: str, reason: str = ""
) -> None:
    """One makes a batch, two others approve it, its file goes to the bank, which answers with another."""
    clerk.goto(f"{MONEY}payoutbatch/lap-lo/")
    row = clerk.get_by_role("row").filter(has_text=asked.code)
    expect(row.locator("input[name='chon']")).to_be_checked()
    clerk.locator("form:has([name='chon']) button[type=submit]").click()
    clerk.wait_for_url(re.compile(r"/payoutbatch/\d+/change/"))
    batch = clerk.url
    expect(clerk.locator("form[action$='/duyet/']")).to_have_count(0)
    for approver in approvers:
        approver.goto(batch)
        expect(approver.locator(".desk-table")).to_contain_text(account)
        approver.locator("form[action$='/duyet/'] button").click()
        expect(approver.locator("form[action$='/duyet/']")).to_have_count(0)
    reference = _file_for_the_bank(clerk, asked, account)

    clerk.goto(f"{MONEY}resultfile/tai-len/")
    answer = f"{HEAD}{reference};{result};{asked.amount};{reason};FT{reference}\n"
    _upload(clerk, f"ket-qua-{reference}.csv", answer.encode())
    expect(clerk.locator(".desk-table")).to_contain_text(reference)
    clerk.goto(batch)
    told = clerk.locator(".desk-table .desk-tag--red" if reason else ".desk-table .desk-tag--green")
    expect(told).to_have_count(1)
    expect(clerk.get_by_role("row").filter(has_text=reference)).to_contain_text(reason)


def _file_for_the_bank(clerk: Page, asked: Asked, account: str) -> str:
    """Take the file, once; returns the reference of the payment as the bank reads it."""
    take = clerk.locator("form[action$='/tai-ve/xml/'] button")
    eventually(lambda: clerk.reload() is not None and take.count() == 1, "the files of the batch")
    with clerk.expect_download() as taken:
        take.click()
    root = etree.parse(str(taken.value.path())).getroot()
    (payment,) = root.iterfind(".//{*}CdtTrfTxInf")
    assert payment.findtext("{*}Amt/{*}InstdAmt") == str(asked.amount)
    assert payment.findtext("{*}CdtrAcct/{*}Id/{*}Othr/{*}Id") == account
    clerk.reload()
    expect(take).to_have_count(0)
    return str(payment.findtext("{*}PmtId/{*}EndToEndId"))


def _another_account_is_given(page: Page, asked: Asked, name: str) -> None:
    """The dossier is open again and says what the bank said; only the account is asked for."""
    page.goto(f"/ho-so/{asked.code}/")
    wanted = page.locator("a[href$='/tai-khoan-nhan/']")
    eventually(lambda: page.reload() is not None and wanted.count() == 1, "the dossier is open again")
    check_accessible(page)
    wanted.click()
    expect(page.locator("main")).to_contain_text(REASON)
    check_accessible(page)
    fill(page, {"bank": "970405", "account_number": RIGHT, "account_again": RIGHT, "account_holder": name})
    page.locator("main form .actions button").click()
    expect_path(page, f"/ho-so/{re.escape(asked.code)}/")
    expect(wanted).to_have_count(0)


def _the_dossier_is_closed(page: Page, site: Site, asked: Asked) -> None:
    query = "SELECT state FROM procedures_dossier WHERE code = %s"
    eventually(lambda: site.value(query, asked.code) == "paid", "the dossier is paid")
    page.goto(f"/ho-so/{asked.code}/")
    expect(page.locator("aside")).to_contain_text("Đã chi trả")
    expect(page.locator(".timeline")).to_contain_text(f"•••• {RIGHT[-4:]}")
    check_accessible(page)


def _everything_explains_itself(site: Site) -> None:
    """Each step is one posting that names its document; the check of the ledger finds nothing wrong."""
    assert site.rows("SELECT kind, document_kind FROM payments_posting ORDER BY id") == [
        ("ordered", "contributionorder"),
        ("received", "statementline"),
        ("settled", "contributionorder"),
        ("refund_decided", "refund"),
        ("paid_out", "paymentorder"),
    ]
    states = site.rows("SELECT state, reason FROM payments_paymentorder ORDER BY id")
    assert states == [("rejected", REASON), ("paid", "")]
    assert site.rows("SELECT state FROM payments_payoutbatch ORDER BY id") == [("closed",)] * 2
    left = "SELECT topic, state, last_error FROM portal_outboxmessage WHERE state <> 'done'"
    eventually(lambda: not site.rows(left), "every side effect is done")
    assert site.manage("verify_ledger").startswith("5 ")
