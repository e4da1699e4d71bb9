"""Orders of contributions from the pressed button to the money: made, settled, expired, cancelled.

An order is locked before it changes, and changes in the transaction that posts to the ledger. Made: Dr
receivable / Cr fund; expired or cancelled: back again; settled: Dr suspense / Cr receivable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import ledger, quotes, references
from payments.models import (
    Account,
    ContributionDraft,
    ContributionOrder,
    CoveredPerson,
    OfficeAccount,
    Posting,
)
from payments.quotes import Quote
from portal import notices, outbox
from portal.dated import later, valid
from portal.models import User
from portal.text import dong
from procedures import offices
from procedures.models import Office, StaffMember

State = ContributionOrder.State
RECEIPT = "payments.receipt"  # the outbox topic of an order that is paid in full


class OrderClosed(Exception):
    """The order takes no money and cannot be changed as asked; the message says why."""


class AmountChanged(Exception):
    """What is to be paid is not what the page showed."""


class NoAccount(LookupError):
    """The office has no account that contributions could come in on."""

    def __init__(self, office: Office) -> None:
        super().__init__(f"no account for contributions at {office}")
        self.office = office


@dataclass(frozen=True)
class Person:
    """Who is covered, as typed and cleaned."""

    full_name: str
    insurance_number: str = ""
    date_of_birth: str = ""
    income: Decimal | None = None
    method: str = ""
    card_ends: date | None = None


# --- Who may see what ----------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[ContributionOrder]:
    """The orders ``user`` may see: a citizen's own; of the staff's office, or of all for who oversees all."""
    orders = ContributionOrder.objects.all()
    if not user.is_authenticated or not user.is_active:
        return orders.none()
    if not user.is_staff:
        return orders.filter(payer=user)
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return orders.none()
    if staff.oversees_province:
        return orders
    return orders.filter(office_id__in=offices.kept_by(staff.office_id))


def get_for(user: User, reference: str) -> ContributionOrder:
    """The order ``reference`` if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    found = visible_to(user).select_related("office", "account__bank")
    return get_object_or_404(found, reference=reference)


# --- Made ----------------------------------------------------------------------------------------


def account_for(office: Office, on: date) -> OfficeAccount:
    """The account of ``office`` that contributions come in on that day; raises ``NoAccount``."""
    purpose = OfficeAccount.Purpose
    own_first = Case(When(purpose=purpose.IN, then=Value(0)), default=Value(1))
    found = OfficeAccount.objects.filter(valid(on), office=office).exclude(purpose=purpose.OUT)
    account = found.select_related("bank").order_by(own_first, "id").first()
    if account is None:
        raise NoAccount(office)
    return account


def make(
    draft: ContributionDraft,
    quote: Quote,
    people: Sequence[Person],
    *,
    told: dict[str, Any],
    account: OfficeAccount,
    seen: str,
    now: datetime,
) -> ContributionOrder:
    """Order what ``draft`` asks for: once, whatever is pressed how often.

    ``people`` and the shares of ``quote`` go together; ``told`` is what the order keeps of how the amount
    came about; ``seen`` the amount that the page showed. Raises ``AmountChanged``.
    """
    with transaction.atomic():
        locked = ContributionDraft.objects.select_for_update(of=("self",), no_key=True).get(pk=draft.pk)
        if locked.order is not None:
            return locked.order
        if seen != str(quote.amount):
            raise AmountChanged
        order = ContributionOrder.objects.create(
            reference=_new_reference(),
            product=locked.product,
            kind=locked.kind,
            office_id=account.office_id,
            account=account,
            payer=draft.owner,
            payer_name=draft.owner.full_name,
            amount=quote.amount,
            quote=told,
            made_at=now,
            expires_at=expires(quote, now),
            key=f"draft:{locked.pk}",
        )
        _cover(order, quote, people)
        charge(order, order.amount, "ordered", now)
        locked.order = order
        locked.save(update_fields=["order"])
    return order


def _new_reference() -> str:
    while ContributionOrder.objects.filter(reference=(reference := references.new())).exists():
        continue
    return reference


def expires(quote: Quote, now: datetime) -> datetime:
    """The end of the last day to pay: some days from now, while the quote holds."""
    day = timezone.localdate(now) + timedelta(days=settings.ORDER_DAYS)
    last = min(day, quote.holds_until or day)
    return timezone.make_aware(datetime.combine(last, time(23, 59, 59)))


def _cover(order: ContributionOrder, quote: Quote, people: Sequence[Person]) -> None:
    CoveredPerson.objects.bulk_create(
        CoveredPerson(
            order=order,
            position=number,
            **{k: v for k, v in asdict(person).items() if k != "card_ends"},
            **asdict(share),
        )
        for number, (person, share) in enumerate(zip(people, quote.shares, strict=True), start=1)
    )


def charge(
    order: ContributionOrder, amount: Decimal, kind: str, now: datetime, actor: User | None = None
) -> None:
    """Charge ``amount`` to the payer of the locked ``order``; a negative one takes it back."""
    lines = ledger.transfer(amount, debit=Account.RECEIVABLE, credit=Account.FUND)
    key = key_of(order, kind)
    ledger.post(kind, lines, office=order.office, document=order, key=key, now=now, actor=actor)


