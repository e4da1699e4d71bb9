"""What the check of the ledger says of rows that somebody broke behind the guards, kind by kind."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.utils import timezone

from payments import order_returns, part_paid, receipts, verifying
from payments.models import ContributionOrder, PaymentOrder, StatementLine, SuspenseItem
from payments.statements import suspense, taking
from portal.models import User
from procedures.models import Bank, Dossier
from tests import paying, refunding
from tests.payments import money, ordering, statements, test_cash
from tests.payments.test_part_paid import asked, came_in, lapsed

pytestmark = pytest.mark.django_db
Broken = Callable[[str, str], None]
UNPAID = (
    "UPDATE payments_cashvoucher SET state = 'made', paid_by_id = NULL, paid_at = NULL, collected_by = ''"
)


@pytest.fixture
def broken() -> Broken:
    """Everything holds; then ``statement`` is run, and what is said holds ``words``."""

    def breaking(statement: str, words: str) -> None:
        assert verifying.problems() == []
        money.unguarded(statement)
        said = "\n".join(verifying.problems())
        assert words in said, said

    return breaking


# --- Refunds -------------------------------------------------------------------------------------


@pytest.fixture
def refund(clerk: User, supervisor: User, citizen: User) -> Dossier:
    dossier = refunding.filed(citizen)
    refunding.proposed(dossier, clerk)
    refunding.approved(dossier, supervisor)
    return dossier


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_refund SET amount = amount - 1", "hoàn trả"),
        ("UPDATE payments_refund SET state = 'proposed'", "quyết định 0"),
        ("UPDATE payments_paymentorder SET amount = amount + 1", "có 0 lệnh chi"),
        ("UPDATE payments_paymentorder SET state = 'cancelled'", "có 0 lệnh chi"),
    ],
)
def test_a_refund_that_is_not_what_is_owed_or_ordered(
    statement: str, words: str, refund: Dossier, broken: Broken
) -> None:
    broken(statement, words)


# --- Lump sums and cash --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_lumpsum SET amount = amount + 1", "quyết định 12500001"),
        ("UPDATE payments_paymentorder SET amount = 1", "có 0 lần chi"),
        ("UPDATE payments_lumpsum SET state = 'recorded', decided_by_id = NULL, decided_at = NULL", "có 1"),
        ("DELETE FROM payments_paymentorder", "có 0 lần chi"),
    ],
)
def test_a_lump_sum_that_is_not_what_is_owed_or_ordered(statement: str, words: str, broken: Broken) -> None:
    paying.owed(1)
    broken(statement, words)


def test_a_lump_sum_that_is_paid_both_ways(broken: Broken) -> None:
    made = test_cash.voucher()
    copy = paying.owed(2)
    assert copy.pk
    broken(f"UPDATE payments_paymentorder SET document_id = {made.lump_sum_id}", "có 2 lần chi")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_cashvoucher SET amount = amount + 1", "phiếu chi"),
        (UNPAID, "đã chi 0"),
        ("UPDATE payments_cashvoucher SET place = 'post'", "phiếu chi"),
        ("UPDATE payments_cashsupply SET amount = amount - 1", "rút tiền về quỹ"),
        (
            "UPDATE payments_cashday SET book = book - 1, opening = opening - 1, counted = counted - 1",
            "kiểm quỹ",
        ),
        ("UPDATE payments_cashday SET last_posting = 0", "kiểm quỹ"),
    ],
)
def test_cash_that_is_not_what_the_ledger_says(statement: str, words: str, broken: Broken) -> None:
    test_cash.drawn()
    test_cash.paid(test_cash.voucher())
    test_cash.counted(_500000=15)
    broken(statement, words)


def test_a_till_below_nothing(broken: Broken) -> None:
    test_cash.drawn()
    test_cash.paid(test_cash.voucher())
    broken(
        "UPDATE payments_entry SET account = 'post' WHERE account = 'cash' AND amount > 0",
        "Tiền mặt tại quỹ",
    )


# --- Orders that ended ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_orderreturn SET amount = amount - 1", "tiền đóng dở"),
        ("UPDATE payments_orderreturn SET state = 'proposed', decided_by_id = NULL", "phải trả lại 0"),
        ("UPDATE payments_contributionorder SET paid = paid - 1", "kết thúc khi đã đóng"),
    ],
)
def test_money_of_an_order_that_is_not_where_its_row_says(
    statement: str, words: str, citizen: User, clerk: User, supervisor: User, broken: Broken
) -> None:
    order = ordering.ordered(citizen)
    came_in(order, Decimal(300_000), clerk)
    ended = lapsed(order)
    assert part_paid.held().get() == ended
    back = order_returns.propose(asked(ended), actor=clerk, now=timezone.now())
    order_returns.approve(back, actor=supervisor, now=timezone.now())
    broken(statement, words)


# --- Statements ----------------------------------------------------------------------------------


@pytest.fixture
def taken(citizen: User, clerk: User) -> SuspenseItem:
    """A line that paid an order, one that waits, and one of money out."""
    statements.mapping()
    order = statements.order(1, payer=citizen)
    lines = [
        statements.Paid("FT1", 804_600, order.reference),
        statements.Paid("FT2", 900, "không rõ"),
        statements.Paid("FT3", 500, "chi", out=True),
    ]
    file, _new = taking.check("a.csv", statements.csv(lines), order.account, actor=clerk, now=timezone.now())
    taking.take(file, now=timezone.now())
    return SuspenseItem.objects.get()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_statementline SET amount = amount + 1 WHERE reference = 'FT1'", "FT1"),
        ("UPDATE payments_statementline SET amount = amount + 1 WHERE reference = 'FT2'", "FT2"),
        ("UPDATE payments_statementline SET is_credit = true WHERE reference = 'FT3'", "FT3"),
        ("UPDATE payments_statementline SET is_credit = false WHERE reference = 'FT2'", "FT2"),
        ("DELETE FROM payments_settlement", "FT1"),
        ("DELETE FROM payments_suspenseitem", "FT2"),
        ("UPDATE payments_settlement SET key = 'x'", "lần thanh toán"),
        ('UPDATE payments_suspenseitem SET "left" = 899', "khoản chờ xử lý"),
    ],
)
def test_a_line_that_is_not_received_or_used_up(
    statement: str, words: str, taken: SuspenseItem, broken: Broken
) -> None:
    broken(statement, words)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_suspensereturn SET amount = amount - 1", "khoản trả lại"),
        ("UPDATE payments_suspensereturn SET state = 'no'", "khoản chờ xử lý"),
    ],
)
def test_money_sent_back_from_suspense_that_did_not_leave_it(
    statement: str, words: str, taken: SuspenseItem, clerk: User, supervisor: User, broken: Broken
) -> None:
    back = suspense.propose_return(
        taken,
        Decimal(900),
        payee="A",
        bank=Bank.objects.get(pk="970405"),
        account_number="0011002233445",
        actor=clerk,
        key="k",
        now=timezone.now(),
    )
    suspense.decide_return(back, approve=True, actor=supervisor, key="d", now=timezone.now())
    broken(statement, words)


def test_a_payment_of_ours_that_came_back_is_the_payouts_to_post(clerk: User) -> None:
    payment = paying.owed(1)
    paying.sent(payment)
    statements.mapping()
    line = statements.Paid("FT9", int(payment.amount), f"tra lai {payment.reference}")
    file, _new = taking.check(
        "b.csv", statements.csv([line]), paying.account_of(), actor=clerk, now=timezone.now()
    )
    taking.take(file, now=timezone.now())
    assert PaymentOrder.objects.get(pk=payment.pk).state == "returned"
    assert verifying.problems() == []
    money.unguarded("UPDATE payments_statementline SET amount = amount + 1")
    assert StatementLine.objects.get().reference in "\n".join(verifying.problems())


# --- Receipts ------------------------------------------------------------------------------------


@pytest.fixture
def issued(citizen: User, supervisor: User) -> ContributionOrder:
    """An order with a receipt, which was cancelled and replaced."""
    order = money.order(citizen)
    money.pay(order, 804_600)
    first = receipts.issue(order, now=timezone.now())
    receipts.cancel(first, "Sai tên", actor=supervisor, key="k", now=timezone.now(), payer="AN")
    return order


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE payments_receipt SET amount = 5 WHERE kind = 'receipt'", "biên lai"),
        ("UPDATE payments_receipt SET amount = 5 WHERE kind = 'cancellation'", "hủy một số tiền khác"),
        ("DELETE FROM payments_receipt WHERE number = 2", "có 2, nhưng số cuối là 3"),
        ("UPDATE payments_contributionorder SET state = 'open', paid = 0", "biên lai"),
    ],
)
def test_a_receipt_that_is_not_for_what_was_paid(
    statement: str, words: str, issued: ContributionOrder, broken: Broken
) -> None:
    broken(statement, words)


def test_every_document_with_an_amount_of_its_own_is_checked() -> None:
    kinds = {"refund", "lumpsum", "cashvoucher", "statementline", "suspenseitem", "receipt", "orderreturn"}
    assert kinds <= verifying.checks.keys()
