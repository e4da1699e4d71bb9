"""The only place that writes to the ledger.

A posting is written in the transaction of what causes it, once for its key. Nothing is ever changed:
what was wrong is posted back. The database refuses a posting that does not sum to zero, and every
update and delete.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection, models
from django.db.models import QuerySet, Sum

from payments.models import Account, Entry, OfficeAccount, Posting
from portal.models import User
from procedures.models import Office


@dataclass(frozen=True)
class Line:
    """One entry to be: debit positive, credit negative. ``bank_account`` for ``Account.BANK`` alone."""

    account: Account
    amount: Decimal
    bank_account: OfficeAccount | None = None


def post(
    kind: str,
    lines: Iterable[Line],
    *,
    office: Office,
    document: models.Model,
    key: str,
    now: datetime,
    actor: User | None = None,
    note: str = "",
) -> Posting:
    """Post ``lines`` for ``document``; the same ``key`` gives the posting of the first time.

    ``actor`` is empty where the portal itself acts. Raises ``RuntimeError`` outside a transaction and
    ``ValueError`` when the lines do not sum to zero or move nothing.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("post() belongs inside the transaction that moves the money")
    entries = [line for line in lines if line.amount]
    if len(entries) < 2 or sum((line.amount for line in entries), Decimal(0)):
        raise ValueError(f"{kind} {key}: entries that do not balance")
    posting, new = Posting.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "office": office,
            "document_kind": str(document._meta.model_name),
            "document_id": document.pk,
            "posted_at": now,
            "posted_by": actor,
            "note": note[:300],
        },
    )
    if new:
        Entry.objects.bulk_create(
            Entry(posting=posting, account=line.account, amount=line.amount, bank_account=line.bank_account)
            for line in entries
        )
    return posting


def transfer(
    amount: Decimal, *, debit: Account, credit: Account, bank_account: OfficeAccount | None = None
) -> list[Line]:
    """The two lines of ``amount`` from one account to another; ``bank_account`` is that of ``BANK``."""

    def line(account: Account, signed: Decimal) -> Line:
        return Line(account, signed, bank_account if account == Account.BANK else None)

    return [line(debit, amount), line(credit, -amount)]


def postings_of(document: models.Model) -> QuerySet[Posting]:
    """What the ledger says of a document, in order."""
    return (
        Posting.objects.filter(document_kind=document._meta.model_name, document_id=document.pk)
        .prefetch_related("entries")
        .order_by("id")
    )


def balance(account: Account, *, office: Office | None = None) -> Decimal:
    """Debits less credits of ``account``, of one office or of all."""
    entries = Entry.objects.filter(account=account)
    if office is not None:
        entries = entries.filter(posting__office=office)
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
