"""A little money for the demo offices: accounts, orders in every state, and what the ledger says of them.

Amounts rest on no quote; what a newcomer sees of an order's calculation says so.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from payments import ledger
from payments.models import Account, ContributionOrder, CoveredPerson, OfficeAccount
from procedures import demo
from procedures.models import Bank, Office

State = ContributionOrder.State
OFFICES = {"cam-ranh": "4700000000014", "khanh-hoa": "4700000000022"}
BANK = "970405"
_MONTHLY = Decimal(154_000)  # what the poorest income cost from 2018 to 2021: 700.000 đ × 22 %


@dataclass(frozen=True)
class Story:
    """An order made ``days`` ago for ``months`` months, and how much of it came in."""

    days: int
    months: int
    state: str
    came: Decimal = Decimal(0)


def _stories() -> tuple[Story, ...]:
    return (
        Story(days=20, months=1, state=State.EXPIRED),
        Story(days=6, months=12, state=State.PAID),
        Story(days=4, months=3, state=State.CANCELLED),
        Story(days=3, months=6, state=State.PAID),
        Story(days=2, months=12, state=State.OPEN, came=_MONTHLY * 6),
        Story(days=1, months=3, state=State.OPEN),
    )


def build(now: datetime) -> int:
    """Accounts and orders of the demo offices that have none yet; returns how many orders were made."""
    made = 0
    for slug, number in OFFICES.items():
        office = Office.objects.get(slug=slug)
        account = account_of(office, number)
        if ContributionOrder.objects.filter(office=office).exists():
            continue
        chance = random.Random(f"money {slug}")  # noqa: S311
        for index, story in enumerate(_stories()):
            _order(account, story, f"demo:{slug}:{index}", chance, now)
            made += 1
    return made


def account_of(office: Office, number: str) -> OfficeAccount:
    """The invented account of ``office``."""
    account, _new = OfficeAccount.objects.get_or_create(
        bank=Bank.objects.get(bin=BANK),
        number=number,
        defaults={"office": office, "holder": office.name.upper()},
    )
    return account


@transaction.atomic
def _order(account: OfficeAccount, story: Story, key: str, chance: random.Random, now: datetime) -> None:
    who = demo.person(chance, chance.choice(demo.WARDS[account.office.slug]))
    amount = _MONTHLY * story.months
    made_at = now - timedelta(days=story.days, minutes=chance.randint(1, 300))
    order = ContributionOrder.objects.create(
        reference=f"KH{chance.randrange(10**8):08}",
        product="voluntary",
        kind="register",
        office=account.office,
        account=account,
        payer=demo.citizen(who),
        payer_name=who.full_name,
        amount=amount,
        quote=_quote(story.months, amount),
        made_at=made_at,
        expires_at=made_at + timedelta(days=7),
        key=key,
    )
    first = timezone.localdate(made_at).replace(day=1)
    CoveredPerson.objects.create(
        order=order,
        position=1,
        full_name=who.full_name,
        insurance_number=who.number,
        first_month=first,
        last_month=(first + timedelta(days=31 * (story.months - 1))).replace(day=1),
        income=Decimal(700_000),
        amount=amount,
    )
    _tell(order, story, key)


def _quote(months: int, amount: Decimal) -> dict[str, object]:
    return {
        "steps": [
            {"words": "Dữ liệu mẫu: mức đóng một tháng", "amount": str(_MONTHLY)},
            {"words": f"{months} tháng", "amount": str(amount)},
        ],
        "figures": [],
    }


def _tell(order: ContributionOrder, story: Story, key: str) -> None:
    """Post what became of the order, and note it there."""
    at = order.made_at
    _post(order, "ordered", Account.RECEIVABLE, Account.FUND, order.amount, key, at)
    came = order.amount if story.state == State.PAID else story.came
    if came:
        at += timedelta(hours=5)
        _post(order, "received", Account.BANK, Account.SUSPENSE, came, key, at)
        _post(order, "settled", Account.SUSPENSE, Account.RECEIVABLE, came, key, at)
    elif story.state != State.OPEN:
        at += timedelta(days=8 if story.state == State.EXPIRED else 1)
        _post(order, "withdrawn", Account.FUND, Account.RECEIVABLE, order.amount, key, at)
    order.paid, order.state = came, story.state
    order.closed_at = None if story.state == State.OPEN else at
    order.save(update_fields=["paid", "state", "closed_at"])


def _post(
    order: ContributionOrder,
    kind: str,
    debit: Account,
    credit: Account,
    amount: Decimal,
    key: str,
    at: datetime,
) -> None:
    lines = ledger.transfer(amount, debit=debit, credit=credit, bank_account=order.account)
    ledger.post(kind, lines, office=order.office, document=order, key=f"{key}:{kind}", now=at)
