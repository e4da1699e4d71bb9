"""A paid order gets a numbered receipt; it is never changed, only cancelled by another document."""

import csv
import io
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from payments import receipts
from payments.models import ContributionOrder, Receipt, ReceiptPaper, ReceiptSeries
from payments.receipt_papers import content
from portal import outbox
from portal.models import AccessLog, User
from procedures import demo, documents
from procedures.models import Office
from procedures.workflow import MoveRefused
from tests.conftest import _staff
from tests.payments.orders import order_of, paid
from tests.threads import Meeting, at_once

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/receipt/"
FIVE = (
    ("Nguyễn Thị Thùy Dương", 804_600),
    ("Trần Văn Bảo", 563_220),
    ("Trần Thị Ngọc Ánh", 482_760),
    ("Trần Minh Quân", 402_300),
    ("Lê Thị Mười", 321_840),
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    """Household health insurance of five people, paid."""
    return paid(order_of(citizen, *FIVE))


@pytest.fixture
def receipt(order: ContributionOrder) -> Receipt:
    """Its receipt, with the paper made."""
    made = receipts.issue(order, now=timezone.now())
    outbox.drain()
    return made


def cancelled(receipt: Receipt, supervisor: User, key: str = "k", **more: Any) -> Receipt:
    made = receipts.cancel(
        receipt, "Sai tên người nộp", actor=supervisor, key=key, now=timezone.now(), **more
    )
    outbox.drain()
    return made


def pdf_of(receipt: Receipt) -> pypdfium2.PdfDocument:
    paper = receipt.papers.last()
    assert paper is not None
    return pypdfium2.PdfDocument(bytes_of(paper))


def bytes_of(paper: ReceiptPaper) -> bytes:
    with paper.file.open("rb") as file:
        return bytes(file.read())


def text_of(receipt: Receipt) -> str:
    said = " ".join(page.get_textpage().get_text_range() for page in pdf_of(receipt))
    return " ".join(said.split())


# --- Issuing -------------------------------------------------------------------------------------


def test_a_paid_order_gets_its_receipt_paper_and_notice_through_the_outbox(
    order: ContributionOrder, citizen: User
) -> None:
    citizen.email = "a@example.vn"
    citizen.save()
    with transaction.atomic():
        outbox.enqueue("payments.receipt", key="settlement 1", order=order.pk)
    outbox.drain()
    made = Receipt.objects.get()
    year = timezone.localdate().year % 100
    assert made.code == f"BL056.{order.office.number}-{year:02}-000001"
    assert (made.amount, made.said["payer"], made.issued_by) == (order.amount, citizen.full_name, None)
    assert [person["amount"] for person in made.said["people"]] == [amount for _name, amount in FIVE]
    assert made.papers.get().revision == ReceiptPaper.AS_ISSUED
    assert made.code in mail.outbox[0].subject
    assert "2.574.720 đ" in mail.outbox[0].subject


def test_an_order_gets_one_receipt_however_often_it_is_told_to_be_paid(receipt: Receipt) -> None:
    for key in ("settlement 1", "settlement 2"):
        with transaction.atomic():
            outbox.enqueue("payments.receipt", key=key, order=receipt.order_id)
    outbox.drain()
    assert Receipt.objects.get() == receipt
    assert receipt.order.payer.notices.filter(kind="receipt_issued").count() == 1


def test_what_is_not_paid_in_full_has_no_receipt(citizen: User) -> None:
    order = order_of(citizen)
    order.paid = 1
    order.save()
    with pytest.raises(ValueError, match="not paid"):
        receipts.issue(order, now=timezone.now())
    assert not Receipt.objects.exists()


def test_numbers_run_by_office_and_year_of_the_province(citizen: User) -> None:
    """The year turns at midnight in Vietnam, seven hours before it turns in Greenwich."""
    given = []
    for office, moment in (
        ("cam-ranh", "2021-12-31T16:59:59Z"),
        ("ninh-hoa", "2021-12-31T16:59:59Z"),
        ("cam-ranh", "2021-12-31T16:59:59Z"),
        ("cam-ranh", "2021-12-31T17:00:00Z"),
    ):
        order = paid(order_of(citizen, office=office))
        made = receipts.issue(order, now=datetime.fromisoformat(moment))
        given.append((made.series.office.slug, made.series.year, made.number))
    assert given == [
        ("cam-ranh", 2021, 1),
        ("ninh-hoa", 2021, 1),
        ("cam-ranh", 2021, 2),
        ("cam-ranh", 2022, 1),
    ]


def test_an_issue_that_fails_leaves_no_gap(citizen: User, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (paid(order_of(citizen)) for _n in range(2))

    def fail(*args: Any, **facts: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(receipts, "_tell", fail)
        with pytest.raises(RuntimeError):
            receipts.issue(first, now=timezone.now())
    made = [receipts.issue(order, now=timezone.now()).number for order in (second, first)]
    assert made == [1, 2]


# --- The database --------------------------------------------------------------------------------


def test_the_database_takes_no_gap_no_double_and_no_change(receipt: Receipt, citizen: User) -> None:
    made = receipts._of(paid(order_of(citizen)))
    made.series, made.issued_at, made.key, made.token = receipt.series, timezone.now(), "x", "x"
    for number in (1, 3):
        made.number, made.code, made.pk = number, f"x{number}", None
        with pytest.raises(IntegrityError, match="goes on with 2"), transaction.atomic():
            made.save(force_insert=True)
    for statement in (
        "UPDATE payments_receipt SET amount = 1",
        "DELETE FROM payments_receiptpaper",
        "UPDATE payments_receiptpaper SET sha256 = ''",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "cancellation", "reason": "x"},
        {"reason": "x"},
        {"kind": "cancellation", "cancels": True, "reason": "x"},
        {"kind": "cancellation", "cancels": True, "by": True},
        {"replaces": True},
    ],
)
def test_a_cancellation_says_of_what_why_and_by_whom(
    wrong: dict[str, Any], receipt: Receipt, supervisor: User
) -> None:
    made = receipts._of(receipt.order)
    made.kind, made.reason = wrong.get("kind", "receipt"), wrong.get("reason", "")
    made.cancels = receipt if wrong.get("cancels") else None
    made.replaces = receipt if wrong.get("replaces") else None
    made.issued_by = supervisor if wrong.get("by") else None
    with pytest.raises(IntegrityError), transaction.atomic():
        receipts._numbered(made, timezone.now(), key="x")


# --- The paper -----------------------------------------------------------------------------------


def test_the_paper_says_who_paid_what_for_whom_in_figures_and_words(receipt: Receipt) -> None:
    said = text_of(receipt)
    for words in (
        "BIÊN LAI THU TIỀN",
        f"Số: {receipt.code}",
        "Người nộp tiền: " + receipt.said["payer"],
        "Đóng bảo hiểm y tế hộ gia đình",
        f"Nội dung chuyển khoản: {receipt.order.reference}",
        "Trần Thị Ngọc Ánh",
        "5608000003",
        "08/2021 – 07/2022",
        "482.760 đ",
        "Tổng cộng 2.574.720 đ",
        "Bằng chữ: Hai triệu năm trăm bảy mươi tư nghìn bảy trăm hai mươi đồng",
    ):
        assert words in said
    assert "ĐÃ HỦY" not in said


def test_the_code_on_the_paper_opens_a_page_that_names_nobody(
    receipt: Receipt, client: Client, settings: Any
) -> None:
    image = pdf_of(receipt)[0].render(scale=200 / 72).to_pil()
    (found,) = zxingcpp.read_barcodes(image)
    assert found.text == f"{settings.SITE_URL}/xac-thuc-bien-lai/{receipt.token}/"
    page = client.get(found.text.removeprefix(settings.SITE_URL)).content.decode()
    assert receipt.code in page and "2.574.720 đ" in page and receipt.office.name in page
    assert "còn giá trị" in page or "valid" in page
    for name, _amount in (*FIVE, (receipt.said["payer"], 0)):
        assert name not in page
    assert client.get("/xac-thuc-bien-lai/khong-co/").status_code == 404


def test_a_household_of_forty_goes_on_over_pages_with_its_head_again(citizen: User) -> None:
    people = [(f"Nguyễn Thị Rất Là Dài Tên Số {n}", 100_000 + n) for n in range(40)]
    made = receipts.issue(paid(order_of(citizen, *people)), now=timezone.now())
    outbox.drain()
    document = pdf_of(made)
    assert len(document) == 2
    assert all("Người tham gia" in page.get_textpage().get_text_range() for page in document)


def test_the_same_receipt_gives_the_same_bytes(receipt: Receipt) -> None:
    again = documents.render(content(receipts.every().get()), made_at=receipt.issued_at)
    assert bytes_of(receipt.papers.get()) == again


# --- Cancelling ----------------------------------------------------------------------------------


def test_a_supervisor_cancels_by_a_document_that_takes_the_next_number(
    receipt: Receipt, supervisor: User, sign_in: SignIn, citizen: User, client: Client
) -> None:
    browser = sign_in(supervisor)
    page = browser.get(f"{DESK}{receipt.pk}/change/").content.decode()
    assert 'name="reason"' in page
    for _twice in range(2):
        answer = browser.post(f"{DESK}{receipt.pk}/huy/", {"reason": "Sai tên", "key": "k"})
        assert answer.status_code == 303
    outbox.drain()
    counter = Receipt.objects.get(kind="cancellation")
    assert (counter.cancels, counter.number, counter.amount) == (receipt, 2, receipt.amount)
    assert (counter.reason, counter.issued_by) == ("Sai tên", supervisor)
    assert [paper.revision for paper in receipt.papers.all()] == [1, 2]
    marked, said = text_of(receipt), text_of(counter)
    assert f"ĐÃ HỦY theo chứng từ số {counter.code}" in marked and "Lý do: Sai tên" in marked
    assert "CHỨNG TỪ HỦY BIÊN LAI" in said and f"Hủy biên lai số {receipt.code}" in said
    assert citizen.notices.filter(kind="receipt_cancelled", about=receipt.code).count() == 1
    for token in (receipt.token, counter.token):
        verified = client.get(f"/xac-thuc-bien-lai/{token}/").content.decode()
        assert "notice--warning" in verified and "notice--success" not in verified
    assert 'name="reason"' not in browser.get(f"{DESK}{receipt.pk}/change/").content.decode()


def test_another_receipt_in_the_right_name_takes_the_place_of_the_cancelled_one(
    receipt: Receipt, supervisor: User, sign_in: SignIn
) -> None:
    sent = {"reason": "Sai tên", "key": "k", "again": "on", "payer": "Trần Văn Bảo"}
    assert sign_in(supervisor).post(f"{DESK}{receipt.pk}/huy/", sent).status_code == 303
    again = Receipt.objects.get(replaces=receipt)
    outbox.drain()
    assert (again.number, again.said["payer"], again.amount) == (3, "Trần Văn Bảo", receipt.amount)
    assert f"Thay thế biên lai số {receipt.code}" in text_of(again)
    assert receipts.issue(receipt.order, now=timezone.now()) == receipt
    assert Receipt.objects.filter(kind="receipt", cancelled_by=None).get() == again
    counter = cancelled(again, supervisor, key="k2")
    assert counter.number == 4


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"reason": " "}, "reason"), ({"reason": "Sai", "again": "on", "payer": " "}, "payer")],
)
def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(
    sent: dict[str, str], field: str, receipt: Receipt, supervisor: User, sign_in: SignIn
) -> None:
    answer = sign_in(supervisor).post(f"{DESK}{receipt.pk}/huy/", sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'name="{field}"' in page and 'aria-invalid="true"' in page
    assert ("Sai" not in sent["reason"]) or 'value="Sai"' in page
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("person", ["clerk", "director", "administrator"])
def test_nobody_but_a_supervisor_of_the_office_cancels(
    person: str, receipt: Receipt, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(MoveRefused):
        cancelled(receipt, request.getfixturevalue(person))
    with pytest.raises(MoveRefused):
        cancelled(receipt, _staff("ninh-hoa", "supervisor", "Cao Văn Lộc"))
    assert Receipt.objects.count() == 1


def test_a_receipt_is_cancelled_once_and_a_cancellation_never(receipt: Receipt, supervisor: User) -> None:
    counter = cancelled(receipt, supervisor)
    for what in (receipt, counter):
        with pytest.raises(MoveRefused):
            cancelled(what, supervisor, key="other")
    assert Receipt.objects.count() == 2


def test_a_paper_made_late_is_marked_at_once(order: ContributionOrder, supervisor: User) -> None:
    """The receipt is cancelled before a worker came to make its paper."""
    made = receipts.issue(order, now=timezone.now())
    cancelled(made, supervisor)
    assert [paper.revision for paper in made.papers.all()] == [ReceiptPaper.MARKED]


# --- The payer -----------------------------------------------------------------------------------


def test_the_payer_finds_opens_and_downloads_it_and_nobody_else_does(
    receipt: Receipt, citizen: User, stranger: User, sign_in: SignIn
) -> None:
    browser = sign_in(citizen)
    assert f"/bien-lai/{receipt.code}/" in browser.get("/bien-lai/").content.decode()
    page = browser.get(f"/bien-lai/{receipt.code}/").content.decode()
    assert "Trần Minh Quân" in page and "Hai triệu năm trăm bảy mươi tư nghìn" in page
    assert f"/bien-lai/{receipt.code}/" in browser.get("/ho-so/").content.decode()
    pdf = browser.get(f"/bien-lai/{receipt.code}/tai-ve/")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    other = sign_in(stranger)
    assert receipt.code not in other.get("/bien-lai/").content.decode()
    for address in ("", "tai-ve/"):
        assert other.get(f"/bien-lai/{receipt.code}/{address}").status_code == 404


def test_a_receipt_shows_before_its_paper_is_made(
    order: ContributionOrder, citizen: User, sign_in: SignIn
) -> None:
    made = receipts.issue(order, now=timezone.now())
    browser = sign_in(citizen)
    assert "document--pending" in browser.get(f"/bien-lai/{made.code}/").content.decode()
    assert browser.get(f"/bien-lai/{made.code}/tai-ve/").status_code == 404


def test_the_payer_sees_why_a_receipt_was_cancelled_and_what_took_its_place(
    receipt: Receipt, citizen: User, supervisor: User, sign_in: SignIn
) -> None:
    counter = cancelled(receipt, supervisor, payer="Trần Văn Bảo")
    browser = sign_in(citizen)
    page = browser.get(f"/bien-lai/{receipt.code}/").content.decode()
    assert "Sai tên người nộp" in page
    assert counter.code in page and Receipt.objects.get(replaces=receipt).code in page
    assert receipt.code in browser.get(f"/bien-lai/{counter.code}/").content.decode()


# --- The desk ------------------------------------------------------------------------------------


def test_the_desk_shows_the_receipts_of_the_office_in_few_queries(
    receipt: Receipt, citizen: User, clerk: User, other_clerk: User, director: User, sign_in: SignIn
) -> None:
    browser = sign_in(clerk)
    browser.get(DESK)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert receipt.code in browser.get(DESK).content.decode()
        return len(asked)

    before = queries()
    for _n in range(4):
        receipts.issue(paid(order_of(citizen)), now=timezone.now())
    assert queries() == before
    assert receipt.code in browser.get(DESK, {"q": receipt.order.reference}).content.decode()
    assert receipt.code not in browser.get(DESK, {"loai": "huy"}).content.decode()
    assert receipt.code in sign_in(director).get(DESK).content.decode()
    assert receipt.code not in sign_in(other_clerk).get(DESK).content.decode()


def test_reading_a_receipt_and_its_paper_is_recorded_and_the_ledger_stands_beside_it(
    receipt: Receipt, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    browser = sign_in(clerk)
    page = browser.get(f"{DESK}{receipt.pk}/change/").content.decode()
    assert "Tiền chờ xử lý" in page and "Phải thu tiền đóng" in page and "-2.574.720 đ" not in page
    assert b"".join(browser.get(f"{DESK}{receipt.pk}/tep/1/").streaming_content).startswith(b"%PDF")
    assert browser.get(f"{DESK}{receipt.pk}/tep/2/").status_code == 404
    read = AccessLog.objects.filter(user=clerk, about=receipt.code).values_list("what", flat=True)
    assert set(read) == {"receipt", "receipt pdf 1"}
    for address in ("change/", "tep/1/"):
        assert sign_in(other_clerk).get(f"{DESK}{receipt.pk}/{address}").status_code == 404


def _exported(browser: Client, status: int = 200, **said: str) -> bytes:
    today = f"{timezone.localdate():%d/%m/%Y}"
    sent = {"from_day": today, "to_day": today, "office": "cam-ranh", "kind": "csv", **said}
    answer: Any = browser.post(f"{DESK}xuat/", sent)
    assert answer.status_code == status
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_an_export_has_every_number_of_the_series_with_what_became_of_it(
    receipt: Receipt, supervisor: User, sign_in: SignIn
) -> None:
    counter = cancelled(receipt, supervisor, payer="=1+1")
    browser = sign_in(supervisor)
    _head, *lines = csv.reader(io.StringIO(_exported(browser).decode("utf-8-sig")))
    assert [line[2] for line in lines] == ["1", "2", "3"]
    assert [line[10] for line in lines] == ["Đã hủy", "", "Có giá trị"]
    assert [line[11] for line in lines] == [counter.code, receipt.code, ""]
    assert lines[2][6] == "'=1+1"
    book = CalamineWorkbook.from_filelike(io.BytesIO(_exported(browser, kind="xlsx")))
    sums = {row[0]: row[1] for row in book.get_sheet_by_name("Tổng hợp").to_python() if len(row) > 1}
    assert (sums["Biên lai có giá trị"], sums["Biên lai đã hủy"]) == (2_574_720, 2_574_720)
    assert AccessLog.objects.filter(what="receipts export csv").exists()


@pytest.mark.parametrize(
    "said",
    [{"office": "ninh-hoa"}, {"office": ""}, {"kind": "pdf"}, {"from_day": "x"}, {"from_day": "01/01/2001"}],
)
def test_an_export_that_cannot_be_is_explained_on_the_form(
    said: dict[str, str], clerk: User, sign_in: SignIn
) -> None:
    assert 'id="refused"' in _exported(sign_in(clerk), status=422, **said).decode()


# --- At the same moment --------------------------------------------------------------------------


def _issue_at_once(count: int, again: int = 0) -> list[Any]:

    payer = demo.citizen(demo.person(random.Random(3), "22429"))
    orders = [paid(order_of(payer)) for _n in range(count)]
    orders += orders[:again]
    results = at_once(*[lambda o=o: receipts.issue(o, now=timezone.now()) for o in orders])
    return [result if isinstance(result, Exception) else result.number for result in results]


@pytest.mark.django_db(transaction=True)
def test_eight_orders_paid_at_once_get_eight_numbers_without_a_gap_or_a_double() -> None:
    numbers = _issue_at_once(8, again=1)
    assert sorted(numbers[:8]) == list(range(1, 9))
    assert numbers[8] == numbers[0], "an order paid twice has one receipt"
    assert ReceiptSeries.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_only_the_database_keeps_two_from_one_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cam_ranh = Office.objects.get(slug="cam-ranh")
    ReceiptSeries.objects.create(office=cam_ranh, year=timezone.localdate().year)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
    meeting, save = Meeting(), Receipt.save
    monkeypatch.setattr(Receipt, "save", lambda *args, **more: (meeting.wait(), save(*args, **more))[1])
    numbers = _issue_at_once(2)
    assert any(isinstance(number, IntegrityError) for number in numbers)
    assert list(Receipt.objects.values_list("number", flat=True)) == [1]


@pytest.mark.django_db(transaction=True)
def test_two_supervisors_who_cancel_at_once_make_one_document() -> None:

    payer = demo.citizen(demo.person(random.Random(3), "22429"))
    made = receipts.issue(paid(order_of(payer)), now=timezone.now())
    people = [_staff("cam-ranh", "supervisor", "Trần Quốc Sơn")]
    office = people[0].staff.office
    people.append(demo.staff("khac", "Lý Thị Mai", office, "supervisor", password="x"))
    results = at_once(
        *[
            lambda p=p: receipts.cancel(
                Receipt.objects.get(pk=made.pk),
                "Sai",
                actor=User.objects.get(pk=p.pk),
                key="k",
                now=timezone.now(),
            )
            for p in people
        ]
    )
    assert {type(result) for result in results} == {Receipt, MoveRefused}, results
    assert list(Receipt.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
