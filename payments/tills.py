"""Cash of the offices: drawn from the bank, kept in a till, counted and closed each day to the đồng.

Whatever moves cash holds the row of the office, last of all its locks: the balance cannot go below nothing,
and a day is closed between two movements. Drawn: Dr cash / Cr bank.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import batches, ledger
from payments.models import Account, CashDay, CashSupply, Entry, OfficeAccount, Place
from portal.models import User
from portal.text import clean, dong
from procedures import workflow
from procedures.models import Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

ACCOUNTS = {Place.COUNTER: Account.CASH, Place.POST: Account.POST}
WORKERS = frozenset({"clerk", "supervisor"})
NOTES = (500_000, 200_000, 100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000, 500, 200)
"""Notes in use, in đồng."""
Supply, Day = CashSupply.State, CashDay.State


def account(place: str) -> Account:
    """The account of the ledger that money paid at ``place`` comes from."""
    return ACCOUNTS[Place(place)]


def may_work(user: User, office_id: int) -> bool:
    """Clerks and supervisors handle the cash of their own office."""
    return workflow.role_of(user) in WORKERS and user.staff.office_id == office_id


def lock(office_id: int) -> Office:
    """Nobody else moves cash of the office until the transaction ends."""
    return Office.objects.select_for_update(no_key=True).get(pk=office_id)


def open_for(office: Office, place: str, today: date) -> None:
    """Raise ``MoveRefused`` where the till of the locked ``office`` may not be moved today."""
    if place != Place.COUNTER:
        return
    if standing(office).filter(day__gte=today).exists():
        raise MoveRefused(_("The till is closed for today: cash moves again tomorrow."))
    first = unclosed_since(office)
    if first is not None and first < today:
        words = _("The till of %(day)s has not been closed: count it first.")
        raise MoveRefused(words % {"day": f"{first:%d/%m/%Y}"})


# --- Drawn ---------------------------------------------------------------------------------------


def supplies(user: User) -> QuerySet[CashSupply]:
    people = ("asked_by", "decided_by")
    return of_office(CashSupply.objects.select_related("office", "account__bank", *people), user)


def ask(
    place: str,
    source: OfficeAccount | None,
    amount: Decimal,
    *,
    reference: str,
    actor: User,
    key: str,
    now: datetime,
) -> CashSupply:
    """Ask to draw ``amount`` for a till; the same ``key`` gives it again. Raises ``MoveRefused``."""
    if source is None or source.office_id != actor.staff.office_id or not may_work(actor, source.office_id):
        raise MoveRefused(_("Choose the account of your office that it is drawn from."), field="account")
    if amount <= 0:
        raise MoveRefused(_("The amount must be more than nothing."), field="amount")
    own_key = f"{actor.pk}:{key}"[:120]
    made, _new = CashSupply.objects.get_or_create(
        key=own_key,
        defaults={
            "office_id": source.office_id,
            "place": Place(place),
            "account": source,
            "amount": amount,
            "reference": clean(reference)[:60],
            "asked_by": actor,
            "asked_at": now,
        },
    )
    return made


def may_decide(user: User, supply: CashSupply) -> bool:
    waits = supply.state == Supply.ASKED and user.pk != supply.asked_by_id
    return waits and batches.may_decide(user, supply.office_id)


def decide(supply: CashSupply, *, approve: bool, actor: User, now: datetime, reason: str = "") -> CashSupply:
    """Approve what somebody else asked for, once the cash is there, or decline it. Raises ``MoveRefused``."""
    why = clean(reason)[:300]
    if not approve and not why:
        raise MoveRefused(_("Please write the reason."), field="note")
    with transaction.atomic():
        locked = CashSupply.objects.select_for_update(of=("self",)).get(pk=supply.pk)
        if not may_decide(actor, locked):
            raise MoveRefused(_("Another person than the one who asked must decide: a supervisor."))
        locked.state = Supply.DONE if approve else Supply.DECLINED
        locked.decided_by, locked.decided_at, locked.reason = actor, now, "" if approve else why
        if approve:
            _draw(locked, actor, now)
        locked.save()
    return locked


def _draw(supply: CashSupply, actor: User, now: datetime) -> None:
    office = lock(supply.office_id)
    open_for(office, supply.place, timezone.localdate(now))
    lines = ledger.transfer(
        supply.amount, debit=account(supply.place), credit=Account.BANK, bank_account=supply.account
    )
    key = f"cash_drawn:{supply.pk}"
    ledger.post(
        "cash_drawn", lines, office=office, document=supply, key=key, now=now, actor=actor,
        note=supply.reference,
    )  # fmt: skip


# --- Closed each day -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Book:
    """What the ledger says of a till since its last closing."""

    day: date
    opening: Decimal
    supplied: Decimal
    paid: Decimal
    last_posting: int

    @property
    def balance(self) -> Decimal:
        return self.opening + self.supplied - self.paid


def days(user: User) -> QuerySet[CashDay]:
    return of_office(CashDay.objects.select_related("office", "counted_by", "confirmed_by"), user)


def standing(office: Office) -> QuerySet[CashDay]:
    """The closings that hold: those sent back are kept, but count no more."""
    return CashDay.objects.filter(office=office).exclude(state=Day.SENT_BACK)


def _moved(office: Office) -> tuple[CashDay | None, QuerySet[Entry]]:
    """The last closing, and the entries of the till since."""
    last = standing(office).order_by("-day").first()
    entries = Entry.objects.filter(account=Account.CASH, posting__office=office)
    return last, entries.filter(posting__gt=last.last_posting) if last else entries


def unclosed_since(office: Office) -> date | None:
    """The first day with movements that no closing holds; None where there is none."""
    _last, entries = _moved(office)
    at = entries.order_by("posting_id").values_list("posting__posted_at", flat=True).first()
    return timezone.localdate(at) if at else None


def book(office: Office, today: date) -> Book:
    """What is to be counted now: of the first day that is not closed, or of today."""
    last, entries = _moved(office)
    sums = entries.aggregate(
        supplied=Sum("amount", filter=Q(amount__gt=0)), paid=Sum("amount", filter=Q(amount__lt=0))
    )
    newest = entries.order_by("-posting_id").values_list("posting_id", flat=True).first()
    return Book(
        day=unclosed_since(office) or today,
        opening=last.book if last else Decimal(0),
        supplied=sums["supplied"] or Decimal(0),
        paid=-(sums["paid"] or Decimal(0)),
        last_posting=newest or (last.last_posting if last else 0),
    )


def count(pieces: dict[int, int], *, reason: str, seen: str, actor: User, key: str, now: datetime) -> CashDay:
    """Close the till of the actor's office: ``pieces`` is how many notes of each value lie in it.

    ``seen`` is the balance that the page showed. Raises ``MoveRefused``: for a difference without
    ``reason`` too. The same ``key`` gives the same closing.
    """
    own_key = f"{actor.pk}:{key}"[:120]
    with transaction.atomic():
        office = lock(actor.staff.office_id)
        if made := CashDay.objects.filter(key=own_key).first():
            return made
        if not may_work(actor, office.pk):
            raise MoveRefused(_("Only staff of the office close its till."))
        told = book(office, timezone.localdate(now))
        _check_count(office, told, seen)
        counted = Decimal(sum(value * number for value, number in pieces.items()))
        why = clean(reason)[:300]
        if counted != told.balance and not why:
            words = _("Counted were %(counted)s, the ledger says %(book)s: count again, or write why.")
            shown = {"counted": dong(counted) or "0 đ", "book": dong(told.balance) or "0 đ"}
            raise MoveRefused(words % shown, field="reason")
        return _closed(office, told, counted, pieces, why, actor, own_key, now)


def _check_count(office: Office, told: Book, seen: str) -> None:
    if standing(office).filter(day__gte=told.day).exists():
        raise MoveRefused(_("The till of this day is closed already."))
    if seen != str(told.balance):
        raise MoveRefused(_("Cash has moved since you looked. Please look again."))


def _closed(
    office: Office,
    told: Book,
    counted: Decimal,
    pieces: dict[int, int],
    why: str,
    actor: User,
    key: str,
    now: datetime,
) -> CashDay:
    return CashDay.objects.create(
        office=office,
        day=told.day,
        opening=told.opening,
        supplied=told.supplied,
        paid=told.paid,
        book=told.balance,
        counted=counted,
        pieces={str(value): number for value, number in pieces.items() if number},
        last_posting=told.last_posting,
        reason=why if counted != told.balance else "",
        counted_by=actor,
        counted_at=now,
        key=key,
    )


def may_confirm(user: User, day: CashDay) -> bool:
    waits = day.state == Day.COUNTED and user.pk != day.counted_by_id
    return waits and batches.may_decide(user, day.office_id)


def confirm(day: CashDay, *, right: bool, actor: User, now: datetime, note: str = "") -> CashDay:
    """Confirm what somebody else counted, or have it counted again. Raises ``MoveRefused``."""
    why = clean(note)[:300]
    if not right and not why:
        raise MoveRefused(_("Please write the reason."), field="note")
    with transaction.atomic():
        locked = CashDay.objects.select_for_update(of=("self",)).get(pk=day.pk)
        lock(locked.office_id)
        if not may_confirm(actor, locked):
            raise MoveRefused(_("Another person than the one who counted must confirm: a supervisor."))
        if not right and CashDay.objects.filter(office=locked.office_id, day__gt=locked.day).exists():
            raise MoveRefused(_("A later day has been closed: this one stays."))
        locked.state = Day.CONFIRMED if right else Day.SENT_BACK
        locked.confirmed_by, locked.confirmed_at, locked.note = actor, now, "" if right else why
        locked.save()
    return locked
