"""Refunds at the office: opened by a dossier, proposed by one person, approved by another.

Whoever moves money here holds the dossier first, then its refund, then all payments of that person for
that product: two approvals at the same moment never give back more than was paid.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import ledger, payouts
from payments.models import Account, ContributionOrder, CoveredPerson, PaymentOrder, Refund
from payments.models.orders import Product
from portal.models import Filer, User
from portal.sealing import opened
from portal.text import dong
from procedures import offices, paying, rates, workflow
from procedures.definition import Definition
from procedures.models import Dossier, LegalFigure, StaffMember
from procedures.workflow import MoveRefused

PRODUCTS = {"voluntary-insurance": Product.VOLUNTARY, "health-insurance-only": Product.HOUSEHOLD}
"""What is given back, by the procedure that asks for it in its case ``refund``."""

CASE = "refund"
State = Refund.State


# --- Who sees what -------------------------------------------------------------------------------


def visible_to(user: User) -> QuerySet[Refund]:
    """The refunds of the office of ``user``; all for who oversees the province."""
    found = Refund.objects.select_related(
        "dossier__office", "dossier__agent__user", "proposed_by", "approved_by", "person__order", "payment"
    )
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return found.none()
    if staff.oversees_province:
        return found
    return found.filter(dossier__office__in=offices.kept_by(staff.office_id))


def of_owner(user: User, code: str) -> Refund:
    """The refund of ``user``'s own filed dossier; ``Http404`` alike for not there and not theirs."""
    found = Refund.objects.select_related("dossier__office", "bank", "payment")
    return get_object_or_404(found, dossier__owner=user, dossier__code=code)


def may_work(user: User, refund: Refund) -> bool:
    """Clerks and supervisors examine, each at their own office."""
    return workflow.role_of(user) in {"clerk", "supervisor"} and _at_office(user, refund)


def may_approve(user: User, refund: Refund) -> bool:
    return workflow.role_of(user) in {"supervisor", "director"} and _at_office(user, refund)


def _at_office(user: User, refund: Refund) -> bool:
    return refund.dossier.office_id == user.staff.office_id


# --- Opening -------------------------------------------------------------------------------------


def asked(dossier: Dossier) -> bool:
    """Whether ``dossier`` asks for a refund that this module looks after."""
    return dossier.case == CASE and dossier.procedure.slug in PRODUCTS


def open_for(dossier: Dossier, *, now: datetime) -> Refund | None:
    """The refund of ``dossier``, opened now from its answers if there is none; None where none is asked."""
    if not asked(dossier):
        return None
    refund, _new = Refund.objects.get_or_create(
        dossier=dossier, defaults={**_said(dossier), "opened_at": now}
    )
    return refund


def _said(dossier: Dossier) -> dict[str, Any]:
    answers = dossier.answers
    return {
        "product": PRODUCTS[dossier.procedure.slug],
        "ground": answers["ground"],
        "ground_date": date.fromisoformat(answers["ground_date"]),
        "refundee": answers["refundee_name"],
        "insurance_number": answers["refundee_number"],
        "paid_from": month(answers["paid_from"]),
        "paid_to": month(answers["paid_to"]),
        "paid_method": answers["paid_method"],
        "paid_amount": answers["paid_amount"],
        "receipt_no": str(answers.get("receipt_no", ""))[:60],
        "payee": answers["account_holder"][:100],
        "bank_id": answers["bank"],
        "account_number": opened(answers["account_number"]),
        **_filed_by_agent(dossier),
    }


def _filed_by_agent(dossier: Dossier) -> dict[str, Any]:
    """An agent that files for somebody has confirmed the payment by filing."""
    if dossier.filer != Filer.AGENT:
        return {}
    return {"confirmed_by_id": dossier.owner_id, "confirmed_at": dossier.filed_at}


def month(said: str) -> date:
    """The first day of a month written ``YYYY-MM``."""
    return date.fromisoformat(f"{said}-01")


# --- What was paid, and what of it is left -------------------------------------------------------


def payments_known(refund: Refund) -> list[CoveredPerson]:
    """Paid orders of this portal that cover the person in some of these months."""
    return list(
        CoveredPerson.objects.filter(
            order__product=refund.product,
            order__state=ContributionOrder.State.PAID,
            insurance_number=refund.insurance_number,
            first_month__lte=refund.paid_to,
            last_month__gte=refund.paid_from,
        ).select_related("order")
    )


