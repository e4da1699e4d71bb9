"""What the check of the ledger finds, on the command line and at night."""

import io
import logging
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from payments import verifying
from payments.models import Account, ContributionOrder, LedgerCheck, Posting
from payments.tasks import verify_ledger
from portal.models import Heartbeat, User
from tests.payments import money

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    """An order that is half paid."""
    order = money.order(citizen, 1_000_000)
    money.pay(order, 400_000)
    money.check_now()
    return order


def _said() -> str:
    """What the command says of a ledger that does not hold."""
    with pytest.raises(CommandError) as refused:
        call_command("verify_ledger")
    return str(refused.value)


def test_a_ledger_that_holds_is_told_so(order: ContributionOrder) -> None:
    paid, rejected = money.payment_order(state="paid"), money.payment_order(state="rejected")
    for owed in (paid, rejected):
        money.moved(owed, "refund_decided", Account.FUND, Account.REFUNDS, 500_000)
    money.moved(paid, "paid_out", Account.REFUNDS, Account.BANK, 500_000)
    money.moved(rejected, "paid_out", Account.REFUNDS, Account.BANK, 500_000)
    money.moved(rejected, "returned", Account.BANK, Account.RETURNED, 500_000)
    out = io.StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == "8 postings: all hold\n"


def test_an_empty_ledger_holds(db: None) -> None:
    assert verifying.problems() == []


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_an_order_that_was_withdrawn_holds_once_its_charge_is_taken_back(citizen: User, state: str) -> None:
    order = money.order(citizen, 1_000_000)
    ContributionOrder.objects.filter(pk=order.pk).update(state=state)
    assert f"{order.reference}: " in _said()
    money.moved(order, "withdrawn", Account.FUND, Account.RECEIVABLE, 1_000_000)
    assert verifying.problems() == []


def test_an_amount_changed_behind_the_guards_is_named_by_posting_office_and_order(
    order: ContributionOrder,
) -> None:
    posting = Posting.objects.get(kind="settled")
    money.unguarded(
        "UPDATE payments_entry SET amount = amount - 1 WHERE posting_id = %s AND amount < 0", posting.pk
    )
    said = _said()
    assert f"{posting.pk} (settled)" in said
    assert "BHXH thành phố Cam Ranh" in said
    assert "400000" in said and "400001" in said


def test_an_entry_deleted_behind_the_guards_is_found(order: ContributionOrder) -> None:
    posting = Posting.objects.get(kind="received")
    money.unguarded("DELETE FROM payments_entry WHERE posting_id = %s AND amount > 0", posting.pk)
    assert f"{posting.pk} (received)" in _said()


def test_a_posting_without_entries_is_found(order: ContributionOrder) -> None:
    posting = Posting.objects.get(kind="received")
    money.unguarded("DELETE FROM payments_entry WHERE posting_id = %s", posting.pk)
    assert f"{posting.pk} (received)" in _said()


def test_paid_that_the_ledger_never_received_is_found(order: ContributionOrder) -> None:
    ContributionOrder.objects.filter(pk=order.pk).update(paid=1_000_000, state="paid")
    said = _said()
    assert order.reference in said
    assert "1000000" in said and "400000" in said


def test_money_settled_that_the_order_does_not_show_is_found(order: ContributionOrder) -> None:
    ContributionOrder.objects.filter(pk=order.pk).update(paid=0)
    assert order.reference in _said()


def test_a_posting_of_a_document_that_is_gone_is_found(order: ContributionOrder) -> None:
    posting = Posting.objects.get(kind="ordered")
    money.unguarded("UPDATE payments_posting SET document_id = 999999 WHERE id = %s", posting.pk)
    assert "contributionorder 999999" in _said()


def test_a_posting_of_a_kind_of_document_nobody_knows_is_found(order: ContributionOrder) -> None:
    money.unguarded("UPDATE payments_posting SET document_kind = 'ghost' WHERE kind = 'received'")
    assert f"ghost {order.pk}" in _said()


def test_a_payment_order_that_is_paid_without_a_posting_is_found(db: None) -> None:
    paid = money.payment_order(state="paid")
    assert str(paid.pk) in _said()


def test_a_payment_order_that_left_the_bank_twice_is_found(db: None) -> None:
    paid = money.payment_order(state="paid")
    for _ in range(2):
        money.moved(paid, "paid_out", Account.REFUNDS, Account.BANK, 500_000)
    assert "1000000" in _said()


def test_a_payment_order_that_left_the_bank_and_is_not_paid_is_found(db: None) -> None:
    sent = money.payment_order(state="rejected")
    money.moved(sent, "paid_out", Account.REFUNDS, Account.BANK, 500_000)
    assert "500000" in _said()


def test_of_many_faults_of_one_kind_some_are_named(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verifying.checks, "refund", lambda: (f"refund {n}" for n in range(1000)))
    lines = verifying.problems()
    assert len(lines) == verifying.FEW + 1
    assert lines[0] == "refund 0"


def test_money_settled_that_never_came_in_is_found(citizen: User) -> None:
    order = money.order(citizen, 10_000)
    money.moved(order, "settled", Account.SUSPENSE, Account.RECEIVABLE, 10_000)
    ContributionOrder.objects.filter(pk=order.pk).update(paid=10_000, state="paid")
    assert verifying.problems() == ["tài khoản Tiền chờ xử lý: số dư sai bên, 10000"]


# --- At night ------------------------------------------------------------------------------------


def test_at_night_what_does_not_hold_is_logged_and_kept_and_the_job_reports(
    order: ContributionOrder, caplog: pytest.LogCaptureFixture
) -> None:
    ContributionOrder.objects.filter(pk=order.pk).update(paid=0)
    with caplog.at_level(logging.ERROR):
        verify_ledger()
    assert order.reference in caplog.text
    check = LedgerCheck.objects.get()
    assert check.postings == 3
    assert any(order.reference in line for line in check.problems)
    assert Heartbeat.objects.filter(name="verify-ledger").exists()


@pytest.mark.parametrize(
    ("person", "told"), [("clerk", False), ("supervisor", False), ("director", True), ("administrator", True)]
)
def test_who_leads_reads_on_every_page_that_the_ledger_does_not_hold(
    person: str, told: bool, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    LedgerCheck.objects.create(at=timezone.now(), postings=1, problems=["x"])
    page = sign_in(request.getfixturevalue(person)).get("/quan-tri/procedures/dossier/").content.decode()
    assert ('href="/quan-tri/payments/posting/">' in page.partition("Sổ cái không khớp")[2]) is told


def test_the_alarm_ends_with_the_next_check_that_is_clean(director: User, sign_in: SignIn) -> None:
    for problems in (["x"], []):
        LedgerCheck.objects.create(at=timezone.now(), postings=1, problems=problems)
    page = sign_in(director).get("/quan-tri/procedures/dossier/").content.decode()
    assert "Sổ cái không khớp" not in page
