"""Cash of monthly lists: owed from the release on, settled by what each paying point returns.

What was paid out stands against the post afterwards; what nobody collected goes back to the fund, and the
list that pays it again owes it anew.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from payments import ledger
from payments.models import Account, CashOrder
from portal import outbox
from portal.models import OutboxMessage, User
from procedures import paying
from procedures.offices import of_office
from procedures.paying import CashPoint, CashSettled

KIND = "pension"


def visible_to(user: User) -> QuerySet[CashOrder]:
    """The cash of the lists of the office of ``user``; all for who oversees the province."""
    return of_office(CashOrder.objects.select_related("office"), user)


@outbox.handler("payments.owe_pension_cash")
def owe(message: OutboxMessage) -> None:
    """Owe what the list ``list`` pays in cash, a paying point at a time, once."""
    number, now = int(message.payload["list"]), timezone.now()
    with transaction.atomic():
        for point in paying.cash_lists[KIND](number):
            _owed(number, point, now)


def _owed(number: int, point: CashPoint, now: datetime) -> None:
    order, new = CashOrder.objects.get_or_create(
        list_kind=KIND,
        list_id=number,
        pay_point=point.pay_point,
        defaults={
            "office": point.office,
            "name": point.name[:100],
            "rows": point.rows,
            "amount": point.amount,
            "made_at": now,
        },
    )
    if new:
        owed = ledger.transfer(point.amount, debit=Account.FUND, credit=Account.BENEFITS)
        key = f"cash:{order.pk}"
        ledger.post("list_cash_owed", owed, office=point.office, document=order, key=key, now=now)


@outbox.handler("payments.settle_pension_cash")
def settle(message: OutboxMessage) -> None:
    """Post the return ``cash_return`` that two persons have signed. Raises ``ValueError`` where it does not
    make up what was owed to the đồng: it then stands among the failed side effects.
    """
    found = paying.cash_settled[KIND](int(message.payload["cash_return"]))
    with transaction.atomic():
        owe(OutboxMessage(payload={"list": found.list_id}))  # a list released before cash was posted
        order = CashOrder.objects.select_for_update(of=("self",)).get(
            list_kind=KIND, list_id=found.list_id, pay_point=found.pay_point
        )
        if order.settled_at is not None:
            return
        if order.amount != found.paid + found.left:
            raise ValueError(f"cash of {order}: {order.amount} owed, {found.paid} + {found.left} returned")
        _post(order, found)
        order.paid, order.left, order.settled_at = found.paid, found.left, found.checked_at
        order.save(update_fields=["paid", "left", "settled_at"])


def _post(order: CashOrder, found: CashSettled) -> None:
    for kind, amount, credit in (
        ("list_cash_paid", found.paid, Account.LISTS),
        ("list_cash_left", found.left, Account.FUND),
    ):
        if amount > Decimal(0):
            ledger.post(
                kind,
                ledger.transfer(amount, debit=Account.BENEFITS, credit=credit),
                office=order.office,
                document=order,
                key=f"cash:{order.pk}:{kind}",
                now=found.checked_at,
                actor=found.checked_by,
            )
