"""Checks of what goes out: refunds, money of orders, lump sums and cash, against the ledger."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from payments.entered import MONEY, ZERO, entered
from payments.models import (
    Account,
    CashSupply,
    CashVoucher,
    CoveredPerson,
    LumpSum,
    OrderReturn,
    PaymentOrder,
    Place,
    Refund,
)


def due_of(**state: Any) -> Case:
    """The amount of the outer row in these states, nothing in every other."""
    return Case(When(**state, then=F("amount")), default=ZERO, output_field=MONEY)


def _standing(document: str) -> Coalesce:
    """How many payments of the outer row, a ``document`` by model name, no other follows."""
    rows = PaymentOrder.objects.filter(
        document_kind=document, document_id=OuterRef("pk"), followed_by=None, amount=OuterRef("amount")
    ).exclude(state=PaymentOrder.State.CANCELLED)
    counted = rows.order_by().values("document_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


# --- Refunds, and money of orders ------------------------------------------------------------------


def refunds() -> Iterator[str]:
    """What is decided is owed in full and ordered once; what is not is not owed; none exceeds its payment."""
    told = Refund.objects.order_by("pk").annotate(
        due=due_of(state__in=Refund.DECIDED),
        owed=-entered("refund", Account.REFUNDS),
        orders=_standing("refund"),
    )
    for refund in told.filter(~Q(owed=F("due"))).iterator():
        words = _("refund %(refund)d: %(due)s decided, but %(owed)s owed in the ledger")
        yield words % {"refund": refund.pk, "due": refund.due, "owed": refund.owed}
    for refund in told.filter(~Q(orders=Case(When(state__in=Refund.DECIDED, then=1), default=0))).iterator():
        words = _("refund %(refund)d (%(state)s): ordered %(orders)d times")
        facts = {"refund": refund.pk, "state": refund.state, "orders": refund.orders}
        yield words % facts
    yield from _beyond()


def _beyond() -> Iterator[str]:
    given = CoveredPerson.objects.filter(refunds__state__in=Refund.DECIDED).order_by("pk")
    for person in given.annotate(given=Sum("refunds__amount")).filter(given__gt=F("amount")).iterator():
        words = _("covered person %(person)d: %(given)s given back of %(amount)s")
        yield words % {"person": person.pk, "given": person.given, "amount": person.amount}


def order_returns() -> Iterator[str]:
    """What of an order is approved to go back left suspense in full; everything else lies there."""
    told = OrderReturn.objects.order_by("pk").annotate(
        due=due_of(state__in=OrderReturn.OWED), out=entered("orderreturn", Account.SUSPENSE)
    )
    for back in told.filter(~Q(out=F("due"))).iterator():
        words = _("money of an order %(back)d: %(due)s to be given back, but %(out)s left suspense")
        yield words % {"back": back.pk, "due": back.due, "out": back.out}


# --- Lump sums, and cash ---------------------------------------------------------------------------


def lump_sums() -> Iterator[str]:
    """What is decided is owed in full, and paid one way; what is not is not owed."""
    vouchers = CashVoucher.objects.filter(lump_sum=OuterRef("pk")).order_by()
    alive = vouchers.exclude(state=CashVoucher.State.CANCELLED).filter(amount=OuterRef("amount"))
    told = LumpSum.objects.order_by("pk").annotate(
        due=due_of(state=LumpSum.State.DECIDED),
        owed=-entered("lumpsum", Account.BENEFITS),
        ways=_standing("lumpsum") + _number(alive),
        made=_number(vouchers),
    )
    for row in told.filter(~Q(owed=F("due"))).iterator():
        words = _("lump sum %(row)d: %(due)s decided, but %(owed)s owed in the ledger")
        yield words % {"row": row.pk, "due": row.due, "owed": row.owed}
    decided = Q(state=LumpSum.State.DECIDED)
    wrong = Q(ways__gt=1) | decided & Q(ways=0) & Q(made=0) | Q(state=LumpSum.State.RECORDED, ways__gt=0)
    for row in told.filter(wrong).iterator():
        words = _("lump sum %(row)d (%(state)s): to be paid %(ways)d times")
        yield words % {"row": row.pk, "state": row.state, "ways": row.ways}


def _number(rows: Any) -> Coalesce:
    counted = rows.values("lump_sum").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def cash_vouchers() -> Iterator[str]:
    """What is paid in cash left its till, and what was owed, in full; what is not paid left none."""
    tills = {Place.COUNTER: Account.CASH, Place.POST: Account.POST}
    for place, account in tills.items():
        told = CashVoucher.objects.filter(place=place).order_by("pk")
        told = told.annotate(
            due=due_of(state=CashVoucher.State.PAID),
            out=-entered("cashvoucher", account),
            met=entered("cashvoucher", Account.BENEFITS),
        )
        for row in told.filter(~Q(out=F("due")) | ~Q(met=F("due"))).iterator():
            words = _("cash voucher %(row)d: %(due)s paid, but %(out)s left the till in the ledger")
            yield words % {"row": row.pk, "due": row.due, "out": row.out}


def cash_supplies() -> Iterator[str]:
    """Cash that was approved left the bank in full; other cash did not."""
    told = CashSupply.objects.order_by("pk").annotate(
        due=due_of(state=CashSupply.State.DONE), out=-entered("cashsupply", Account.BANK)
    )
    for row in told.filter(~Q(out=F("due"))).iterator():
        words = _("cash drawn %(row)d: %(due)s approved, but %(out)s left the bank in the ledger")
        yield words % {"row": row.pk, "due": row.due, "out": row.out}


# What the till held when it was counted, and what the closing before says.
_DAYS = """
SELECT d.id, d.book, d.opening, d.before, (
    SELECT coalesce(sum(e.amount), 0) FROM payments_entry e JOIN payments_posting p ON p.id = e.posting_id
    WHERE e.account = 'cash' AND p.office_id = d.office_id AND p.id <= d.last_posting
) AS held
FROM (
    SELECT *, coalesce(lag(book) OVER (PARTITION BY office_id ORDER BY day), 0) AS before
    FROM payments_cashday WHERE state <> 'back'
) AS d
"""


def cash_days() -> Iterator[str]:
    """Each closing says what the ledger held then, and begins with what the one before left."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, book, held, opening, before FROM ({_DAYS}) AS told "  # noqa: S608
            "WHERE book <> held OR opening <> before ORDER BY id"
        )
        rows = cursor.fetchall()
    for pk, book, held, opening, before in rows:
        words = _("closing %(pk)d: %(book)s after %(opening)s, but %(held)s after %(before)s in the ledger")
        yield words % {"pk": pk, "book": book, "opening": opening, "held": held, "before": before}
