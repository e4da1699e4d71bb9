"""Accounts, orders and postings for tests of money."""

import itertools
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from payments import ledger
from payments.models import Account, ContributionOrder, OfficeAccount, PaymentOrder, Posting
from portal.models import User
from procedures.models import Bank, Office

_counter = itertools.count(1)


def account(slug: str = "cam-ranh", number: str = "") -> OfficeAccount:
    """A bank account of an office."""
    office = Office.objects.get(slug=slug)
    found, _new = OfficeAccount.objects.get_or_create(
        bank=Bank.objects.get(bin="970405"),
        number=number or f"4700{office.pk:09}",
        defaults={"office": office, "holder": office.name.upper()},
    )
    return found


def order(payer: User, amount: int = 804_600, *, slug: str = "cam-ranh", **facts: Any) -> ContributionOrder:
    """An open order as it is made, charged in the ledger."""
    now, number = timezone.now(), next(_counter)
    made = ContributionOrder.objects.create(
        **{
            "reference": f"KHT{number:07}",
            "product": "household",
            "kind": "register",
            "office": Office.objects.get(slug=slug),
            "account": account(slug),
            "payer": payer,
            "payer_name": payer.full_name,
            "amount": Decimal(amount),
            "quote": {"steps": [], "figures": []},
            "made_at": now,
            "expires_at": now + timedelta(days=7),
            "key": f"test:{number}",
            **facts,
        }
    )
    moved(made, "ordered", Account.RECEIVABLE, Account.FUND, amount)
    return made


def pay(made: ContributionOrder, amount: int) -> None:
    """Money for an order comes in and settles it, as a statement would."""
    moved(made, "received", Account.BANK, Account.SUSPENSE, amount)
    moved(made, "settled", Account.SUSPENSE, Account.RECEIVABLE, amount)
    made.paid += amount
    if made.paid == made.amount:
        made.state, made.closed_at = "paid", timezone.now()
    made.save()


def payment_order(amount: int = 500_000, *, slug: str = "cam-ranh", **facts: Any) -> PaymentOrder:
    """Something an office owes to somebody."""
    return PaymentOrder.objects.create(
        **{
            "office": Office.objects.get(slug=slug),
            "source": "refund",
            "document_kind": "refund",
            "document_id": 1,
            "payee": "LE THI HANH",
            "bank": Bank.objects.get(bin="970405"),
            "account_number": "4700123456789",
            "amount": Decimal(amount),
            "purpose": "hoan tra",
            "made_at": timezone.now(),
            "key": f"test:{next(_counter)}",
            **facts,
        }
    )


def moved(
    document: Any,
    kind: str,
    debit: Account,
    credit: Account,
    amount: int,
    *,
    key: str = "",
    now: datetime | None = None,
    note: str = "",
) -> Posting:
    """Post ``amount`` for ``document`` at its office."""
    office = document.office
    lines = ledger.transfer(Decimal(amount), debit=debit, credit=credit, bank_account=account(office.slug))
    return ledger.post(
        kind,
        lines,
        office=office,
        document=document,
        key=key or f"test:{next(_counter)}",
        now=now or timezone.now(),
        note=note,
    )


def unguarded(statement: str, *values: Any) -> None:
    """What somebody with the keys of the database could do: no trigger stands in the way."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def check_now() -> None:
    """What the database checks when a transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
