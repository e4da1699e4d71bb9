"""Two people at the same moment: money goes back once, and cash is never paid from nothing."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from payments import cash, contributions, ledger, order_returns, part_paid, tills, verifying
from payments.models import (
    Account,
    CashDay,
    CashVoucher,
    ContributionOrder,
    OrderReturn,
    StatementFile,
)
from payments.statements import taking
from portal.models import User
from procedures import demo
from procedures.models import Office
from procedures.workflow import MoveRefused
from tests.conftest import PASSWORD
from tests.payments import ordering, statements, test_cash
from tests.payments.test_part_paid import asked, came_in, lapsed
from tests.posting import staff_of
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def order(citizen: User, clerk: User) -> ContributionOrder:
    """One that ended with a part paid."""
    made = ordering.ordered(citizen)
    came_in(made, Decimal(300_000), clerk)
    return lapsed(made)


def _pause(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Whoever has passed the check ``name`` of ``module`` waits for the other, or cannot."""
    meeting, check = Meeting(), getattr(module, name)

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = check(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(module, name, slow)


def test_the_payer_asks_for_the_part_while_the_office_opens_the_order_again(
    order: ContributionOrder, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pause(monkeypatch, part_paid, "_same")
    results = at_once(lambda: asked(order), lambda: part_paid.reopen(order, actor=clerk, now=timezone.now()))
    now = ContributionOrder.objects.get()
    standing = OrderReturn.objects.filter(state__in=OrderReturn.STANDING).count()
    assert (now.state, standing) in {("expired", 1), ("cancelled", 1), ("open", 0)}, results
    assert verifying.problems() == []


def test_an_order_lapses_while_the_rest_arrives(
    citizen: User, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ordering.ordered(citizen)
    came_in(made, Decimal(300_000), clerk)
    rest = made.amount - 300_000
    line = statements.Paid("FT7", int(rest), made.reference)
    file, _new = taking.check("r.csv", statements.csv([line]), made.account, actor=clerk, now=timezone.now())
    _pause(monkeypatch, contributions, "locked")
    at_once(
        lambda: part_paid.lapse(made.pk, now=timezone.now()), lambda: taking.take(file, now=timezone.now())
    )
    made.refresh_from_db()
    assert (made.state, made.paid) in {("paid", made.amount), ("expired", Decimal(300_000))}
    assert verifying.problems() == []


def test_a_return_is_approved_once_by_two_who_press_at_once(
    order: ContributionOrder, clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office.objects.get(slug="cam-ranh")
    heads = [demo.staff(f"h{n}", "Cao Văn Sơn", office, "supervisor", password=PASSWORD) for n in (1, 2)]
    back = order_returns.propose(asked(order), actor=clerk, now=timezone.now())
    _pause(monkeypatch, order_returns, "may_decide")

    def approve(head: User) -> OrderReturn:
        actor = User.objects.get(pk=head.pk)
        return order_returns.approve(OrderReturn.objects.get(pk=back.pk), actor=actor, now=timezone.now())

    results = at_once(*[lambda h=h: approve(h) for h in heads])
    assert sum(isinstance(r, MoveRefused) for r in results) == 1, results
    assert ledger.balance(Account.REFUNDS) == -300_000


def test_two_vouchers_do_not_take_the_same_cash(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    vouchers = [test_cash.voucher(1), test_cash.voucher(2)]
    test_cash.drawn(test_cash.SUM)
    meeting, balance = Meeting(), ledger.balance

    def slow(*args: Any, **kwargs: Any) -> Decimal:
        found = balance(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(cash.ledger, "balance", slow)
    results = at_once(*[lambda v=v: test_cash.paid(v) for v in vouchers])
    monkeypatch.undo()
    assert sum(isinstance(r, MoveRefused) for r in results) == 1, results
    assert CashVoucher.objects.filter(state="paid").count() == 1
    assert ledger.balance(Account.CASH) == 0


def test_a_till_is_not_closed_between_the_check_and_the_payment(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = test_cash.voucher()
    test_cash.drawn(test_cash.SUM)
    clerk, _supervisor = staff_of("cam-ranh")
    _pause(monkeypatch, tills, "open_for")
    counted = lambda: tills.count(  # noqa: E731
        {500_000: 25}, reason="", seen=str(test_cash.SUM), actor=clerk, key="c", now=timezone.now()
    )
    results = at_once(lambda: test_cash.paid(made), counted)
    assert sum(isinstance(r, MoveRefused) for r in results) == 1, results
    assert verifying.problems() == []
    day = CashDay.objects.first()
    assert day is None or day.book == ledger.balance(Account.CASH)


def test_a_file_is_discarded_or_taken_in_but_not_both(clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    statements.mapping()
    file, _new = taking.check(
        "a.csv",
        statements.csv([statements.Paid("FT1", 5)]),
        statements.account(),
        actor=clerk,
        now=timezone.now(),
    )
    _pause(monkeypatch, taking, "may_discard")
    results = at_once(
        lambda: taking.discard(file, "Sai", actor=clerk, now=timezone.now()),
        lambda: taking.take(file, now=timezone.now()),
    )
    assert not any(isinstance(result, IntegrityError) for result in results)
    found = StatementFile.objects.get()
    assert (found.state, found.lines.count()) in {("dropped", 0), ("taken", 1)}
