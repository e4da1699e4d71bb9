"""Orders under real concurrency: a button pressed twice, and money that comes as an order ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from payments import contributions, drafts, ledger
from payments.contributions import OrderClosed
from payments.models import Account, ContributionDraft, ContributionOrder, Entry, Posting
from portal import outbox
from portal.models import OutboxMessage, User
from tests.payments import ordering
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox.handlers, "payments.receipt", lambda _message: None)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *a, **k: self)


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    return ordering.ordered(citizen)


def endings(order: ContributionOrder) -> list[Callable[[], Any]]:
    """Three ways for an order to end."""
    return [
        lambda: contributions.settle(order.pk, order.amount, line=None, key="line:1", now=NOW),
        lambda: contributions.expire(order.pk, now=NOW + timedelta(days=30)),
        lambda: contributions.cancel(ContributionOrder.objects.get(pk=order.pk), actor=order.payer, now=NOW),
    ]


def meet_at_the_state(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Everybody who has read the order waits until the others have, or cannot."""
    meeting, locked = Meeting(parties), contributions.locked

    def read(order_id: int) -> ContributionOrder:
        order = locked(order_id)
        meeting.wait()
        return order

    monkeypatch.setattr(contributions, "locked", read)


def test_an_order_that_is_paid_expired_and_cancelled_at_once_ends_once(
    order: ContributionOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_at_the_state(monkeypatch, 3)
    results = at_once(*endings(order))
    order.refresh_from_db()
    assert order.state in {"paid", "expired", "cancelled"}
    kinds = sorted(Posting.objects.values_list("kind", flat=True))
    assert kinds == ["ordered", "settled" if order.state == "paid" else "withdrawn"], results
    assert ledger.balance(Account.RECEIVABLE) == 0
    assert order.paid == (order.amount if order.state == "paid" else 0)


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_an_order_ends_twice(
    order: ContributionOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    meet_at_the_state(monkeypatch, 2)
    at_once(*endings(order)[:2])
    assert Posting.objects.count() == 3
    assert ledger.balance(Account.RECEIVABLE) != 0


def test_one_line_that_settles_twice_at_once_is_posted_once(order: ContributionOrder) -> None:
    pay = endings(order)[0]
    results = at_once(pay, pay, pay)
    assert not [r for r in results if isinstance(r, Exception)], results
    assert Posting.objects.filter(kind="settled").count() == 1
    assert OutboxMessage.objects.filter(topic="payments.receipt").count() == 1


def test_two_lines_that_pay_an_order_at_once_pay_it_once(order: ContributionOrder) -> None:
    results = at_once(
        *[
            lambda key=key: contributions.settle(order.pk, order.amount, line=None, key=key, now=NOW)
            for key in ("line:1", "line:2")
        ]
    )
    assert [type(r) for r in results if isinstance(r, Exception)] == [OrderClosed], results
    order.refresh_from_db()
    assert order.paid == order.amount


def test_a_button_pressed_twice_orders_once(citizen: User) -> None:
    ordering.account()
    draft = ordering.household_draft(citizen)
    seen = ordering.seen(draft)

    def press() -> ContributionOrder:
        mine = ContributionDraft.objects.select_related("owner", "order").get(pk=draft.pk)
        return drafts.order(mine, seen=seen, now=timezone.now())

    results = at_once(press, press, press)
    assert len({order.reference for order in results}) == 1, results
    assert ContributionOrder.objects.count() == 1 and Entry.objects.count() == 2


def test_two_beginnings_at_once_give_one_draft(citizen: User) -> None:
    results = at_once(*[lambda: drafts.start(citizen, "household", "renew")] * 3)
    assert len({draft.code for draft in results}) == 1, results
