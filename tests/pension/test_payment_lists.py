import io
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from python_calamine import CalamineWorkbook

from pension import pay_lists
from pension.models import PaymentLine, PaymentList, PaymentResult
from portal import outbox
from portal.models import AccessLog, OutboxMessage, User
from procedures import paying
from procedures.workflow import MoveRefused
from tests.pension.rosters import MONTH, by_account, closed, row, taken
from tests.threads import at_once

LISTS = "/quan-tri/pension/paymentlist/"


@pytest.fixture
def listed(clerk: User) -> PaymentList:
    taken(
        [row("5600000001"), row("5600000002", point="Bưu cục Cam Phúc"), by_account("5600000003"),
         row("5600000004", recipient="Phan Thị Lệ", until="31/12/2021")],
        actor=clerk,
    )  # fmt: skip
    return closed(clerk)


def _sheet(answer: Any) -> list[list[Any]]:
    """The rows of a workbook that was sent."""
    return CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who takes lists for the bank."""
    monkeypatch.setitem(outbox.handlers, pay_lists.PAY, lambda message: None)


def test_a_list_is_closed_with_its_control_totals(clerk: User, client: Client) -> None:
    taken([row("5600000001"), by_account("5600000002", amount="3000000")], actor=clerk)
    client.force_login(clerk)
    assert "08/2021" in client.get(f"{LISTS}chot/").content.decode()
    for _time in range(2):  # pressed twice
        assert client.post(f"{LISTS}chot/", {"month": "08/2021", "key": "k"}).status_code == 303
    made = PaymentList.objects.get()
    assert (made.rows, made.cash_rows, made.account_rows) == (2, 1, 1)
    assert (made.total, made.cash_total, made.account_total) == (7_500_000, 4_500_000, 3_000_000)
    assert pay_lists.verify(made)
    page = client.get(f"{LISTS}{made.pk}/change/").content.decode()
    assert made.digest in page
    assert "4700201001234" not in page and "234" in page  # masked
    assert AccessLog.objects.filter(what="payment list").exists()
    assert client.post(f"{LISTS}chot/", {"month": "08/2021", "key": "k2"}).status_code == 422


def test_an_authorised_recipient_is_paid(listed: PaymentList) -> None:
    assert listed.lines.get(beneficiary__insurance_number="5600000004").payee == "PHAN THỊ LỆ"


def test_cash_lists_go_to_the_paying_points(listed: PaymentList, clerk: User, client: Client) -> None:
    client.force_login(clerk)
    sheet = _sheet(client.get(f"{LISTS}{listed.pk}/tien-mat/", {"diem": "Bưu cục Cam Phúc"}))
    assert [line[3] for line in sheet[3:]] == ["5600000002"]
    assert len(_sheet(client.get(f"{LISTS}{listed.pk}/tien-mat/"))) == 6
    assert _sheet(client.get(f"{LISTS}{listed.pk}/tai-khoan/"))[3][5] == "•••• 1234"


def test_another_person_releases_the_list_to_the_bank(
    listed: PaymentList, bank: Any, clerk: User, supervisor: User, client: Client
) -> None:
    client.force_login(clerk)
    assert client.post(f"{LISTS}{listed.pk}/chuyen/").status_code == 422
    assert not list(pay_lists.pay_rows(listed.pk))  # not before it is released
    client.force_login(supervisor)
    for _time in range(2):
        assert client.post(f"{LISTS}{listed.pk}/chuyen/").status_code == 303
    assert OutboxMessage.objects.get(topic=pay_lists.PAY).payload == {"list": listed.pk}
    (paid,) = paying.lists["pension"](listed.pk)
    assert (paid.bank_bin, paid.account_number, paid.amount) == ("970405", "4700201001234", 4_500_000)
    assert paid.payee == "LE THI CUC"


def test_the_database_refuses_that_one_person_closes_and_releases(listed: PaymentList, clerk: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentList.objects.filter(pk=listed.pk).update(released_by=clerk, released_at=listed.closed_at)


@pytest.mark.parametrize("table", ["paymentlist", "paymentline", "paymentresult"])
def test_a_closed_list_does_not_change(table: str, listed: PaymentList) -> None:
    paying.results["pension"](listed.lines.get(method="account").pk, True, "")
    for sql in (f"UPDATE pension_{table} SET id = id + 1", f"DELETE FROM pension_{table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    line = listed.lines.get(position=1)
    line.pk, line.position = None, 99
    with pytest.raises(DatabaseError), transaction.atomic():
        line.save(force_insert=True)


def test_what_somebody_changed_behind_the_triggers_shows(listed: PaymentList) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE pension_paymentline DISABLE TRIGGER USER")
        cursor.execute("UPDATE pension_paymentline SET payee = 'AI KHÁC' WHERE position = 1")
        cursor.execute("ALTER TABLE pension_paymentline ENABLE TRIGGER USER")
    assert not pay_lists.verify(listed)


def test_what_the_bank_sends_back_is_paid_in_cash_on_a_second_list(
    listed: PaymentList, clerk: User, client: Client
) -> None:
    failed = listed.lines.get(method="account")
    for _time in range(2):  # told twice
        paying.results["pension"](failed.pk, False, "Tài khoản đã đóng")
    assert PaymentResult.objects.count() == 1
    second = closed(clerk, key="again")
    (line,) = second.lines.all()
    assert (second.number, line.method, line.follows, line.amount) == (2, "cash", failed, failed.amount)
    with pytest.raises(MoveRefused):
        closed(clerk, key="third")
    client.force_login(clerk)
    assert "Tài khoản đã đóng" in client.get(f"{LISTS}{listed.pk}/change/").content.decode()


def test_lists_of_other_offices_are_not_seen(
    listed: PaymentList, other_clerk: User, director: User, client: Client
) -> None:
    for user, status in ((other_clerk, 404), (director, 200)):
        client.force_login(user)
        assert client.get(f"{LISTS}{listed.pk}/change/").status_code == status
        answer = client.get(f"{LISTS}{listed.pk}/tien-mat/")
        assert answer.status_code == status
        assert answer.getvalue()
    assert client.get(f"{LISTS}chot/").status_code == 403


def test_two_who_close_at_once_close_one_list(clerk: User, supervisor: User, transactional_db: None) -> None:
    taken([row("5600000001")], actor=clerk)

    def close(user: User) -> Any:
        try:
            return closed(user)
        except MoveRefused as refused:
            return str(refused)

    at_once(lambda: close(clerk), lambda: close(supervisor))
    assert PaymentList.objects.count() == 1
    assert PaymentLine.objects.filter(list__month=MONTH).count() == 1
