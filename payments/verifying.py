"""Whether the ledger holds: in itself, and against the documents that its postings name.

A check is a function that yields a line for each thing wrong. Each looks with one statement, so what
moves meanwhile is seen whole or not at all.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

from django.db.models import Case, Count, Exists, F, OuterRef, Q, Sum, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from payments import documents, line_checks, money_checks
from payments.entered import MONEY, ZERO, entered
from payments.models import Account, CashOrder, ContributionOrder, Entry, LedgerCheck, PaymentOrder, Posting

Check = Callable[[], Iterator[str]]
FEW = 50  # lines of one check that are named
CREDITS = (Account.SUSPENSE, Account.REFUNDS, Account.BENEFITS, Account.RETURNED)
DEBITS = (Account.RECEIVABLE, Account.CASH, Account.POST)


# --- In itself -----------------------------------------------------------------------------------


def _postings() -> Iterator[str]:
    """Every posting has two entries or more, and they sum to zero."""
    summed = Posting.objects.order_by("pk").annotate(
        total=Coalesce(Sum("entries__amount"), ZERO, output_field=MONEY), number=Count("entries")
    )
    for posting in summed.filter(~Q(total=0) | Q(number__lt=2)).iterator():
        words = _("posting %(posting)d (%(kind)s): %(number)d entries that sum to %(total)s")
        facts = {
            "posting": posting.pk,
            "kind": posting.kind,
            "number": posting.number,
            "total": posting.total,
        }
        yield words % facts


def _offices() -> Iterator[str]:
    """The accounts of every office sum to zero."""
    summed = Entry.objects.order_by().values("posting__office__name").annotate(total=Sum("amount"))
    for row in summed.exclude(total=0):
        words = _("office %(office)s: its accounts sum to %(total)s, not to zero")
        yield words % {"office": row["posting__office__name"], "total": row["total"]}


def _sides() -> Iterator[str]:
    """Nothing is paid off that was never owed: accounts of one side stand on that side, or at zero.

    Over all offices: money for an order of one may have come in at another.
    """
    summed = Entry.objects.order_by().values("account").annotate(total=Sum("amount"))
    for row in summed.filter(Q(account__in=CREDITS, total__gt=0) | Q(account__in=DEBITS, total__lt=0)):
        words = _("account %(account)s: stands on the wrong side, at %(total)s")
        yield words % {"account": Account(row["account"]).label, "total": row["total"]}


def _documents() -> Iterator[str]:
    """Every posting names a document that is there."""
    for kind in Posting.objects.order_by().values_list("document_kind", flat=True).distinct():
        model = documents.model_of(kind)
        named = Posting.objects.filter(document_kind=kind).order_by("pk")
        if model is not None:
            named = named.filter(~Exists(model._default_manager.filter(pk=OuterRef("document_id"))))
        for posting in named.iterator():
            words = _("posting %(posting)d: its document %(kind)s %(number)d is not there")
            yield words % {"posting": posting.pk, "kind": kind, "number": posting.document_id}


# --- Against the documents -----------------------------------------------------------------------


def _orders() -> Iterator[str]:
    """What an order says is paid was settled, and what it leaves open is receivable.

    One that ended with a part paid holds it in suspense.
    """
    ended = ["expired", "cancelled"]
    held = Case(When(state__in=ended, then=F("paid")), default=ZERO, output_field=MONEY)
    open_rest = Case(When(state="open", then=F("amount") - F("paid")), default=ZERO, output_field=MONEY)
    told = ContributionOrder.objects.order_by("pk").annotate(
        settled=-entered("contributionorder", Account.RECEIVABLE, "settled"),
        owed=entered("contributionorder", Account.RECEIVABLE),
        open_rest=open_rest,
        ended_with=held,
        held=-entered("contributionorder", Account.SUSPENSE, "part_held", "part_taken_up"),
    )
    for order in told.filter(~Q(settled=F("paid"))).iterator():
        words = _("order %(order)s: %(paid)s paid, but %(settled)s settled in the ledger")
        yield words % {"order": order.reference, "paid": order.paid, "settled": order.settled}
    for order in told.filter(~Q(owed=F("open_rest"))).iterator():
        words = _("order %(order)s: %(rest)s still to be paid, but %(owed)s receivable in the ledger")
        yield words % {"order": order.reference, "rest": order.open_rest, "owed": order.owed}
    for order in told.filter(~Q(held=F("ended_with"))).iterator():
        words = _("order %(order)s: ended with %(paid)s, but %(held)s held in suspense")
        yield words % {"order": order.reference, "paid": order.ended_with, "held": order.held}


def _payment_orders() -> Iterator[str]:
    """What is paid left a bank account once, in full; what is not paid has left none, or came back."""
    told = PaymentOrder.objects.order_by("pk").annotate(
        went=-entered("paymentorder", Account.BANK, "paid_out"), away=-entered("paymentorder", Account.BANK)
    )
    paid = Q(state=PaymentOrder.State.PAID)
    for order in told.filter(paid & ~Q(went=F("amount"))).iterator():
        words = _("payment order %(order)d: %(amount)s paid, but %(went)s paid out in the ledger")
        yield words % {"order": order.pk, "amount": order.amount, "went": order.went}
    for order in told.filter(~paid & ~Q(away=0)).iterator():
        words = _("payment order %(order)d: not paid, but %(away)s left the bank in the ledger")
        yield words % {"order": order.pk, "away": order.away}


def _cash_orders() -> Iterator[str]:
    """Of the cash of a paying point the ledger owes all while it is open, and nothing once it is settled."""
    told = CashOrder.objects.order_by("pk").annotate(
        owed=-entered("cashorder", Account.BENEFITS), went=-entered("cashorder", Account.LISTS)
    )
    is_open = Q(settled_at=None)
    wrong = (is_open & ~Q(owed=F("amount"))) | (~is_open & ~Q(owed=0)) | ~Q(went=F("paid"))
    for order in told.filter(wrong).iterator():
        words = _(
            "cash of %(order)s: %(paid)s of %(amount)s paid, but the ledger paid %(went)s, owes %(owed)s"
        )
        facts = {"order": order, "amount": order.amount, "paid": order.paid}
        yield words % {**facts, "owed": order.owed, "went": order.went}


checks: dict[str, Check] = {
    "posting": _postings,
    "office": _offices,
    "account": _sides,
    "document": _documents,
    "contributionorder": _orders,
    "paymentorder": _payment_orders,
    "orderreturn": money_checks.order_returns,
    "refund": money_checks.refunds,
    "lumpsum": money_checks.lump_sums,
    "cashvoucher": money_checks.cash_vouchers,
    "cashsupply": money_checks.cash_supplies,
    "cashday": money_checks.cash_days,
    "statementline": line_checks.lines,
    "suspenseitem": line_checks.suspense,
    "receipt": line_checks.receipts,
    "receiptseries": line_checks.series,
    "cashorder": _cash_orders,
}
"""By what is checked: the model name of a document, for those that have amounts of their own."""


# --- All of it -----------------------------------------------------------------------------------


def problems() -> list[str]:
    """A line for each thing wrong; of one check not more than ``FEW``, and a word that there are more."""
    return [line for check in checks.values() for line in _some(check())]


def _some(lines: Iterator[str]) -> Iterator[str]:
    yield from islice(lines, FEW)
    if next(lines, None) is not None:
        yield _("… and more of these")


def record(now: datetime) -> LedgerCheck:
    """Check everything and keep what was found, for the pages that show it."""
    return LedgerCheck.objects.create(at=now, postings=Posting.objects.count(), problems=problems())


def last() -> LedgerCheck | None:
    """The newest check there was."""
    return LedgerCheck.objects.first()
