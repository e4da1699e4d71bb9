"""Statements in any order, again and again, at the same moment: nothing is lost and nothing doubled."""

import random
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from payments.models import (
    ContributionOrder,
    OfficeAccount,
    Posting,
    Settlement,
    StatementFile,
    StatementLine,
    SuspenseItem,
)
from payments.statements import taking
from payments.statements.lines import FileRefused
from portal.models import User
from tests.conftest import _staff
from tests.payments import statements as bank
from tests.payments.statements import Paid
from tests.threads import at_once

_AMOUNT = 804_600


def _orders(count: int, payer: User) -> None:
    """Open orders, as many at once as there are."""
    account, now = bank.account(), timezone.now()
    ContributionOrder.objects.bulk_create(
        ContributionOrder(
            reference=f"KH{number:011d}",
            product="household",
            kind="register",
            office=account.office,
            account=account,
            payer=payer,
            payer_name=payer.full_name,
            amount=_AMOUNT,
            quote={},
            made_at=now,
            expires_at=now,
            key=f"t{number}",
        )
        for number in range(1, count + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_a_thousand_orders_against_shuffled_doubled_and_torn_statements_in_threads() -> None:
    """Each booking stands in about three of twelve files; some files are torn, some are sent twice."""
    clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
    _orders(1000, bank.citizen())
    chance = random.Random(20210715)
    bookings = [Paid(f"FT{n}", _AMOUNT, f"nop tien kh {n:011d} bhyt") for n in range(1, 1001)]
    bookings += [Paid(f"LA{n}", 10_000 + n, "khong ro") for n in range(1, 51)]
    files: list[list[Paid]] = [[] for _file in range(12)]
    for booking in bookings:
        for place in {chance.randrange(12) for _time in range(3)}:
            files[place].append(booking)
    for lines in files:
        chance.shuffle(lines)
    whole = [bank.camt(lines, message=f"M{n}") for n, lines in enumerate(files)]
    torn = [data[: len(data) // 2] for data in whole[:3]]
    wrong = [whole[3].replace(b"Ccy='VND'>804600.00", b"Ccy='USD'>804600.00", 1)]
    sent = [*whole, *torn, *wrong, *chance.sample(whole, 6)]
    chance.shuffle(sent)
    results = at_once(*[lambda part=sent[n::4]: [_sent(data, clerk) for data in part] for n in range(4)])
    assert all(isinstance(result, list) for result in results), results
    told = [state for result in results for state in result]
    assert told.count("torn") == 4
    assert told.count("taken") == 18
    assert StatementLine.objects.count() == 1050
    assert ContributionOrder.objects.filter(state="paid", paid=_AMOUNT).count() == 1000
    assert Settlement.objects.count() == 1000
    assert SuspenseItem.objects.count() == 50
    lost = sum(booking.amount for booking in bookings) - 1000 * _AMOUNT
    assert bank.balances() == {
        "bank": 1000 * _AMOUNT + lost,
        "receivable": -1000 * _AMOUNT,
        "suspense": -lost,
    }


def _sent(data: bytes, clerk: User) -> str:
    try:
        return str(bank.take(data, actor=User.objects.get(pk=clerk.pk)).state)
    except FileRefused:
        return "torn"


# --- Any order, any replay -----------------------------------------------------------------------

_BOOKINGS = st.lists(
    st.tuples(
        st.integers(1, 4),  # the order that is named; 4 is none
        st.sampled_from([100_000, 60_000, 40_000, 150_000]),
    ),
    min_size=1,
    max_size=7,
)


def _outcome() -> Any:
    """Orders, suspense and ledger, without numbers of rows."""
    orders = list(ContributionOrder.objects.order_by("reference").values_list("reference", "state", "paid"))
    waiting = SuspenseItem.objects.values_list("order__reference", "reason", "left")
    return orders, sorted(waiting, key=str), bank.balances(), Posting.objects.count()


class AnyOrder(TestCase):
    """Each example is undone: a savepoint around every one."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
        _orders(3, bank.citizen())
        ContributionOrder.objects.update(amount=100_000)

    def _played(self, files: list[list[Paid]]) -> Any:
        point = transaction.savepoint()
        for number, lines in enumerate(files):
            bank.take(bank.camt(lines, message=f"M{number}"), actor=self.clerk)
        found = _outcome()
        transaction.savepoint_rollback(point)
        return found

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_BOOKINGS, st.randoms(use_true_random=False))
    def test_the_order_of_lines_and_files_does_not_matter(
        self, made: list[tuple[int, int]], chance: random.Random
    ) -> None:
        lines = [Paid(f"B{n}", amount, f"KH{order:011d}") for n, (order, amount) in enumerate(made)]
        mixed = chance.sample(lines, len(lines))
        cut = chance.randrange(len(lines) + 1)
        files = [part for part in (mixed[:cut], mixed[cut:]) if part]
        alone = self._played([lines])
        assert self._played([mixed]) == alone
        assert self._played(files) == alone

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_BOOKINGS)
    def test_a_replay_changes_nothing(self, made: list[tuple[int, int]]) -> None:
        lines = [Paid(f"B{n}", amount, f"KH{order:011d}") for n, (order, amount) in enumerate(made)]
        once = self._played([lines])
        assert self._played([lines, lines, lines[::-1], lines[:1]]) == once


# --- At the same moment --------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_same_file_taken_in_by_two_at_once_counts_once() -> None:
    clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
    _orders(2, bank.citizen())
    data = bank.camt([Paid("B1", _AMOUNT, "KH00000000001"), Paid("B2", 5)])
    file, _new = taking.check("a.xml", data, bank.account(), actor=clerk, now=timezone.now())
    results = at_once(
        *[lambda: taking.take(StatementFile.objects.get(pk=file.pk), now=timezone.now()) for _ in range(3)]
    )
    assert {result.state for result in results} == {"taken"}, results
    assert Posting.objects.count() == 3
    assert OfficeAccount.objects.count() == 1
    assert connection.is_usable()
