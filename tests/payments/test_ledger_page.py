"""The auditor's page: what it shows, where every amount leads, and what is taken away as a file."""

import csv
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from payments import journal
from payments.journal import Selection
from payments.models import Account, ContributionOrder, LedgerCheck, Posting
from portal.models import AccessLog, User
from procedures.models import Office
from tests.payments import money

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
LEDGER = "/quan-tri/payments/posting/"


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    """A paid order of Cam Ranh."""
    order = money.order(citizen, 1_000_000)
    money.pay(order, 1_000_000)
    return order


@pytest.fixture
def elsewhere(stranger: User) -> ContributionOrder:
    """An open order of Ninh Hòa."""
    return money.order(stranger, 777_000, slug="ninh-hoa")


def _page(client: Client, **asked: str) -> str:
    response = client.get(LEDGER, {name.replace("_", "-"): value for name, value in asked.items()})
    assert response.status_code == 200
    return response.content.decode()


def _shown(page: str) -> set[int]:
    """The postings in the journal of a page."""
    return {int(pk) for pk in re.findall(rf"{LEDGER}(\d+)/change/", page)}


def _pks(**chosen: Any) -> set[int]:
    return set(Posting.objects.filter(**chosen).values_list("pk", flat=True))


# --- Whose money ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("order")
def test_staff_see_the_money_of_their_office_and_the_province_every_office(
    elsewhere: ContributionOrder, clerk: User, director: User, sign_in: SignIn
) -> None:
    assert _shown(_page(sign_in(clerk))) == _pks(office__slug="cam-ranh")
    assert _shown(_page(sign_in(director))) == _pks()
    (theirs,) = _pks(office__slug="ninh-hoa")
    assert sign_in(clerk).get(f"{LEDGER}{theirs}/change/").status_code == 404
    assert sign_in(clerk).get(LEDGER, {"co-quan": "ninh-hoa"}).status_code == 404
    assert sign_in(clerk).get(f"{LEDGER}tai-ve/csv/", {"co-quan": "ninh-hoa"}).status_code == 404


# --- What is chosen ------------------------------------------------------------------------------


@pytest.mark.usefixtures("order", "elsewhere")
def test_the_journal_is_narrowed_by_office_account_and_event(director: User, sign_in: SignIn) -> None:
    client = sign_in(director)
    assert _shown(_page(client, co_quan="ninh-hoa")) == _pks(office__slug="ninh-hoa")
    assert _shown(_page(client, tai_khoan="bank")) == _pks(kind="received")
    assert _shown(_page(client, loai="settled")) == _pks(kind="settled")
    assert _shown(_page(client, co_quan="ninh-hoa", loai="settled")) == set()


