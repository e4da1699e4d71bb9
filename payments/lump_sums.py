"""Lump sums of approved dossiers: one person writes the amount down, another decides, then it is ordered."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from payments import batches, cash, ledger, payouts
from payments.models import Account, CashVoucher, LumpSum, PaymentOrder
from portal.models import User
from portal.sealing import opened
from portal.text import clean, masked
from procedures import paying
from procedures.models import Bank, Dossier
from procedures.offices import of_office
from procedures.parcels import may_work
from procedures.workflow import MoveRefused

State = LumpSum.State
# Procedures whose result is one sum of money, paid to an account in the answers or in cash.
PROCEDURES = frozenset({"lump-sum"})
METHODS = ("bank_transfer", *cash.PLACES)
_DECIDED = ("approved", "dispatched", "returned")


def visible_to(user: User) -> QuerySet[LumpSum]:
    """The lump sums ``user`` may see."""
    related = ("office", "dossier__version__procedure", "recorded_by", "decided_by")
    return of_office(LumpSum.objects.select_related(*related), user)


def waiting(user: User) -> QuerySet[Dossier]:
    """Approved dossiers ``user`` sees whose amount nobody has written down, the oldest first."""
    found = Dossier.objects.filter(
        state__in=_DECIDED,
        version__procedure__slug__in=PROCEDURES,
        answers__pay_method__in=METHODS,
    ).exclude(pk__in=LumpSum.objects.exclude(state=State.SENT_BACK).values("dossier"))
    return of_office(found.select_related("office", "owner").order_by("decided_at", "pk"), user)


def may_decide(user: User, lump_sum: LumpSum) -> bool:
    """Whether ``user`` may decide, or send back, the amount somebody else wrote down."""
    open_to = lump_sum.state == State.RECORDED and user.pk != lump_sum.recorded_by_id
    return open_to and batches.may_decide(user, lump_sum.office_id)


def bank_of(dossier: Dossier) -> Bank | None:
    """The bank in the answers, as far as it is still known."""
    return Bank.objects.filter(pk=dossier.answers.get("bank", "")).first()


def account_of(dossier: Dossier) -> str:
    """The account number in the answers, in the clear; empty where none was given."""
    return str(opened(dossier.answers.get("account_number", "")))


def record(
    dossier: Dossier,
    amount: Decimal,
    decision: str,
    *,
    actor: User,
    key: str,
    now: datetime,
    calculation: dict[str, Any] | None = None,
    difference: str = "",
) -> LumpSum:
    """Write down what an approved dossier comes to; the same ``key`` gives it again.

    ``calculation`` is a ``procedures.reckoning.Reckoning`` as kept, with the ``periods`` it was given; an
    amount that is another, or of no calculation, needs ``difference``, why. Raises ``MoveRefused``.
    """
    own_key = f"{actor.pk}:{key}"[:120]
    if amount <= 0:
        raise MoveRefused(_("The amount must be more than nothing."), field="amount")
    calculated = Decimal(calculation["amount"]) if calculation else None
    why = clean(difference)[:300] if amount != calculated else ""
    if amount != calculated and not why:
        raise MoveRefused(_("The amount is not the calculated one: please write why."), field="difference")
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
        if known := LumpSum.objects.filter(key=own_key).first():
            return known
        if not may_work(actor) or not waiting(actor).filter(pk=locked.pk).exists():
            raise MoveRefused(_("This dossier waits for no amount: somebody was faster. Please look again."))
        return LumpSum.objects.create(
            dossier=locked,
            office_id=actor.staff.office_id,
            amount=amount,
            calculated=calculated,
            calculation=calculation or {},
            difference=why,
            decision=decision,
            recorded_by=actor,
            recorded_at=now,
            key=own_key,
        )


def decide(lump_sum: LumpSum, *, actor: User, now: datetime) -> PaymentOrder | CashVoucher:
    """Decide the amount that somebody else wrote down: it is owed, and ordered or made out in cash.

    Raises ``MoveRefused``.
    """
    with transaction.atomic():
        dossier, locked = _locked(lump_sum, actor)
        place, bank = cash.place_of(dossier), bank_of(dossier)
        if place is None and bank is None:
            raise MoveRefused(_("The bank in the answers is not known any more."))
        locked.state, locked.decided_by, locked.decided_at = State.DECIDED, actor, now
        locked.save()
        locked.dossier = dossier
        owed = ledger.transfer(locked.amount, debit=Account.FUND, credit=Account.BENEFITS)
        key = f"lump_sum:{locked.pk}"
        ledger.post(
            "benefit_decided", owed, office=locked.office, document=locked, key=key, now=now, actor=actor
        )
        if place is not None:
            return cash.make(locked, place, actor=actor, key=key, now=now)
        assert bank is not None
        return _ordered(locked, bank, key, now)


def _ordered(lump_sum: LumpSum, bank: Bank, key: str, now: datetime) -> PaymentOrder:
    """The payment to the account in the answers."""
    dossier = lump_sum.dossier
    number = account_of(dossier)
    order = payouts.order_payment(
        source=PaymentOrder.Source.LUMP_SUM,
        document=lump_sum,
        office=lump_sum.office,
        dossier=dossier,
        payee=str(dossier.answers["account_holder"]),
        bank=bank,
        account_number=number,
        amount=lump_sum.amount,
        purpose=f"BHXH mot lan, QD {lump_sum.decision}, ho so {dossier.code}",
        key=key,
        now=now,
    )
    facts = {"paid_to": masked(number)}
    paying.note(dossier, paying.ORDERED, actor=None, key=key, facts=facts, now=now)
    return order


def send_back(lump_sum: LumpSum, *, actor: User, reason: str, now: datetime) -> LumpSum:
    """Send an amount back to who wrote it down. Raises ``MoveRefused``."""
    if not reason.strip():
        raise MoveRefused(_("Please write the reason."), field="note")
    with transaction.atomic():
        _dossier, locked = _locked(lump_sum, actor)
        locked.state, locked.decided_by, locked.decided_at = State.SENT_BACK, actor, now
        locked.reason = reason.strip()[:300]
        locked.save()
    return locked


def _locked(lump_sum: LumpSum, actor: User) -> tuple[Dossier, LumpSum]:
    """The dossier and the amount that waits, locked in this order; raises ``MoveRefused``."""
    dossier = Dossier.objects.select_for_update(no_key=True).get(pk=lump_sum.dossier_id)
    locked = LumpSum.objects.select_for_update(no_key=True).get(pk=lump_sum.pk)
    if locked.state != State.RECORDED:
        raise MoveRefused(_("This amount was decided or sent back: somebody was faster."))
    if not may_decide(actor, locked):
        raise MoveRefused(_("Another person than the one who wrote it down must decide: a supervisor."))
    if dossier.state not in _DECIDED:
        raise MoveRefused(_("The dossier is not approved any more."))
    return dossier, locked


payouts.outcomes["lumpsum"] = payouts.note_result
