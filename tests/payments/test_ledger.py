"""The ledger balances, keeps what it has, and counts a key once: because the database says so."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import journal, ledger
from payments.ledger import Line
from payments.models import Account, ContributionOrder, Entry, Posting
from portal.models import User
from procedures.models import Office
from tests.payments import money

pytestmark = pytest.mark.django_db
ONE = Decimal(1)


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    return money.order(citizen)


def _post(order: ContributionOrder, lines: list[Line], key: str = "k") -> Posting:
    return ledger.post("x", lines, office=order.office, document=order, key=key, now=timezone.now())


# --- It balances ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line(Account.FUND, ONE)],
        [Line(Account.FUND, ONE), Line(Account.SUSPENSE, ONE)],
        [Line(Account.FUND, ONE), Line(Account.SUSPENSE, -2 * ONE)],
        [Line(Account.FUND, Decimal(0)), Line(Account.SUSPENSE, Decimal(0))],
    ],
)
def test_lines_that_do_not_balance_or_move_nothing_are_refused(
    order: ContributionOrder, lines: list[Line]
) -> None:
    with pytest.raises(ValueError, match="do not balance"):
        _post(order, lines)


def _bare(order: ContributionOrder, *amounts: int) -> None:
    """A posting written past ``ledger.post``."""
    posting = Posting.objects.create(
        office=order.office,
        kind="x",
        document_kind="contributionorder",
        document_id=order.pk,
        key="bare",
        posted_at=timezone.now(),
    )
    for amount in amounts:
        Entry.objects.create(posting=posting, account=Account.FUND, amount=Decimal(amount))


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (5, -5, 1)])
def test_the_database_refuses_at_commit_a_posting_that_does_not_sum_to_zero(
    order: ContributionOrder, amounts: tuple[int, ...]
) -> None:
    with transaction.atomic():
        _bare(order, *amounts)
        with pytest.raises(IntegrityError, match="entries that sum to"):
            money.check_now()
        transaction.set_rollback(True)
    assert not Posting.objects.filter(key="bare").exists()


def test_until_then_entries_may_come_one_by_one(order: ContributionOrder) -> None:
    _bare(order, 5, 7, -12)
    money.check_now()
    assert Posting.objects.get(key="bare").entries.count() == 3


def test_an_entry_added_later_would_unbalance_its_posting_and_is_refused(order: ContributionOrder) -> None:
    money.check_now()
    posting = Posting.objects.get()
    with transaction.atomic():
        Entry.objects.create(posting=posting, account=Account.FUND, amount=ONE)
        with pytest.raises(IntegrityError, match="entries that sum to"):
            money.check_now()
        transaction.set_rollback(True)


def test_an_entry_of_nothing_is_refused(order: ContributionOrder) -> None:
    with pytest.raises(IntegrityError, match="entry_moves_money"), transaction.atomic():
        _bare(order, 0, 0)


def test_bank_money_names_its_account_and_nothing_else_does(order: ContributionOrder) -> None:
    account = money.account()
    for lines in (
        [Line(Account.BANK, ONE), Line(Account.SUSPENSE, -ONE)],
        [Line(Account.FUND, ONE, account), Line(Account.SUSPENSE, -ONE)],
    ):
        with pytest.raises(IntegrityError, match="entry_of_a_bank_account"), transaction.atomic():
            _post(order, lines)


# --- It keeps what it has ------------------------------------------------------------------------


@pytest.mark.parametrize("model", [Posting, Entry])
def test_nothing_in_the_ledger_is_changed_or_deleted(order: ContributionOrder, model: Any) -> None:
    money.check_now()
    table = model._meta.db_table
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert model.objects.exists()


# --- It counts once ------------------------------------------------------------------------------


def test_the_same_key_gives_the_posting_of_the_first_time(order: ContributionOrder) -> None:
    lines = ledger.transfer(ONE, debit=Account.FUND, credit=Account.SUSPENSE)
    first, again = _post(order, lines), _post(order, lines)
    assert first == again
    assert first.entries.count() == 2
    assert ledger.balance(Account.SUSPENSE) == -1


def test_a_document_finds_its_postings_in_order(order: ContributionOrder) -> None:
    money.pay(order, 804_600)
    assert [p.kind for p in ledger.postings_of(order)] == ["ordered", "received", "settled"]


# --- Whatever is posted --------------------------------------------------------------------------

SLUGS = ("cam-ranh", "ninh-hoa", "khanh-hoa")
AMOUNTS = st.integers(-(10**14), 10**14).filter(bool)
POSTED = st.tuples(
    st.sampled_from(SLUGS),
    st.lists(st.tuples(st.sampled_from(list(Account)), AMOUNTS), min_size=1, max_size=5),
    st.sampled_from(list(Account)),
    st.integers(0, 9),
)


@pytest.fixture
def orders(citizen: User) -> dict[str, ContributionOrder]:
    return {slug: money.order(citizen, slug=slug) for slug in SLUGS}


def _whole(lines: list[tuple[Account, int]], last: Account, slug: str) -> list[Line]:
    """Lines that balance: whatever the first ones leave goes to ``last``."""
    rest = -sum(amount for _account, amount in lines)
    bank = money.account(slug)
    return [
        Line(account, Decimal(amount), bank if account == Account.BANK else None)
        for account, amount in [*lines, (last, rest)]
    ]


@settings(
    max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(st.lists(POSTED, max_size=8))
def test_after_any_postings_every_office_sums_to_zero(
    orders: dict[str, ContributionOrder], postings: list[tuple[str, list[tuple[Account, int]], Account, int]]
) -> None:
    with transaction.atomic():
        for slug, lines, last, key in postings:
            whole = _whole(lines, last, slug)
            if sum(1 for line in whole if line.amount) >= 2:
                _post(orders[slug], whole, key=f"{slug}:{key}")
        money.check_now()
        told = journal.trial(journal.Selection(list(Office.objects.all())))
        assert told.holds
        assert {a: b.closing for a, b in told.accounts.items()} == {a: ledger.balance(a) for a in Account}
        for _office, balances in told.offices:
            assert sum(balance.closing for balance in balances.values()) == 0
        transaction.set_rollback(True)
