"""Two workers post the same event at the same moment."""

import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from payments import ledger
from payments.models import Account, ContributionOrder, Entry, Posting
from procedures import demo
from tests.payments import money
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(transactional_db: None) -> ContributionOrder:
    with transaction.atomic():
        return money.order(demo.citizen(demo.person(random.Random(3), "22429")))


@pytest.fixture
def both_find_nothing(order: ContributionOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two who look for a posting until both have seen that there is none."""
    meeting, get = Meeting(), QuerySet.get

    def slow(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return get(self, *args, **kwargs)
        except Posting.DoesNotExist:
            meeting.wait()
            raise

    monkeypatch.setattr(QuerySet, "get", slow)


def _settle(order: ContributionOrder) -> Posting:
    lines = ledger.transfer(Decimal(804_600), debit=Account.SUSPENSE, credit=Account.RECEIVABLE)
    with transaction.atomic():
        return ledger.post(
            "settled", lines, office=order.office, document=order, key="line:1", now=timezone.now()
        )


@pytest.mark.usefixtures("both_find_nothing")
def test_without_looking_again_the_slower_one_would_fail(
    order: ContributionOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_then_write(self: Any, defaults: Any, **key: Any) -> Any:
        try:
            return self.get(**key), False
        except Posting.DoesNotExist:
            return self.create(**key, **defaults), True

    monkeypatch.setattr(QuerySet, "get_or_create", look_then_write)
    results = at_once(lambda: _settle(order), lambda: _settle(order))
    assert {type(result) for result in results} == {Posting, IntegrityError}


@pytest.mark.usefixtures("both_find_nothing")
def test_of_two_who_post_with_one_key_both_get_the_one_posting(order: ContributionOrder) -> None:
    one, other = at_once(lambda: _settle(order), lambda: _settle(order))
    assert one == other
    assert Posting.objects.filter(key="line:1").count() == 1
    assert Entry.objects.filter(posting=one).count() == 2
    assert ledger.balance(Account.RECEIVABLE) == 0


def test_two_halves_of_a_wrong_posting_from_two_sides_are_both_refused(order: ContributionOrder) -> None:
    posting = Posting.objects.get()

    def add(amount: int) -> Entry:
        return Entry.objects.create(posting=posting, account=Account.FUND, amount=Decimal(amount))

    results = at_once(lambda: add(5), lambda: add(-5))
    assert ledger.balance(Account.FUND) + ledger.balance(Account.RECEIVABLE) == 0
    assert any(isinstance(result, IntegrityError) for result in results)


def test_posting_belongs_into_the_transaction_of_what_causes_it(order: ContributionOrder) -> None:
    lines = ledger.transfer(Decimal(1), debit=Account.FUND, credit=Account.SUSPENSE)
    with pytest.raises(RuntimeError, match="inside the transaction"):
        ledger.post("x", lines, office=order.office, document=order, key="x", now=timezone.now())
    assert not Posting.objects.filter(key="x").exists()
