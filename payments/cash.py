"""Lump sums in cash: a voucher is made out by who decides, paid by another, and signed for on paper.

Locks: the dossier, the lump sum, its voucher, the office. Paid: Dr benefits payable / Cr cash at the counter,
or cash with the post, never more than lies there.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import batches, ledger, tills
from payments.models import Account, CashVoucher, LumpSum, Place
from portal.models import User
from portal.text import clean, dong
from procedures import paying
from procedures.models import Dossier, Office
from procedures.offices import of_office
from procedures.workflow import MoveRefused

State = CashVoucher.State
PLACES = {"cash_office": Place.COUNTER, "cash_post": Place.POST}
"""Where money is handed out, by the answer ``pay_method`` of a dossier."""


def visible_to(user: User) -> QuerySet[CashVoucher]:
    """The vouchers ``user`` may see."""
    related = ("office", "dossier", "lump_sum", "made_by", "paid_by", "cancelled_by")
    return of_office(CashVoucher.objects.select_related(*related), user)


def place_of(dossier: Dossier) -> Place | None:
    """Where the citizen wants the cash; None for who wants it in an account."""
    return PLACES.get(str(dossier.answers.get("pay_method", "")))


# --- Made out ------------------------------------------------------------------------------------


def make(lump_sum: LumpSum, place: str, *, actor: User, key: str, now: datetime) -> CashVoucher:
    """The voucher of a decided lump sum, under the next number; the caller holds dossier and lump sum.

    The same ``key`` gives it again.
    """
    office = tills.lock(lump_sum.office_id)
    if made := CashVoucher.objects.filter(key=key).first():
        return made
    year = timezone.localdate(now).year
    voucher = CashVoucher.objects.create(
        office=office,
        place=place,
        year=year,
        number=_next(office, year),
        lump_sum=lump_sum,
        dossier=lump_sum.dossier,
        payee=lump_sum.dossier.applicant[:200],
        amount=lump_sum.amount,
        made_by=actor,
        made_at=now,
        key=key,
    )
    facts = {"cash": str(voucher), "place": place, "office": office.name}
    paying.note(lump_sum.dossier, paying.ORDERED, actor=None, key=f"cash:{voucher.pk}", facts=facts, now=now)
    return voucher


def _next(office: Office, year: int) -> int:
    numbers = CashVoucher.objects.filter(office=office, year=year).order_by("-number")
    return (numbers.values_list("number", flat=True).first() or 0) + 1


def may_make(user: User, lump_sum: LumpSum) -> bool:
    """Whether ``user`` may make out another voucher after the last was cancelled."""
    return (
        lump_sum.state == LumpSum.State.DECIDED
        and place_of(lump_sum.dossier) is not None
        and batches.may_decide(user, lump_sum.office_id)
        and not lump_sum.vouchers.exclude(state=State.CANCELLED).exists()
    )


def make_again(lump_sum: LumpSum, place: str, *, actor: User, key: str, now: datetime) -> CashVoucher:
    """Another voucher, perhaps at another place. Raises ``MoveRefused``."""
    if place not in Place.values:
        raise MoveRefused(_("Choose where it is paid."), field="place")
    own_key = f"{actor.pk}:{key}"[:120]
    with transaction.atomic():
        dossier = Dossier.objects.select_for_update(no_key=True).get(pk=lump_sum.dossier_id)
        locked = LumpSum.objects.select_for_update(no_key=True).get(pk=lump_sum.pk)
        locked.dossier = dossier
        if made := CashVoucher.objects.filter(key=own_key).first():
            return made
        if not may_make(actor, locked):
            raise MoveRefused(_("A voucher stands already, or this sum is not to be paid in cash."))
        return make(locked, place, actor=actor, key=own_key, now=now)


# --- Paid ----------------------------------------------------------------------------------------


def may_pay(user: User, voucher: CashVoucher) -> bool:
    """Another person of the office than who decided the amount, and than who made the voucher out."""
    waits = voucher.state == State.MADE and user.pk not in {
        voucher.made_by_id,
        voucher.lump_sum.decided_by_id,
    }
    return waits and tills.may_work(user, voucher.office_id)


def pay(
    voucher: CashVoucher, *, collected_by: str, signed: bool, note: str, actor: User, now: datetime
) -> CashVoucher:
    """Note that the money was handed out against a signed receipt; paying twice pays once.

    ``signed``: the receipt is signed and the identity paper was looked at. Raises ``MoveRefused``.
    """
    who = clean(collected_by)[:200]
    if not who:
        raise MoveRefused(_("Who signed the receipt?"), field="collected_by")
    if not signed:
        raise MoveRefused(_("First the receipt is signed, then the money is noted as paid."), field="signed")
    with transaction.atomic():
        locked = _lock(voucher)
        if locked.state == State.PAID and locked.paid_by_id == actor.pk:
            return locked
        if not may_pay(actor, locked):
            raise MoveRefused(_("Another person than who made the voucher out pays it, once."))
        _hand_out(locked, actor, now)
        locked.state, locked.paid_by, locked.paid_at = State.PAID, actor, now
        locked.collected_by, locked.note = who, clean(note)[:300]
        locked.save()
        facts = {"cash": str(locked), "signed_by": who}
        key = f"cash:{locked.pk}:paid"
        paying.note(locked.dossier, paying.PAID, actor=None, key=key, facts=facts, now=now)
    return locked


def _lock(voucher: CashVoucher) -> CashVoucher:
    """The voucher, its dossier and lump sum locked first."""
    dossier = Dossier.objects.select_for_update(no_key=True).get(pk=voucher.dossier_id)
    LumpSum.objects.select_for_update(no_key=True).get(pk=voucher.lump_sum_id)
    locked = CashVoucher.objects.select_for_update(of=("self",)).get(pk=voucher.pk)
    locked.dossier = dossier
    return locked


def _hand_out(voucher: CashVoucher, actor: User, now: datetime) -> None:
    office = tills.lock(voucher.office_id)
    tills.open_for(office, voucher.place, timezone.localdate(now))
    source = tills.account(voucher.place)
    there = ledger.balance(source, office=office)
    if there < voucher.amount:
        words = _("Only %(there)s is there: draw cash first.")
        raise MoveRefused(words % {"there": dong(there) or "0 đ"})
    lines = ledger.transfer(voucher.amount, debit=Account.BENEFITS, credit=source)
    key = f"cash_paid:{voucher.pk}"
    ledger.post("cash_paid", lines, office=office, document=voucher, key=key, now=now, actor=actor)


# --- Not paid ------------------------------------------------------------------------------------


def may_cancel(user: User, voucher: CashVoucher) -> bool:
    return voucher.state == State.MADE and batches.may_decide(user, voucher.office_id)


def cancel(voucher: CashVoucher, reason: str, *, actor: User, now: datetime) -> CashVoucher:
    """Cancel a voucher that was not paid; the sum stays owed. Raises ``MoveRefused``."""
    why = clean(reason)[:300]
    if not why:
        raise MoveRefused(_("Please write the reason."), field="reason")
    with transaction.atomic():
        locked = _lock(voucher)
        if not may_cancel(actor, locked):
            raise MoveRefused(_("This voucher was paid or cancelled already, or you may not cancel it."))
        locked.state, locked.reason = State.CANCELLED, why
        locked.cancelled_by, locked.cancelled_at = actor, now
        locked.save()
    return locked