def left(refund: Refund) -> Decimal:
    """What of the payment behind ``refund`` has not been given back yet."""
    paid = refund.person.amount if refund.person else Decimal(refund.paid_amount)
    given = _alike(refund).filter(state__in=Refund.DECIDED).aggregate(sum=Sum("amount"))["sum"]
    return paid - (given or Decimal(0))


def _alike(refund: Refund) -> QuerySet[Refund]:
    """Other refunds of the same payment, or that may be: of the same person in some of the same months."""
    same = Q(
        product=refund.product,
        insurance_number=refund.insurance_number,
        paid_from__lte=refund.paid_to,
        paid_to__gte=refund.paid_from,
    )
    if refund.person_id is not None:
        same = Q(person=refund.person_id) | same & Q(person=None)
    return Refund.objects.filter(same).exclude(pk=refund.pk)


def _hold(refund: Refund) -> None:
    """Hold everything that is given back to this person for this product until the transaction ends."""
    with connection.cursor() as cursor:
        key = f"{refund.product}:{refund.insurance_number}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [key])
    if refund.person_id is not None:
        person = CoveredPerson.objects.select_related("order").get(pk=refund.person_id)
        order = ContributionOrder.objects.select_for_update().get(pk=person.order_id)
        if order.state != ContributionOrder.State.PAID:
            raise MoveRefused(
                _("The order %(reference)s has not been paid.") % {"reference": order.reference}
            )
        refund.person = person


# --- Propose and approve -------------------------------------------------------------------------


def propose(
    refund: Refund,
    amount: Decimal,
    *,
    actor: User,
    key: str,
    now: datetime,
    steps: list[dict[str, Any]],
    person: CoveredPerson | None = None,
    found: Decimal | None = None,
    note: str = "",
) -> Refund:
    """Propose to give ``amount`` back, as ``steps`` explain; ``person``: the payment it comes from.

    ``found`` is what the office found paid, where neither this portal nor an agent knows. Raises
    ``MoveRefused``; the same ``key`` proposes once.
    """
    with transaction.atomic():
        dossier, locked = lock(refund)
        if dossier.events.filter(key=key).exists():
            return locked
        if locked.state not in {State.OPEN, State.PROPOSED}:
            raise MoveRefused(_("The refund has been decided already."))
        _take_payment(locked, person, found)
        _hold(locked)
        _check_amount(locked, amount)
        locked.amount, locked.steps, locked.state = amount, steps, State.PROPOSED
        locked.proposed_by, locked.proposed_at = actor, now
        locked.save()
        facts = {"refund": int(amount)}
        workflow.move(dossier, "propose", actor=actor, key=key, note=note, facts=facts, now=now)
    return locked


def _take_payment(refund: Refund, person: CoveredPerson | None, found: Decimal | None) -> None:
    """Go by ``person``, a payment of this portal, or by what an agent confirmed or the office ``found``."""
    refund.person = person
    if person is None:
        if refund.confirmed_at is None and not found:
            raise MoveRefused(
                _("Nobody has confirmed the payment: please give what the receipt says."), "found"
            )
        if refund.confirmed_at is None and found:
            refund.paid_amount = found
        return
    if person not in payments_known(refund):
        raise MoveRefused(_("This payment is not one of the person refunded."), field="person")
    refund.paid_from, refund.paid_to = person.first_month, person.last_month
    refund.paid_amount = person.amount
    refund.paid_method = person.method or refund.paid_method


def _check_amount(refund: Refund, amount: Decimal) -> None:
    rest = left(refund)
    if amount <= 0:
        raise MoveRefused(_("Please give the amount to be refunded."), field="amount")
    if amount > rest:
        words = _("Paid were %(paid)s, of which %(left)s can still be given back.")
        facts = {"paid": dong(refund.paid_amount), "left": dong(int(max(rest, Decimal(0))))}
        raise MoveRefused(words % facts, field="amount")


def approve(refund: Refund, *, actor: User, key: str, now: datetime, note: str = "") -> Refund:
    """Approve what another person proposed: the money is owed from this moment on.

    Checks again, everything held, that no more is given back than was paid, and the limit of the actor's
    role. Raises ``MoveRefused``; the same ``key`` approves once.
    """
    with transaction.atomic():
        dossier, locked = lock(refund)
        if dossier.events.filter(key=key).exists():
            return locked
        if locked.state != State.PROPOSED or locked.amount is None:
            raise MoveRefused(_("No amount has been proposed."))
        amount = int(locked.amount)
        _check_second_person(dossier, locked, actor)
        check_cap(actor, locked.amount, timezone.localdate(now))
        _hold(locked)
        _check_amount(locked, locked.amount)
        _owe(dossier, locked, actor=actor, key=key, now=now)
        workflow.move(dossier, "approve", actor=actor, key=key, note=note, now=now)
        ordered = f"refund:{locked.pk}:ordered"
        paying.note(dossier, paying.ORDERED, actor=None, key=ordered, facts={"amount": amount}, now=now)
    return locked


