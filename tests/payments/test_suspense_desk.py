"""Statements are uploaded, shown and taken in; money that found no order is decided about by people."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments.models import (
    ContributionOrder,
    PaymentOrder,
    Posting,
    StatementFile,
    StatementLine,
    SuspenseItem,
    SuspenseReturn,
)
from payments.statements import suspense
from portal.models import AccessLog, User
from tests.payments import statements as bank
from tests.payments.statements import Paid

pytestmark = pytest.mark.django_db

FILES = "/quan-tri/payments/statementfile/"
DESK = "/quan-tri/payments/suspenseitem/"


def _browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _upload(client: Client, data: bytes, name: str = "sao-ke.xml", **said: Any) -> Any:
    form = {"tai-khoan": str(bank.account().pk), "tep": SimpleUploadedFile(name, data), **said}
    return client.post(f"{FILES}tai-len/", form)


@pytest.fixture
def item(clerk: User, citizen: User) -> SuspenseItem:
    """150,000 for an order of 100,000."""
    bank.order(1, 100_000, payer=citizen)
    bank.order(2, 30_000, payer=citizen)
    bank.take(bank.camt([Paid("B1", 150_000, "KH00000000001", "TRAN VAN AN")]), actor=clerk)
    return SuspenseItem.objects.select_related("line").get()


def _do(user: User, item: SuspenseItem, doing: str, **said: Any) -> Any:
    return _browser(user).post(f"{DESK}{item.pk}/viec/{doing}/", {"key": "k", **said})


# --- Upload --------------------------------------------------------------------------------------


def test_a_file_is_shown_before_it_is_taken_in(clerk: User, citizen: User) -> None:
    bank.order(1, payer=citizen)
    client = _browser(clerk)
    response = _upload(client, bank.camt([Paid("B1", 804_600, "KH00000000001"), Paid("B2", 5_000)]))
    assert response.status_code == 303
    page = client.get(response["Location"]).content.decode()
    assert "Đơn được nộp đủ: 1" in page
    assert not StatementLine.objects.exists()
    file = StatementFile.objects.get()
    for _time in range(2):  # pressed twice
        assert client.post(f"{FILES}{file.pk}/nhap/").status_code == 303
    page = client.get(response["Location"]).content.decode()
    assert "KH00000000001" in page
    assert StatementLine.objects.count() == 2
    assert ContributionOrder.objects.get().state == "paid"
    assert AccessLog.objects.filter(what=f"bank statement {file.pk}").count() == 2


def test_a_bad_file_is_told_row_by_row_and_not_kept(clerk: User) -> None:
    bank.mapping()
    data = (bank.HEADER + "\n15/07/2021;FT1;;804.600;AN;KH1\n15/07/2021;;;80.46;AN;KH1\n").encode()
    response = _upload(_browser(clerk), data, name="sao-ke.csv")
    assert response.status_code == 422
    assert "<td>3</td>" in response.content.decode()
    assert not StatementFile.objects.exists()


def test_an_account_of_another_office_cannot_be_chosen(clerk: User) -> None:
    other = bank.account("9999999999", office="ninh-hoa")
    response = _upload(_browser(clerk), bank.camt([Paid("B1", 5)]), **{"tai-khoan": str(other.pk)})
    assert response.status_code == 422
    assert not StatementFile.objects.exists()


def test_nothing_and_too_much_are_refused(clerk: User, settings: Any) -> None:
    client = _browser(clerk)
    assert client.post(f"{FILES}tai-len/", {"tai-khoan": str(bank.account().pk)}).status_code == 422
    settings.MAX_UPLOAD_MB = 0
    assert _upload(client, bank.camt([Paid("B1", 5)])).status_code == 422


def test_the_pages_take_as_many_queries_for_many_lines_as_for_few(clerk: User, citizen: User) -> None:
    client = _browser(clerk)

    def queries(start: int, count: int) -> tuple[int, int]:
        lines = [Paid(f"B{n}", 5_000 + n, f"KH{n:011d}") for n in range(start, start + count)]
        for n in range(start, start + count, 2):
            bank.order(n, 5_000 + n, payer=citizen)
        file = bank.take(bank.camt(lines), actor=clerk)
        counts = []
        for path in (f"{FILES}{file.pk}/change/", DESK):
            client.get(path)
            with CaptureQueriesContext(connection) as captured:
                assert client.get(path).status_code == 200
            counts.append(len(captured))
        return counts[0], counts[1]

    assert queries(1, 4) == queries(100, 30)


# --- Split ---------------------------------------------------------------------------------------


def test_the_desk_suggests_what_the_money_may_be_for(clerk: User, item: SuspenseItem) -> None:
    page = _browser(clerk).get(f"{DESK}{item.pk}/change/").content.decode()
    assert "KH00000000001" in page
    assert 'value="100000"' in page
    assert AccessLog.objects.filter(what=f"suspense item {item.pk}").count() == 1


@pytest.mark.parametrize(
    ("text", "payer", "amount"),
    [("KH00000000007", "", 1), ("KH0000000001", "", 1), ("", "as written", 1), ("", "", 100_000)],
)
def test_orders_of_like_reference_payer_or_amount_are_suggested(
    text: str, payer: str, amount: int, clerk: User, citizen: User
) -> None:
    from portal.text import bank_name

    wanted = bank.order(1, 100_000, payer=citizen)
    name = bank_name(citizen.full_name) if payer else ""
    bank.take(bank.camt([Paid("B1", amount, text, name), Paid("B2", amount, "", name)]), actor=clerk)
    found = suspense.suggestions(SuspenseItem.objects.get(line__reference="B1"))
    assert [suggestion.order for suggestion in found] == [wanted]


def test_money_is_split_between_orders_once(clerk: User, item: SuspenseItem) -> None:
    parts = {"don-1": "kh 00000000001", "tien-1": "100.000", "don-2": "KH00000000002", "tien-2": "30000"}
    for _time in range(2):  # pressed twice
        assert _do(clerk, item, "chia", **parts).status_code == 303
    item.refresh_from_db()
    assert item.left == 20_000
    assert set(ContributionOrder.objects.values_list("state", flat=True)) == {"paid"}
    assert bank.balances() == {"bank": 150_000, "suspense": -20_000, "fund": -130_000}
    assert item.steps.count() == 1


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"don-1": "KH00000000001", "tien-1": "nhiều"},
        {"don-1": "KH00000000001", "tien-1": "0"},
        {"don-1": "KH00000000001", "tien-1": "100001"},
        {"don-1": "KH00000000009", "tien-1": "1"},
        {"don-1": "KH00000000001", "tien-1": "100000", "don-2": "KH00000000002", "tien-2": "60000"},
        {"don-1": "KH00000000001", "tien-1": "1", "don-2": "KH00000000001", "tien-2": "1"},
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_typed_is_lost(
    parts: dict[str, str], clerk: User, item: SuspenseItem
) -> None:
    before = bank.balances()
    response = _do(clerk, item, "chia", **parts)
    assert response.status_code == 422
    page = response.content.decode()
    assert all(f'value="{typed}"' in page for typed in parts.values())
    assert bank.balances() == before


def test_an_order_that_has_expired_takes_no_money(clerk: User, item: SuspenseItem) -> None:
    ContributionOrder.objects.filter(reference="KH00000000001").update(state="expired")
    assert _do(clerk, item, "chia", **{"don-1": "KH00000000001", "tien-1": "100000"}).status_code == 422


@pytest.mark.parametrize(("person", "status"), [("other_clerk", 404), ("director", 403), ("stranger", 302)])
def test_others_do_not_decide(
    person: str, status: int, item: SuspenseItem, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(person)
    response = _do(user, item, "chia", **{"don-1": "KH00000000001", "tien-1": "100000"})
    assert response.status_code in {status, 403}
    assert not item.steps.exists()


# --- Send back -----------------------------------------------------------------------------------

BACK = {
    "tien": "50.000",
    "nguoi-nhan": "Trần Văn An",
    "ngan-hang": "970436",
    "so-tai-khoan": "0071000123456",
}


def test_money_goes_back_when_another_person_has_approved(
    clerk: User, supervisor: User, item: SuspenseItem
) -> None:
    for _time in range(2):
        assert _do(clerk, item, "tra-lai", **BACK).status_code == 303
    back = SuspenseReturn.objects.get()
    item.refresh_from_db()
    assert (item.left, back.payee, back.account_number) == (100_000, "TRAN VAN AN", "0071000123456")
    assert not PaymentOrder.objects.exists()
    assert _do(clerk, item, "duyet", so=back.pk, key="d").status_code == 422
    for _time in range(2):
        assert _do(supervisor, item, "duyet", so=back.pk, key="d").status_code == 303
    paid = PaymentOrder.objects.get()
    assert (paid.amount, paid.document_kind, paid.document_id) == (50_000, "suspensereturn", back.pk)
    assert bank.balances() == {
        "bank": 150_000,
        "receivable": 130_000,
        "refunds": -50_000,
        "suspense": -100_000,
        "fund": -130_000,
    }


def test_a_declined_return_is_at_the_desk_again(clerk: User, supervisor: User, item: SuspenseItem) -> None:
    _do(clerk, item, "tra-lai", **BACK)
    back = SuspenseReturn.objects.get()
    assert _do(supervisor, item, "khong-duyet", so=back.pk, key="d").status_code == 422
    said = {"so": back.pk, "key": "e", "ly-do": "Chưa xác minh"}
    assert _do(supervisor, item, "khong-duyet", **said).status_code == 303
    item.refresh_from_db()
    assert item.left == 150_000
    assert not Posting.objects.filter(kind="sent_back").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"tien": "150001"}, {"tien": "x"}, {"nguoi-nhan": ""}, {"ngan-hang": ""}, {"so-tai-khoan": "12"}],
)
def test_a_return_needs_an_amount_a_name_a_bank_and_an_account(
    wrong: dict[str, str], clerk: User, item: SuspenseItem
) -> None:
    assert _do(clerk, item, "tra-lai", **{**BACK, **wrong}).status_code == 422
    assert not SuspenseReturn.objects.exists()


def test_the_database_refuses_one_person_for_both(clerk: User, item: SuspenseItem) -> None:
    _do(clerk, item, "tra-lai", **BACK)
    with pytest.raises(IntegrityError), transaction.atomic():
        SuspenseReturn.objects.update(state="sent", decided_by=clerk, decided_at=timezone.now())


@pytest.mark.parametrize(("result", "owed"), [("paid", 0), ("rejected", 0)])
def test_what_the_bank_says_of_it_is_noted_and_money_it_did_not_pay_is_at_the_desk_again(
    result: str, owed: int, clerk: User, supervisor: User, item: SuspenseItem
) -> None:
    _do(clerk, item, "tra-lai", **BACK)
    _do(supervisor, item, "duyet", so=SuspenseReturn.objects.get().pk, key="d")
    order = PaymentOrder.objects.get()
    order.state, order.reason = result, "AC01"
    order.save()
    for _time in range(2):
        suspense.note_payment(order)
    item.refresh_from_db()
    back = SuspenseReturn.objects.get()
    if result == "paid":
        assert (back.state, item.left) == ("paid", 100_000)
        return
    assert (back.state, back.reason, item.left) == ("failed", "AC01", 150_000)
    assert bank.balances()["suspense"] == -150_000
    assert "refunds" not in bank.balances()
