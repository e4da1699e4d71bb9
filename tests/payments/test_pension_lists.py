"""Monthly lists reach payments through what the app beside it registered, and hear the results."""

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from payments import batches, ledger, payouts, results, verifying
from payments.models import Account, PaymentOrder
from portal import outbox
from portal.models import OutboxMessage, User
from procedures import paying
from procedures.paying import PayRow
from tests.paying import account_of, csv_of, director_of
from tests.posting import staff_of

pytestmark = pytest.mark.django_db

ROWS = [
    PayRow(7, "NGUYỄN VĂN AN", "970405", "4700201001234", Decimal(3_000_000), "Lương hưu tháng 8/2021"),
    PayRow(8, "TRẦN THỊ BÌNH", "970436", "0071001234567", Decimal(2_500_000), "Lương hưu tháng 8/2021"),
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool, str]]:
    """A list of two people, and what its keeper is told."""
    said: list[tuple[int, bool, str]] = []
    monkeypatch.setitem(paying.lists, "pension", lambda number: ROWS if number == 1 else ROWS[:1])
    monkeypatch.setitem(paying.results, "pension", lambda row, paid, why: said.append((row, paid, why)))
    return said


def queue(number: int, key: str) -> None:
    with transaction.atomic():
        outbox.enqueue("payments.pay_pension_list", key=key, list=number)
    outbox.drain()


def test_a_list_is_ordered_once_and_owed_in_the_ledger(told: list[tuple[int, bool, str]]) -> None:
    queue(1, "a")
    queue(1, "b")
    orders = list(PaymentOrder.objects.order_by("pk"))
    assert [(o.document_id, o.source, o.office.level) for o in orders] == [
        (7, "pension", "province"),
        (8, "pension", "province"),
    ]
    assert ledger.balance(Account.BENEFITS) == -5_500_000
    assert all(ledger.postings_of(order).count() == 1 for order in orders)


def test_the_keeper_of_the_list_hears_what_the_bank_said(told: list[tuple[int, bool, str]]) -> None:
    queue(1, "a")
    one, two = PaymentOrder.objects.order_by("pk")
    for order, state, why in ((one, "paid", ""), (two, "rejected", "tài khoản đã đóng")):
        order.state, order.reason, order.closed_at = state, why, timezone.now()
        order.save()
        with transaction.atomic():
            payouts.report(order)
    outbox.drain()
    assert told == [(7, True, ""), (8, False, "tài khoản đã đóng")]


@pytest.mark.parametrize("statuses", [("Từ chối",), ("Thành công", "Hoàn trả")])
def test_what_the_list_pays_in_cash_is_not_owed_any_more(
    statuses: tuple[str, ...], told: list[tuple[int, bool, str]]
) -> None:
    queue(2, "a")
    order = PaymentOrder.objects.get()
    clerk = _with_the_bank(order)
    for status in statuses:
        results.take_in("kq.csv", csv_of((order, status, "Sai tên")), actor=clerk, now=timezone.now())
        outbox.drain()
    with transaction.atomic():
        payouts.outcomes["pension"](PaymentOrder.objects.get())  # told twice
    assert told[-1] == (7, False, "Sai tên")
    accounts = (Account.BENEFITS, Account.RETURNED, Account.FUND, Account.BANK)
    assert [ledger.balance(account) for account in accounts] == [0, 0, 0, 0]
    assert not verifying.problems()


def _with_the_bank(order: PaymentOrder) -> User:
    """Bring the payment to the bank; returns a clerk of the province office, which pays."""
    clerk, supervisor = staff_of("khanh-hoa")
    account, now = account_of("khanh-hoa"), timezone.now()
    day = timezone.localdate(now)
    batch = batches.make(account, [order.pk], pay_on=day, actor=clerk, key="b", now=now)
    for actor in (supervisor, director_of("khanh-hoa")):
        batches.approve(batch, actor=actor, now=now)
    outbox.drain()
    batches.take(batch, "xml", actor=clerk, now=now)
    return clerk


def test_a_bank_nobody_knows_stops_the_list_where_it_is_seen(
    monkeypatch: pytest.MonkeyPatch, told: list[tuple[int, bool, str]]
) -> None:
    wrong = PayRow(9, "X", "000000", "123456", Decimal(1), "x")
    monkeypatch.setitem(paying.lists, "pension", lambda _number: [ROWS[0], wrong])
    queue(1, "a")
    assert not PaymentOrder.objects.exists()
    assert "000000" in OutboxMessage.objects.get(topic="payments.pay_pension_list").last_error
