"""An account of an office, and orders that citizens made, for tests to go on from."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from payments import drafts, ledger
from payments.models import Account, ContributionDraft, ContributionOrder, OfficeAccount
from portal.models import User
from procedures.models import Office


def account(slug: str = "cam-ranh", **more: Any) -> OfficeAccount:
    """The account that contributions to an office come in on; the same one each time."""
    office = Office.objects.get(slug=slug)
    plain = {"bank_id": "970405", "holder": "BAO HIEM XA HOI CAM RANH", "office": office}
    found, _new = OfficeAccount.objects.get_or_create(
        number=f"470020{office.number}1234", defaults=plain | more
    )
    return found


def household_draft(payer: User, people: int = 2, *, months: int = 12) -> ContributionDraft:
    """A complete draft of ``payer`` for the first cards of a household."""
    draft = drafts.start(payer, "household", "register")
    names = ("NGUYỄN VĂN AN", "TRẦN THỊ BÍCH", "NGUYỄN THỊ CÚC", "NGUYỄN VĂN DŨNG", "NGUYỄN THỊ ÉN")
    rows = [
        {"full_name": name, "date_of_birth": f"19{60 + i}-05-01"} for i, name in enumerate(names[:people])
    ]
    drafts.save(draft, {"people": rows, "already": "", "months": str(months)}, now=timezone.now())
    return draft


def ordered(payer: User, people: int = 2, *, now: datetime | None = None) -> ContributionOrder:
    """An order of ``payer`` for a household, at the account of the office of Cam Ranh."""
    account()
    now = now or timezone.now()
    draft = household_draft(payer, people)
    return drafts.order(draft, seen=seen(draft, now), now=now)


def seen(draft: ContributionDraft, now: datetime | None = None) -> str:
    """The amount that the page of the quote shows."""
    return str(drafts.offer(draft, timezone.localdate(now)).quote.amount)


def received(order: ContributionOrder, amount: Decimal, *, key: str, now: datetime) -> None:
    """Post that money has come in, as a line of a statement does; call it inside a transaction."""
    lines = ledger.transfer(amount, debit=Account.BANK, credit=Account.SUSPENSE, bank_account=order.account)
    ledger.post("received", lines, office=order.office, document=order.account, key=key, now=now)
