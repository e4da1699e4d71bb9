"""Payment orders: what an office owes to one person and pays through its bank."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from django.db import connection, models

from payments.models import PaymentOrder
from procedures.models import Bank, Dossier, Office

outcomes: dict[str, Callable[[PaymentOrder], None]] = {}
"""By ``document_kind``: told of an order that was paid, rejected or returned; safe to be told twice."""


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
    """Order ``amount`` for ``payee``; the same ``key`` gives the order of the first time."""
    if not connection.in_atomic_block:
        raise RuntimeError("a payment is ordered in the transaction that decides it")
    order, _new = PaymentOrder.objects.get_or_create(
        key=key,
        defaults={
            "source": source,
            "document_kind": str(document._meta.model_name),
            "document_id": document.pk,
            "office": office,
            "dossier": dossier,
            "payee": payee.strip()[:100],
            "bank": bank,
            "account_number": account_number,
            "amount": amount,
            "purpose": purpose.strip()[:140],
            "made_at": now,
            "follows": follows,
        },
    )
    return order
