"""Refunds for tests: an agent of the ward, a dossier filed, confirmed, proposed, approved."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from payments import agents, payouts, refunds
from payments.models import ContributionOrder, CoveredPerson, OfficeAccount, PaymentOrder, Refund
from portal import outbox
from portal.models import User
from procedures import demo, workflow
from procedures.models import AgentArea, Dossier, Office
from tests import answers, reference
from tests.conftest import PASSWORD, file_draft

WARD = "22429"  # of Cam Ranh
HOUSEHOLD = {
    "ground": "new_group",
    "ground_date": "01/08/2021",
    "paid_from": "1/2021",
    "paid_to": "12/2021",
    "paid_method": "12",
    "paid_amount": "804.600",
}


def agent(confirmed_by: User, *, code: str = "DL001", ward: str = WARD) -> User:
    """A confirmed collecting agent that serves ``ward``."""
    name = f"ĐẠI LÝ THU {code}"
    user = demo.organisation("agent", name, code, ward=ward, confirmed_by=confirmed_by, password=PASSWORD)
    AgentArea.objects.get_or_create(agent=user.organisation, ward_id=ward)
    return user


def filed(
    who: User, agent: User | None = None, *, slug: str = "health-insurance-only", **given: Any
) -> Dossier:
    """A refund that ``who`` has filed, by default of RF1; its side effects have run."""
    definition = next(d for d in reference.shipped() if d.slug == slug)
    known = {**HOUSEHOLD, "refundee_number": who.username, "ward": WARD, **given}
    if agent is not None:
        known["collecting_agent"] = str(agent.organisation.pk)
    dossier = file_draft(answers.make_draft(definition, "refund", who, timezone.localdate(), **known))
    outbox.drain()
    return dossier


def refund_of(dossier: Dossier) -> Refund:
    return Refund.objects.select_related("dossier__office", "bank").get(dossier=dossier)


def confirmed(dossier: Dossier, agent: User, *, amount: int = 804_600) -> Refund:
    """The agent confirms what was paid for 2021."""
    return agents.confirm(
        refund_of(dossier),
        first=date(2021, 1, 1),
        last=date(2021, 12, 1),
        amount=Decimal(amount),
        method="12",
        receipt_no="BL0001",
        actor=agent,
        key="confirm",
        now=timezone.now(),
    )


def proposed(dossier: Dossier, clerk: User, amount: int = 335_250, **more: Any) -> Refund:
    """Accepted and proposed by ``clerk``; the office found paid what the citizen says."""
    workflow.move(Dossier.objects.get(pk=dossier.pk), "accept", actor=clerk, key="accept")
    refund = refund_of(dossier)
    known = {"steps": [], "found": refund.paid_amount, **more}
    return refunds.propose(refund, Decimal(amount), actor=clerk, key="propose", now=timezone.now(), **known)


def approved(dossier: Dossier, supervisor: User) -> Refund:
    return refunds.approve(refund_of(dossier), actor=supervisor, key="approve", now=timezone.now())


def bank_says(refund: Refund, state: str, reason: str = "") -> PaymentOrder:
    """What the bank's file tells of the newest payment, as the payouts do."""
    order = refunds.payments_of(refund)[-1]
    PaymentOrder.objects.filter(pk=order.pk).update(state=state, reason=reason, closed_at=timezone.now())
    order.refresh_from_db()
    with transaction.atomic():
        payouts.report(order)
    outbox.drain()
    return order


def order_of(who: User, *, paid: bool = True, amount: int = 804_600, key: str = "o") -> CoveredPerson:
    """A year of household insurance that this portal has received, or waits for."""
    office = Office.objects.get(slug="cam-ranh")
    account, _new = OfficeAccount.objects.get_or_create(
        bank_id="970405", number="4700201001234", defaults={"office": office, "holder": "BHXH CAM RANH"}
    )
    order = ContributionOrder.objects.create(
        reference=f"BH{key.upper()}",
        product="household",
        kind="household_renew",
        office=office,
        account=account,
        payer=who,
        payer_name=who.full_name,
        amount=amount,
        paid=amount if paid else 0,
        quote={},
        state="paid" if paid else "open",
        made_at=timezone.now(),
        expires_at=timezone.now(),
        key=key,
    )
    return CoveredPerson.objects.create(
        order=order,
        position=1,
        full_name=who.full_name,
        insurance_number=who.username,
        first_month=date(2021, 1, 1),
        last_month=date(2021, 12, 1),
        amount=amount,
    )
