"""What the offices owe: one amount to one person, and what came of it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.db import connection, models

from payments.models import PaymentOrder
from portal import outbox
from portal.models import OutboxMessage
from procedures.models import Bank, Dossier, Office

outcomes: dict[str, Callable[[PaymentOrder], None]] = {}
"""By kind of document: what is done when the bank has paid or refused an order. Safe to run twice."""


def order_payment(
    *,
    source: str,
    document: models.Model,
    office: Office,
    dossier: Dossier | None,
    payee: str,
    bank: Bank,
    account_number: str,
    amount: Decimal,
    purpose: str,
    key: str,
    now: datetime,
    follows: PaymentOrder | None = None,
) -> PaymentOrder:
    """Owe ``amount`` to ``payee`` for ``document``; the same ``key`` gives the order of the first time."""
    if not connection.in_atomic_block:
        raise RuntimeError("order_payment() belongs inside the transaction that decides about the money")
    order, _new = PaymentOrder.objects.get_or_create(
        key=key,
        defaults={
            "source": source,
            "document_kind": str(document._meta.model_name),
            "document_id": document.pk,
            "office": office,
            "dossier": dossier,
            "payee": payee,
            "bank": bank,
            "account_number": account_number,
            "amount": amount,
            "purpose": purpose[:140],
            "made_at": now,
            "follows": follows,
        },
    )
    return order


@outbox.handler("payments.payout_result")
def tell_outcome(message: OutboxMessage) -> None:
    """Tell what an order paid for that the bank has paid or refused it."""
    order = PaymentOrder.objects.select_related("dossier").get(pk=message.payload["order"])
    if tell := outcomes.get(order.document_kind):
        tell(order)
