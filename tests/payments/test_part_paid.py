"""Orders paid in part: what their payer sees, how they end, and how their money goes back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import contributions, ledger, order_returns, part_paid, payouts, verifying
from payments.models import (
    Account,
    ContributionOrder,
    CsvMapping,
    OrderReturn,
    PaymentOrder,
    StatementFile,
    SuspenseItem,
)
from payments.statements import suspense, taking
from payments.tasks import expire_orders
from portal import outbox
from portal.models import Notice, User
from procedures.models import Bank
from procedures.workflow import MoveRefused
from tests.payments import ordering, statements

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/"
PART = Decimal(300_000)

pytestmark = pytest.mark.django_db


def came_in(order: ContributionOrder, amount: Decimal, clerk: User, reference: str = "FT1") -> None:
    """A transfer for the order stands in a statement, and a clerk settles it."""
    if not CsvMapping.objects.exists():
        statements.mapping()
    line = statements.Paid(reference, int(amount), order.reference, "NGUYEN VAN A")
    file, _new = taking.check(
        f"{reference}.csv", statements.csv([line]), order.account, actor=clerk, now=timezone.now()
    )
    taking.take(file, now=timezone.now())
    item = SuspenseItem.objects.get(line__reference=reference)
    suspense.split(item, [(order.reference, amount)], actor=clerk, key=reference, now=timezone.now())


@pytest.fixture
def order(citizen: User, clerk: User) -> ContributionOrder:
    """An order for a household, of which 300.000 đ have come in."""
    made = ordering.ordered(citizen)
    came_in(made, PART, clerk)
    return ContributionOrder.objects.get(pk=made.pk)


def lapsed(order: ContributionOrder) -> ContributionOrder:
    ContributionOrder.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(days=9))
    expire_orders()
    return ContributionOrder.objects.get(pk=order.pk)


def page_of(order: ContributionOrder) -> str:
    return f"/dong-tien/{order.reference}/"


def typed(order: ContributionOrder, **given: str) -> dict[str, str]:
    return {
        "bank": "970436",
        "account_number": "0011002233445",
        "account_again": "0011002233445",
        "account_holder": order.payer_name,
        "key": "k",
        **given,
    }


def asked(order: ContributionOrder, key: str = "k") -> OrderReturn:
    return order_returns.ask(
        order,
        payee=order.payer_name,
        bank=Bank.objects.get(pk="970436"),
        account_number="0011002233445",
        actor=order.payer,
        key=key,
        now=timezone.now(),
    )


def approved(order: ContributionOrder, clerk: User, supervisor: User, key: str = "k") -> PaymentOrder:
    back = order_returns.propose(asked(order, key), actor=clerk, now=timezone.now())
    order_returns.approve(back, actor=supervisor, now=timezone.now())
    return PaymentOrder.objects.get(document_kind="orderreturn", document_id=back.pk)


def bank_says(payment: PaymentOrder, state: str, reason: str = "") -> None:
    """What a file of results does: state and postings."""
    lines = []
    if state != "rejected":
        lines.append(("paid_out", Account.REFUNDS, Account.BANK))
    if state == "returned":
        lines.append(("returned", Account.BANK, Account.RETURNED))
    with transaction.atomic():
        for kind, debit, credit in lines:
            moved = ledger.transfer(
                payment.amount, debit=debit, credit=credit, bank_account=ordering.account()
            )
            ledger.post(
                kind,
                moved,
                office=payment.office,
                document=payment,
                key=f"{payment.pk}:{kind}",
                now=timezone.now(),
            )
        PaymentOrder.objects.filter(pk=payment.pk).update(
            state=state, reason=reason, closed_at=timezone.now()
        )
        payment.refresh_from_db()
        payouts.report(payment)
    outbox.drain()


def balances() -> dict[str, int]:
    return {a.value: int(ledger.balance(a)) for a in Account if ledger.balance(a)}


# --- The page ------------------------------------------------------------------------------------


def test_the_payer_is_told_what_is_missing_and_scans_a_code_of_the_rest(
    order: ContributionOrder, sign_in: SignIn
) -> None:
    page = sign_in(order.payer).get(page_of(order)).content.decode()
    rest = f"{int(order.amount - PART):,} đ".replace(",", ".")
    assert "300.000 đ" in page
    assert rest in page
    assert "Quét mã để trả phần còn lại" in page
    told = Notice.objects.get(kind="order_part_paid")
    assert (told.user, told.facts["left"]) == (order.payer, rest)


def test_the_rest_completes_the_order(order: ContributionOrder, clerk: User) -> None:
    line = statements.Paid("FT2", int(order.amount - PART), order.reference)
    file, _new = taking.check("b.csv", statements.csv([line]), order.account, actor=clerk, now=timezone.now())
    assert taking.take(file, now=timezone.now()).outcome["settled"] == 1
    order.refresh_from_db()
    assert (order.state, order.paid) == ("paid", order.amount)
    assert verifying.problems() == []


# --- It ends -------------------------------------------------------------------------------------


def test_an_order_partly_paid_in_time_ends_with_its_part_in_suspense(order: ContributionOrder) -> None:
    ended = lapsed(order)
    assert (ended.state, ended.paid) == ("expired", PART)
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert list(part_paid.held()) == [ended]
    assert Notice.objects.filter(kind="order_lapsed", user=order.payer).count() == 1
    expire_orders()
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert verifying.problems() == []


def test_the_desk_finds_ended_orders_whose_money_nobody_gives_back(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    lapsed(order)
    client, here = sign_in(clerk), f"{DESK}contributionorder/?tra=giu"
    assert order.reference in client.get(here).content.decode()
    asked(order)
    assert order.reference not in client.get(here).content.decode()


def test_the_payer_gives_the_order_up_and_asks_for_the_part(
    order: ContributionOrder, sign_in: SignIn
) -> None:
    client = sign_in(order.payer)
    assert "hủy lệnh" in client.get(f"{page_of(order)}nhan-lai/").content.decode().lower()
    for _twice in range(2):
        assert client.post(f"{page_of(order)}nhan-lai/", typed(order)).status_code == 303
    back = OrderReturn.objects.get()
    order.refresh_from_db()
    assert (back.amount, back.state, order.state) == (PART, "asked", "cancelled")
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert "0011002233445" not in client.get(page_of(order)).content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"account_again": "0011002233446"}, "Hai số tài khoản"),
        ({"account_holder": "TRẦN VĂN KHÁC"}, "phải đứng tên này"),
        ({"bank": ""}, "Vui lòng"),
    ],
)
def test_a_wrong_account_is_refused_and_the_order_goes_on(
    given: dict[str, str], words: str, order: ContributionOrder, sign_in: SignIn
) -> None:
    answer = sign_in(order.payer).post(f"{page_of(order)}nhan-lai/", typed(order, **given))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    order.refresh_from_db()
    assert (order.state, OrderReturn.objects.count()) == ("open", 0)


def test_nothing_is_given_back_of_an_order_nobody_paid_for_or_that_is_paid(citizen: User) -> None:
    order = ordering.ordered(citizen)
    with pytest.raises(MoveRefused, match="không có tiền"):
        asked(order)
    ContributionOrder.objects.filter(pk=order.pk).update(state="paid", paid=order.amount)
    with pytest.raises(MoveRefused, match="không có tiền"):
        asked(order)


# --- It goes back --------------------------------------------------------------------------------


def test_a_clerk_proposes_a_supervisor_approves_and_the_bank_pays(
    order: ContributionOrder, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    back, client = asked(lapsed(order)), sign_in(clerk)
    here = f"{DESK}orderreturn/{back.pk}/"
    assert "0011002233445" in client.get(f"{here}change/").content.decode()
    assert client.post(f"{here}viec/duyet/").status_code == 422
    assert client.post(f"{here}viec/de-xuat/").status_code == 303
    assert client.post(f"{here}viec/duyet/").status_code == 422
    other = sign_in(supervisor)
    assert "chưa chắc" in other.get(f"{here}change/").content.decode()
    for _twice in range(2):
        assert other.post(f"{here}viec/duyet/").status_code == 303
    payment = PaymentOrder.objects.get()
    assert (payment.amount, payment.account_number) == (PART, "0011002233445")
    assert balances() == {"bank": 300_000, "refunds": -300_000}
    assert verifying.problems() == []
    bank_says(payment, "paid")
    back.refresh_from_db()
    assert (back.state, balances()) == ("paid", {})
    assert Notice.objects.filter(kind="order_returned", user=order.payer).count() == 1
    assert "đã được trả lại" in sign_in(order.payer).get(page_of(order)).content.decode()
    assert verifying.problems() == []


@pytest.mark.parametrize("state", ["rejected", "returned"])
def test_what_the_bank_could_not_pay_is_in_suspense_again_and_asked_for_anew(
    state: str, order: ContributionOrder, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    bank_says(approved(lapsed(order), clerk, supervisor), state, "Sai số tài khoản")
    assert OrderReturn.objects.get().state == "failed"
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert verifying.problems() == []
    client = sign_in(order.payer)
    assert "Sai số tài khoản" in client.get(page_of(order)).content.decode()
    assert client.post(f"{page_of(order)}nhan-lai/", typed(order, key="k2")).status_code == 303
    assert OrderReturn.objects.count() == 2


def test_what_was_paid_and_comes_back_later_is_in_suspense_again(
    order: ContributionOrder, clerk: User, supervisor: User
) -> None:
    payment = approved(lapsed(order), clerk, supervisor)
    bank_says(payment, "paid")
    with transaction.atomic():
        back = ledger.transfer(
            PART, debit=Account.BANK, credit=Account.RETURNED, bank_account=ordering.account()
        )
        ledger.post("returned", back, office=payment.office, document=payment, key="x", now=timezone.now())
        PaymentOrder.objects.update(state="returned", reason="Tài khoản đóng")
        payment.refresh_from_db()
        payouts.report(payment)
    outbox.drain()
    assert OrderReturn.objects.get().state == "failed"
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert verifying.problems() == []


def test_declining_needs_a_reason_that_the_payer_reads(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    back, client = asked(lapsed(order)), sign_in(clerk)
    here = f"{DESK}orderreturn/{back.pk}/viec/tu-choi/"
    assert client.post(here, {"note": " "}).status_code == 422
    assert client.post(here, {"note": "Người chuyển là người khác"}).status_code == 303
    assert "Người chuyển là người khác" in sign_in(order.payer).get(page_of(order)).content.decode()
    assert order_returns.may_ask(ContributionOrder.objects.get())


def test_staff_give_the_part_back_for_a_payer_who_calls(
    order: ContributionOrder, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    here = f"{DESK}contributionorder/{order.pk}/viec/hoan-lai/"
    wrong = client.post(here, typed(order, account_number="1"))
    assert wrong.status_code == 422
    assert 'value="1"' in wrong.content.decode()
    assert client.post(here, typed(order)).status_code == 303
    back = OrderReturn.objects.get()
    assert (back.state, back.proposed_by) == ("proposed", clerk)
    with pytest.raises(MoveRefused):
        order_returns.approve(back, actor=clerk, now=timezone.now())
    order_returns.approve(back, actor=supervisor, now=timezone.now())
    assert PaymentOrder.objects.get().amount == PART


def test_the_database_lets_nobody_decide_what_they_proposed(order: ContributionOrder, clerk: User) -> None:
    order_returns.propose(asked(order), actor=clerk, now=timezone.now())
    with pytest.raises(IntegrityError, match="order_return_by_two"), transaction.atomic():
        OrderReturn.objects.update(state="sent", decided_by=clerk, decided_at=timezone.now())


# --- Or is paid after all ------------------------------------------------------------------------


def test_an_order_that_ended_is_opened_once_more_and_paid(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    ended, client = lapsed(order), sign_in(clerk)
    for _twice in range(2):
        assert client.post(f"{DESK}contributionorder/{order.pk}/viec/mo-lai/").status_code == 303
    again = ContributionOrder.objects.get(pk=ended.pk)
    assert (again.state, again.paid) == ("open", PART)
    assert again.expires_at > timezone.now()
    assert verifying.problems() == []
    line = statements.Paid("FT3", int(again.amount - PART), again.reference)
    file, _new = taking.check("d.csv", statements.csv([line]), again.account, actor=clerk, now=timezone.now())
    taking.take(file, now=timezone.now())
    again.refresh_from_db()
    assert again.state == "paid"
    assert verifying.problems() == []


def test_it_may_end_a_second_time(order: ContributionOrder, clerk: User) -> None:
    part_paid.reopen(lapsed(order), actor=clerk, now=timezone.now())
    lapsed(order)
    assert balances() == {"bank": 300_000, "suspense": -300_000}
    assert verifying.problems() == []


def test_it_is_not_opened_when_the_same_costs_more_today(
    order: ContributionOrder, clerk: User, sign_in: SignIn
) -> None:
    ended = lapsed(order)
    quote = part_paid.quote_of(ended, timezone.now())
    assert quote is not None
    ContributionOrder.objects.update(amount=quote.amount - 1)
    answer = sign_in(clerk).post(f"{DESK}contributionorder/{order.pk}/viec/mo-lai/")
    assert answer.status_code == 422
    assert ContributionOrder.objects.get().state == "expired"


def test_it_is_not_opened_while_its_money_goes_back(order: ContributionOrder, clerk: User) -> None:
    ended = lapsed(order)
    asked(ended)
    with pytest.raises(MoveRefused):
        part_paid.reopen(ended, actor=clerk, now=timezone.now())


def test_money_that_comes_for_an_ended_order_waits_at_the_suspense_desk(
    order: ContributionOrder, clerk: User
) -> None:
    lapsed(order)
    line = statements.Paid("FT9", 1000, order.reference)
    file, _new = taking.check("c.csv", statements.csv([line]), order.account, actor=clerk, now=timezone.now())
    taking.take(file, now=timezone.now())
    item = SuspenseItem.objects.get(line__reference="FT9")
    assert (item.reason, item.left) == ("late", 1000)
    assert StatementFile.objects.get(name="c.csv").state == "taken"


def test_orders_nobody_paid_for_still_just_expire(citizen: User) -> None:
    order = ordering.ordered(citizen)
    assert lapsed(order).state == "expired"
    assert not part_paid.held().exists()
    assert not contributions.expire(order.pk, now=timezone.now())
