"""Orders of contributions as the payment of a citizen leaves them."""

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from payments import ledger
from payments.models import Account, ContributionOrder, CoveredPerson, OfficeAccount
from portal.models import User
from procedures.models import Office

_numbers = itertools.count(1)


def account_of(office: Office) -> OfficeAccount:
    """The bank account of an office that contributions come in on."""
    number = f"37110{office.number}0000"
    made, _new = OfficeAccount.objects.get_or_create(
        bank_id="970418", number=number, defaults={"office": office, "holder": office.name.upper()}
    )
    return made


def order_of(
    payer: User, *people: tuple[str, int], office: str = "cam-ranh", **said: Any
) -> ContributionOrder:
    """An order of household health insurance for a year, to be paid; ``people`` with their amounts."""
    place, now = Office.objects.get(slug=office), said.pop("now", timezone.now())
    people, number = people or ((payer.full_name, 804_600),), next(_numbers)
    order = ContributionOrder.objects.create(
        reference=f"KH{number:08}",
        product="household",
        kind="renew",
        office=place,
        account=account_of(place),
        payer=payer,
        payer_name=payer.full_name,
        amount=Decimal(sum(amount for _name, amount in people)),
        quote={},
        made_at=now,
        expires_at=now + timedelta(days=3),
        key=f"order {number}",
        **said,
    )
    CoveredPerson.objects.bulk_create(
        CoveredPerson(
            order=order,
            position=position,
            full_name=name,
            insurance_number=f"56080{position:05}",
            first_month=date(2021, 8, 1),
            last_month=date(2022, 7, 1),
            amount=amount,
        )
        for position, (name, amount) in enumerate(people, start=1)
    )
    return order


def paid(order: ContributionOrder, *, now: datetime | None = None) -> ContributionOrder:
    """The same, the money having come."""
    now = now or timezone.now()
    order.paid, order.state, order.closed_at = order.amount, ContributionOrder.State.PAID, now
    order.save()
    lines = ledger.transfer(Decimal(order.amount), debit=Account.SUSPENSE, credit=Account.RECEIVABLE)
    with transaction.atomic():
        key = f"settled {order.pk}"
        ledger.post("settled", lines, office=order.office, document=order, key=key, now=now)
    return order