def key_of(order: ContributionOrder, kind: str) -> str:
    """The key of the next posting of ``kind`` for the locked ``order``: it may be opened again."""
    posted = ledger.postings_of(order).filter(kind=kind).count()
    return f"order:{order.pk}:{kind}:{posted + 1}" if posted else f"order:{order.pk}:{kind}"


# --- Paid ----------------------------------------------------------------------------------------


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

    ``line`` is the line of a statement that brought it, ``paid_on`` the day the bank booked it (else that of
    ``now``), from which new cards are dated. Raises ``OrderClosed`` where the order is not
    open any more, and ``ValueError`` for more than is left to pay: the caller splits.
    """
    with transaction.atomic():
        order = locked(order_id)
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
            _paid_in_full(order, key, now, paid_on or timezone.localdate(now))
        else:
            _tell_missing(order, key)
        order.save(update_fields=["paid", "state", "closed_at"])
    return order


def _tell_missing(order: ContributionOrder, key: str) -> None:
    facts = {"page": "contribution", "paid": dong(order.paid), "left": dong(order.amount - order.paid)}
    notices.notify(order.payer, "order_part_paid", about=order.reference, facts=facts, key=f"part:{key}")


def _paid_in_full(order: ContributionOrder, key: str, now: datetime, paid_on: date) -> None:
    order.state, order.closed_at = State.PAID, now
    date_cards({order.pk: paid_on})
    outbox.enqueue(RECEIPT, key=key, order=order.pk)


def date_cards(paid_on: Mapping[int, date]) -> None:
    """Cards are valid by the day of the payment, here by order: an order foresaw the day it was made."""
    covered = CoveredPerson.objects.filter(order__in=paid_on, card_from__isnull=False)
    people = list(covered.select_related("order"))
    for person in people:
        _date_card(person, paid_on[person.order_id])
    CoveredPerson.objects.bulk_update(people, ["card_from", "card_to", "first_month", "last_month"])


def _date_card(person: CoveredPerson, paid_on: date) -> None:
    facts = person.order.quote["card_rules"]
    before = person.order.quote["card_ends"][person.position - 1]
    old_ends = date.fromisoformat(before) if before else None
    start, end = quotes.card_dates(old_ends, paid_on=paid_on, **facts)
    first = start.replace(day=1)
    person.card_from, person.card_to, person.first_month = start, end, first
    person.last_month = later(first, facts["months"] - 1)


def locked(order_id: int) -> ContributionOrder:
    orders = ContributionOrder.objects.select_related("office", "payer")
    return orders.select_for_update(of=("self",), no_key=True).get(pk=order_id)


# --- Not paid ------------------------------------------------------------------------------------


def cancel(order: ContributionOrder, *, actor: User, now: datetime) -> ContributionOrder:
    """Cancel an open order before any money came; one cancelled already stays so.

    Raises ``OrderClosed`` for one that is paid, partly paid or expired.
    """
    with transaction.atomic():
        held = locked(order.pk)
        if held.state == State.CANCELLED:
            return held
        if held.state != State.OPEN or held.paid:
            raise OrderClosed(_refusal(held))
        return withdraw(held, State.CANCELLED, now, actor)


def _refusal(order: ContributionOrder) -> str:
    if order.state == State.EXPIRED:
        return _("The order has expired already.")
    return _("Money has arrived for this order: ask for it back on the page of the order.")


def expire_due(now: datetime) -> int:
    """Expire what was not paid in time, each by itself; return how many.

    Transfers of the last day stand in the statement of the next working day, so orders wait
    ``ORDER_GRACE_DAYS`` longer than people are told. What is partly paid ends otherwise (``part_paid``).
    """
    late = now - timedelta(days=settings.ORDER_GRACE_DAYS)
    due = ContributionOrder.objects.filter(state=State.OPEN, expires_at__lt=late, paid=0).order_by("pk")
    return sum(expire(pk, now=now) for pk in list(due.values_list("pk", flat=True)))


def expire(order_id: int, *, now: datetime) -> bool:
    """Expire an open order nobody has paid anything for; False where it was not open any more."""
    with transaction.atomic():
        order = locked(order_id)
        if order.state != State.OPEN or order.paid:
            return False
        withdraw(order, State.EXPIRED, now)
        told = {"page": "contribution"}
        key = f"order:{order.pk}:expired"
        notices.notify(order.payer, "order_expired", about=order.reference, facts=told, key=key)
    return True


def withdraw(
    order: ContributionOrder, state: str, now: datetime, actor: User | None = None
) -> ContributionOrder:
    """End the locked ``order``: nothing is charged any more."""
    charge(order, -order.amount, "withdrawn", now, actor)
    order.state, order.closed_at = state, now
    order.save(update_fields=["state", "closed_at"])
    return order


def open_orders(user: User, product: str) -> list[ContributionOrder]:
    """What ``user`` has ordered already and not paid yet, of ``product``."""
    mine = Q(payer=user, product=product, state=State.OPEN)
    return list(ContributionOrder.objects.filter(mine).order_by("-pk")[:5])
