"""Orders of contributions and the money that pays them."""

from datetime import date, datetime
from decimal import Decimal

from django.db import models, transaction
from django.utils.translation import gettext as _

from payments import ledger
from payments.models import Account, ContributionOrder, Posting
from portal import outbox

RECEIPT = "payments.receipt"
State = ContributionOrder.State


class OrderClosed(Exception):
    """The order takes no money and cannot be changed as asked; the message says why."""


def settle(
    order_id: int,
    amount: Decimal,
    *,
    line: models.Model | None,
    key: str,
    now: datetime,
    paid_on: date | None = None,
) -> ContributionOrder:
    """Take ``amount`` out of suspense for an order, once for ``key``; paid in full it gets its receipt.

    Raises ``OrderClosed`` where the order is not open any more, and ``ValueError`` for more than is left
    to pay: the caller splits.
    """
    with transaction.atomic():
        order = _locked(order_id)
        if Posting.objects.filter(key=key).exists():
            return order
        if order.state != State.OPEN:
            raise OrderClosed(_("The order %(reference)s is closed.") % {"reference": order.reference})
        if not 0 < amount <= order.amount - order.paid:
            raise ValueError(f"{order.reference}: {amount} of {order.amount}, {order.paid} paid before")
        lines = ledger.transfer(amount, debit=Account.SUSPENSE, credit=Account.RECEIVABLE)
        note = f"{line._meta.model_name} {line.pk}" if line is not None else ""
        ledger.post("settled", lines, office=order.office, document=order, key=key, now=now, note=note)
        order.paid += amount
        if order.paid == order.amount:
            order.state, order.closed_at = State.PAID, now
            if RECEIPT in outbox.handlers:
                outbox.enqueue(RECEIPT, key=key, order=order.pk)
        order.save(update_fields=["paid", "state", "closed_at"])
    return order


def _locked(order_id: int) -> ContributionOrder:
    orders = ContributionOrder.objects.select_related("office")
    return orders.select_for_update(of=("self",), no_key=True).get(pk=order_id)