def _check_second_person(dossier: Dossier, refund: Refund, actor: User) -> None:
    if refund.proposed_by_id == actor.pk:
        raise MoveRefused(_("Another person than the one who proposed must decide."))
    last = dossier.events.filter(action__in=["propose", "propose_rejection"]).order_by("-sequence").first()
    if last is None or last.action != "propose" or last.facts.get("refund") != int(refund.amount or 0):
        raise MoveRefused(_("This amount is not what was proposed last. Please look again."))


def cap_of(role: str, on: date) -> Decimal:
    """The most that ``role`` may approve in one refund; raises ``FigureMissing``."""
    return Decimal(str(rates.figure("refund.cap", on).get(role, 0)))


@dataclass(frozen=True)
class Cap:
    """``most`` that one may approve, and how sure the figure is; ``row`` is its number."""

    most: Decimal
    confidence: str
    source: str
    row: int


def cap_for(user: User, on: date) -> Cap | None:
    """The limit of ``user`` on that day with its source, to be shown; None where none is loaded."""
    found = next((row for row in rates.dated("refund.cap") if _holds(row, on)), None)
    if found is None:
        return None
    most = Decimal(str(found.value.get(workflow.role_of(user), 0)))
    return Cap(most, found.confidence, found.source, found.pk)


def _holds(row: LegalFigure, on: date) -> bool:
    return row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)


def check_cap(actor: User, amount: Decimal, on: date) -> None:
    """Raise ``MoveRefused`` when ``amount`` is more than the role of ``actor`` may approve."""
    try:
        cap = cap_of(workflow.role_of(actor), on)
    except rates.FigureMissing:
        raise MoveRefused(
            _("No limit is loaded for approving refunds: an administrator must add the figure “refund.cap”.")
        ) from None
    if amount > cap:
        words = _("You may approve up to %(cap)s; a director must approve this one.")
        raise MoveRefused(words % {"cap": dong(cap)})


def _owe(dossier: Dossier, refund: Refund, *, actor: User, key: str, now: datetime) -> None:
    """Post what is owed, and order its payment."""
    assert refund.amount is not None
    assert dossier.office is not None
    ledger.post(
        "refund_decided",
        ledger.transfer(refund.amount, debit=Account.FUND, credit=Account.REFUNDS),
        office=dossier.office,
        document=refund,
        key=f"refund_decided:{refund.pk}",
        now=now,
        actor=actor,
        note=str(dossier),
    )
    refund.payment = payouts.order_payment(
        source=PaymentOrder.Source.REFUND,
        document=refund,
        office=dossier.office,
        dossier=dossier,
        payee=refund.payee,
        bank=refund.bank,
        account_number=refund.account_number,
        amount=refund.amount,
        purpose=f"HOAN TRA {dossier.code}",
        key=f"refund:{refund.pk}",
        now=now,
    )
    refund.state, refund.approved_by, refund.approved_at = State.APPROVED, actor, now
    refund.save()


def lock(refund: Refund) -> tuple[Dossier, Refund]:
    """Dossier and refund, held in this order."""
    found = Dossier.objects.select_for_update(no_key=True, of=("self",)).select_related("office", "procedure")
    dossier = found.get(pk=refund.dossier_id)
    locked = Refund.objects.select_for_update(of=("self",)).select_related("bank").get(pk=refund.pk)
    return dossier, locked


def payments_of(refund: Refund) -> list[PaymentOrder]:
    """The orders that pay ``refund``: one, and another for each that failed."""
    kind = str(Refund._meta.model_name)
    found = PaymentOrder.objects.filter(document_kind=kind, document_id=refund.pk)
    return list(found.select_related("bank").order_by("pk"))


def grounds(definition: Definition) -> dict[str, str]:
    """The grounds of a procedure in words."""
    asked_for = definition.field("ground")
    return {choice.value: str(choice.label) for choice in asked_for.choices} if asked_for else {}