def test_the_journal_is_narrowed_by_days_as_they_are_here(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    zone = timezone.get_current_timezone()
    late = datetime(2026, 3, 1, 23, 59, 59, tzinfo=zone)
    before = money.moved(order, "x", Account.FUND, Account.SUSPENSE, 1, now=late)
    after = money.moved(order, "x", Account.FUND, Account.SUSPENSE, 1, now=late + timedelta(seconds=1))
    client = sign_in(clerk)
    assert _shown(_page(client, tu="01/03/2026", den="01/03/2026")) == {before.pk}
    assert _shown(_page(client, tu="2026-03-02", den="02/03/2026")) == {after.pk}


@pytest.mark.parametrize(
    "day", ["99/99/2026", "hôm qua", "1/1", "01/01/0001", "31/12/9999", "١/1/2026", "--"]
)
def test_a_day_nobody_can_read_is_told_at_its_field_and_kept(day: str, clerk: User, sign_in: SignIn) -> None:
    response = sign_in(clerk).get(LEDGER, {"tu": day})
    if day == "١/1/2026":
        assert response.status_code == 200  # digits are digits
        return
    assert response.status_code == 422
    page = response.content.decode()
    assert 'aria-describedby="wrong"' in page
    assert f'value="{day}"' in page


def test_days_in_the_wrong_order_are_told(clerk: User, sign_in: SignIn) -> None:
    for address in (LEDGER, f"{LEDGER}tai-ve/csv/"):
        response = sign_in(clerk).get(address, {"tu": "02/03/2026", "den": "01/03/2026"})
        assert response.status_code == 422


@pytest.mark.parametrize("place", ["x", "-1", "9" * 40, "0"])
def test_a_place_that_is_none_breaks_nothing(place: str, clerk: User, sign_in: SignIn) -> None:
    assert sign_in(clerk).get(LEDGER, {"truoc": place, "tai-khoan": "x", "loai": "x"}).status_code == 200


# --- Balances ------------------------------------------------------------------------------------


def test_the_trial_balance_says_what_was_what_moved_and_what_is(
    order: ContributionOrder, elsewhere: ContributionOrder
) -> None:
    day = timezone.localdate()
    offices = list(Office.objects.all())
    told = journal.trial(Selection(offices))
    assert told.holds
    assert told.accounts[Account.RECEIVABLE].debits == 1_777_000
    assert told.accounts[Account.RECEIVABLE].credits == 1_000_000
    assert told.accounts[Account.RECEIVABLE].closing == 777_000
    assert {office.slug: of[Account.FUND].closing for office, of in told.offices} == {
        "cam-ranh": -1_000_000,
        "ninh-hoa": -777_000,
    }
    tomorrow = journal.trial(Selection(offices, first=day + timedelta(days=1)))
    assert tomorrow.accounts[Account.BANK] == journal.Balance(opening=Decimal(1_000_000))
    assert tomorrow.holds
    yesterday = journal.trial(Selection(offices, last=day - timedelta(days=1)))
    assert yesterday.total == journal.Balance()


def test_the_page_says_that_the_ledger_sums_to_zero(
    order: ContributionOrder, director: User, sign_in: SignIn
) -> None:
    page = _page(sign_in(director))
    assert "Cân bằng: tổng bằng 0" in page
    assert "1.000.000 đ Nợ" in page
    assert f'href="{LEDGER}' in page
    assert 'href="?tai-khoan=bank#so-nhat-ky"' in page


def test_every_bank_account_is_told_with_what_it_stands_at(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    money.moved(order, "paid_out", Account.REFUNDS, Account.BANK, 150_000)
    assert journal.banks(Selection(list(Office.objects.all()))) == [(order.account, Decimal(850_000))]
    assert "850.000 đ Nợ" in _page(sign_in(clerk))


def test_the_page_says_when_it_does_not(order: ContributionOrder, director: User, sign_in: SignIn) -> None:
    money.check_now()
    money.unguarded("UPDATE payments_entry SET amount = amount + 1 WHERE account = 'bank'")
    assert "Không cân bằng" in _page(sign_in(director))


def test_the_last_check_is_told_and_its_lines_to_who_sees_every_office(
    clerk: User, director: User, sign_in: SignIn
) -> None:
    LedgerCheck.objects.create(
        at=timezone.now() - timedelta(days=3), postings=5, problems=["lệnh KHX: sai lệch"]
    )
    assert "lệnh KHX: sai lệch" in _page(sign_in(director))
    theirs = _page(sign_in(clerk))
    assert "lệnh KHX" not in theirs
    assert "Từ đó đến nay chưa kiểm tra lại." in theirs


# --- Every amount opens what explains it ---------------------------------------------------------


def test_an_amount_opens_its_posting_and_the_posting_its_order(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    settled = Posting.objects.get(kind="settled")
    assert f'href="{LEDGER}{settled.pk}/change/">1.000.000 đ</a>' in _page(client)
    page = client.get(f"{LEDGER}{settled.pk}/change/").content.decode()
    explains = f"/quan-tri/payments/contributionorder/{order.pk}/change/"
    assert f'href="{explains}"' in page
    assert _shown(page) == _pks()  # the other postings of the order stand beside it
    assert order.reference in client.get(explains).content.decode()


def test_a_document_without_a_page_is_named_plainly(clerk: User, sign_in: SignIn) -> None:
    account = money.account()
    posting = money.moved(account, "x", Account.FUND, Account.SUSPENSE, 5)
    page = sign_in(clerk).get(f"{LEDGER}{posting.pk}/change/").content.decode()
    assert account.number in page
    assert "Cổng chưa có trang cho chứng từ này." in page


@pytest.mark.parametrize("column", ["document_id = 999999", "document_kind = 'ghost'"])
def test_a_document_that_is_gone_is_marked(
    order: ContributionOrder, clerk: User, sign_in: SignIn, column: str
) -> None:
    money.check_now()
    money.unguarded(f"UPDATE payments_posting SET {column} WHERE kind = 'received'")
    assert "không còn" in _page(sign_in(clerk))
    (pk,) = _pks(kind="received")
    assert "không còn" in sign_in(clerk).get(f"{LEDGER}{pk}/change/").content.decode()


# --- Page by page --------------------------------------------------------------------------------


def test_pages_go_on_where_the_last_one_ended(
    order: ContributionOrder, clerk: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    client = sign_in(clerk)
    first = _page(client)
    place = re.search(r"truoc=(\d+)", first)
    assert place is not None
    rest = _page(client, truoc=place[1])
    assert len(_shown(first)) == 2
    assert _shown(first) | _shown(rest) == _pks()
    assert not _shown(first) & _shown(rest)
    assert "truoc=" not in rest


def test_the_page_takes_as_many_queries_for_many_postings_as_for_few(
    order: ContributionOrder, stranger: User, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)

    def queries() -> int:
        client.get(LEDGER)
        with CaptureQueriesContext(connection) as captured:
            client.get(LEDGER)
        return len(captured)

    few = queries()
    for _ in range(10):
        money.pay(money.order(stranger, 50_000), 50_000)
    assert queries() == few


# --- As a file -----------------------------------------------------------------------------------


def _file(client: Client, kind: str, **asked: str) -> bytes:
    response = client.get(f"{LEDGER}tai-ve/{kind}/", {n.replace("_", "-"): v for n, v in asked.items()})
    assert response.status_code == 200
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_journal_is_taken_away_as_it_is_filtered_and_that_is_recorded(
    order: ContributionOrder, elsewhere: ContributionOrder, director: User, sign_in: SignIn
) -> None:
    data = _file(sign_in(director), "csv", co_quan="cam-ranh", loai="settled")
    head, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig")))
    assert head == [str(column) for column in journal.COLUMNS]
    assert [(line[6], line[8], line[9]) for line in lines] == [
        ("Tiền chờ xử lý", "1000000", "0"),
        ("Phải thu tiền đóng", "0", "1000000"),
    ]
    assert {line[5] for line in lines} == {str(order.pk)}
    assert AccessLog.objects.get(user=director).what == "ledger csv"


def test_a_workbook_holds_the_same_with_amounts_as_numbers(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(_file(sign_in(clerk), "xlsx"))).get_sheet_by_index(0)
    rows = sheet.to_python()[3:]
    assert sum(row[8] for row in rows) == sum(row[9] for row in rows) == 3_000_000  # type: ignore[misc]
    assert len(rows) == 6


def test_what_is_noted_is_no_formula_in_a_spreadsheet(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    money.moved(order, "x", Account.FUND, Account.SUSPENSE, 5, note="=HYPERLINK(1)")
    client = sign_in(clerk)
    lines = csv.reader(io.StringIO(_file(client, "csv", loai="x").decode("utf-8-sig")))
    assert [line[11] for line in lines][1:] == ["'=HYPERLINK(1)"] * 2
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(_file(client, "xlsx", loai="x"))).get_sheet_by_index(0)
    assert sheet.to_python()[3][11] == "=HYPERLINK(1)"  # a cell of text, not a formula


def test_a_workbook_that_would_be_too_long_is_refused_with_words(
    order: ContributionOrder, clerk: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.admin.journal.MOST_ROWS", {"xlsx": 5})
    response = sign_in(clerk).get(f"{LEDGER}tai-ve/xlsx/")
    assert response.status_code == 422
    assert "hãy chọn ít ngày hơn" in response.content.decode()


def test_there_is_no_other_format(clerk: User, sign_in: SignIn) -> None:
    assert sign_in(clerk).get(f"{LEDGER}tai-ve/pdf/").status_code == 404


@pytest.mark.usefixtures("order")
def test_nobody_writes_to_the_ledger_by_hand(administrator: User, sign_in: SignIn) -> None:
    client, (pk, *_more) = sign_in(administrator), sorted(_pks())
    assert client.get(f"{LEDGER}add/").status_code == 403
    assert client.post(f"{LEDGER}{pk}/delete/").status_code == 403
    before = list(Posting.objects.values())
    client.post(f"{LEDGER}{pk}/change/", {"note": "x", "kind": "x"})
    assert list(Posting.objects.values()) == before
