"""Receipts (biên lai) for contributions: issued once an order is paid, numbered, cancelled, never changed.

Numbers run by office and year without gaps; the database refuses a gap and a double. A receipt that
is wrong is cancelled by a document of its own, which takes a number too; another receipt may follow.
Neither moves money: the ledger has what was paid, whatever is said of it.
"""

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from payments.models import ContributionOrder, Receipt, ReceiptSeries
from payments.receipt_papers import make_paper
from portal import notices, outbox
from portal.models import OutboxMessage, User
from portal.text import clean, dong
from procedures import workflow
from procedures.models import Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

Kind = Receipt.Kind


def every() -> QuerySet[Receipt]:
    """Every receipt, with what its paper says of others."""
    return Receipt.objects.select_related(
        "office", "order", "cancels", "cancelled_by", "replaces", "issued_by"
    )


def visible_to(user: User) -> QuerySet[Receipt]:
    """The receipts of an office for its staff, all for who oversees the province; a payer's own."""
    found = every()
    if not user.is_staff:
        return found.filter(order__payer=user)
    return of_office(found, user)


def get_for(user: User, code: str) -> Receipt:
    """The receipt if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), code=code)


# --- Issuing -------------------------------------------------------------------------------------


def issue(order: ContributionOrder, *, now: datetime) -> Receipt:
    """The receipt of a paid order; a second time gives the same one, cancelled or not.

    Raises ``ValueError`` for an order that is not paid in full.
    """
    with transaction.atomic():
        locked = _locked(order)
        if done := locked.receipts.filter(kind=Kind.RECEIPT, replaces=None).first():
            return done
        if locked.state != ContributionOrder.State.PAID:
            raise ValueError(f"order {locked} is not paid")
        made = _numbered(_of(locked), now, key=f"order:{locked.pk}")
        _tell("receipt_issued", made, amount=made.amount)
    return made


def _locked(order: ContributionOrder) -> ContributionOrder:
    orders = ContributionOrder.objects.select_related("office", "account__bank", "payer")
    return orders.select_for_update(of=("self",), no_key=True).get(pk=order.pk)


def _of(order: ContributionOrder) -> Receipt:
    """A receipt of ``order`` to be: what its paper says is fixed here."""
    people = [
        {
            "name": person.full_name,
            "insurance_number": person.insurance_number,
            "first_month": person.first_month.isoformat(),
            "last_month": person.last_month.isoformat(),
            "amount": int(person.amount),
        }
        for person in order.people.all()
    ]
    said = {
        "payer": order.payer_name,
        "product": order.product,
        "reference": order.reference,
        "paid_at": (order.closed_at or order.made_at).isoformat(),
        "account": f"{order.account.number}, {order.account.bank.short_name}",
        "people": people,
    }
    return Receipt(kind=Kind.RECEIPT, office=order.office, order=order, amount=order.amount, said=said)


def _numbered(made: Receipt, now: datetime, *, key: str) -> Receipt:
    """Save ``made`` under the next number of its office's year and queue its paper."""
    series = _series(made.office, timezone.localdate(now).year)
    last = series.receipts.order_by("-number").values_list("number", flat=True).first() or 0
    made.series, made.number, made.code = series, last + 1, f"{series}-{last + 1:06}"
    made.issued_at, made.key, made.token = now, key, secrets.token_urlsafe(18)
    made.save(force_insert=True)
    outbox.enqueue("payments.receipt_paper", key=made.code, about=made.code, receipt=made.pk)
    return made


def _series(office: Office, year: int) -> ReceiptSeries:
    """The series of the office and year, nobody else's for this transaction; always locked last."""
    found, _new = ReceiptSeries.objects.get_or_create(office=office, year=year)
    locked = ReceiptSeries.objects.select_related("office").select_for_update(of=("self",), no_key=True)
    return locked.get(pk=found.pk)


def _tell(kind: str, receipt: Receipt, **facts: Any) -> None:
    """Tell the payer; the notice leads to the page of the receipt."""
    said = {name: str(value) for name, value in facts.items()}
    if "amount" in facts:
        said["amount"] = dong(int(facts["amount"]))
    said["page"] = "receipt"
    notices.notify(receipt.order.payer, kind, about=receipt.code, facts=said, key=f"{kind}:{receipt.code}")


# --- Cancelling ----------------------------------------------------------------------------------


def may_cancel(receipt: Receipt, user: User) -> bool:
    """Whether ``user`` may cancel what is valid: a supervisor of the office."""
    supervises = workflow.role_of(user) == "supervisor" and user.staff.office_id == receipt.office_id
    return supervises and receipt.kind == Kind.RECEIPT and receipt.cancellation is None


def cancel(
    receipt: Receipt, reason: str, *, actor: User, key: str, now: datetime, payer: str | None = None
) -> Receipt:
    """Cancel ``receipt`` by a document of its own, and return that; the same ``key`` gives the same one.

    With ``payer`` another receipt in that name is issued in its place. Raises ``MoveRefused``.
    """
    reason, name = clean(reason)[:300], None if payer is None else clean(payer)[:200]
    with transaction.atomic():
        order = _locked(receipt.order)
        own_key = f"{actor.pk}:{key}"[:120]
        if done := Receipt.objects.filter(key=own_key).first():
            return done
        locked = Receipt.objects.select_related("office", "cancelled_by").get(pk=receipt.pk)
        _check(locked, reason, name, actor)
        counter = _counter(locked, order, reason, actor=actor, key=own_key, now=now)
        if name is not None:
            _again(locked, order, name, actor=actor, now=now)
    return counter


def _check(receipt: Receipt, reason: str, name: str | None, actor: User) -> None:
    if receipt.cancellation is not None:
        words = _("This receipt was cancelled already, by %(code)s.")
        raise MoveRefused(words % {"code": receipt.cancellation.code})
    if not may_cancel(receipt, actor):
        raise MoveRefused(_("A supervisor of the office cancels its receipts."))
    if not reason:
        raise MoveRefused(_("Write the reason."), field="reason")
    if name == "":
        raise MoveRefused(_("Write in whose name the new receipt is."), field="payer")


def _counter(
    receipt: Receipt, order: ContributionOrder, reason: str, *, actor: User, key: str, now: datetime
) -> Receipt:
    """The document that cancels ``receipt``; the paper of that one is made again, marked."""
    counter = Receipt(
        kind=Kind.CANCELLATION,
        office=receipt.office,
        order=order,
        amount=receipt.amount,
        said=receipt.said,
        cancels=receipt,
        reason=reason,
        issued_by=actor,
    )
    made = _numbered(counter, now, key=key)
    outbox.enqueue(
        "payments.receipt_paper", key=f"{receipt.code}:{made.code}", about=receipt.code, receipt=receipt.pk
    )
    _tell("receipt_cancelled", receipt, reason=reason)
    return made


def _again(receipt: Receipt, order: ContributionOrder, name: str, *, actor: User, now: datetime) -> None:
    made = _of(order)
    made.said["payer"], made.replaces, made.issued_by = name, receipt, actor
    _numbered(made, now, key=f"again:{receipt.pk}")
    _tell("receipt_issued", made, amount=made.amount)


# --- Side effects --------------------------------------------------------------------------------


@outbox.handler("payments.receipt")
def issue_receipt(message: OutboxMessage) -> None:
    """An order was paid in full."""
    issue(ContributionOrder.objects.get(pk=message.payload["order"]), now=timezone.now())


@outbox.handler("payments.receipt_paper")
def make_receipt_paper(message: OutboxMessage) -> None:
    """The PDF of a receipt as things stand: marked once it is cancelled."""
    make_paper(every().get(pk=message.payload["receipt"]))
