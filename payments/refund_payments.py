"""What becomes of the money of a refund: paid, or refused by the bank and sent to a corrected account."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import payouts, refunds
from payments.models import PaymentOrder, Refund
from portal.models import User
from portal.text import without_marks
from procedures import workflow
from procedures.models import Bank, Dossier
from procedures.workflow import MoveRefused

State = Refund.State


def settle(order: PaymentOrder) -> None:
    """Note on the refund and its dossier that the bank has paid or refused ``order``; safe to run twice."""
    with transaction.atomic():
        dossier, refund = refunds.lock(Refund.objects.get(pk=order.document_id))
        if refund.payment_id != order.pk:
            return  # another order has taken its place since
        if order.state == PaymentOrder.State.PAID and refund.state != State.PAID:
            _become(dossier, refund, State.PAID, "record_payment", order)
        elif order.state == PaymentOrder.State.REJECTED and refund.state != State.FAILED:
            _become(dossier, refund, State.FAILED, "payment_failed", order)


payouts.outcomes[str(Refund._meta.model_name)] = settle


def _become(dossier: Dossier, refund: Refund, state: str, action: str, order: PaymentOrder) -> None:
    refund.state = state
    refund.save(update_fields=["state"])
    key, now = f"{action}:{order.pk}", timezone.now()
    _note(dossier, action, actor=None, key=key, note=order.reason, now=now)


def _note(dossier: Dossier, action: str, **said: Any) -> None:
    """Move the dossier where its version knows ``action`` from its state; else only write it down."""
    try:
        workflow.move(dossier, action, **said)
    except MoveRefused:
        workflow.record(dossier, action, topics=["notices.event"], **said)


def owner_of_account(refund: Refund, dossier: Dossier) -> str:
    """Whose account it must be: the refundee's; after a death the heir's, who is the applicant."""
    return dossier.applicant if refund.ground.startswith("death") else refund.refundee


def correct_account(
    refund: Refund, *, holder: str, bank: Bank, number: str, actor: User, key: str, now: datetime
) -> Refund:
    """Pay to another account after the bank could not pay; raises ``MoveRefused``; once for ``key``."""
    with transaction.atomic():
        dossier, locked = refunds.lock(refund)
        if dossier.events.filter(key=key).exists():
            return locked
        if locked.state != State.FAILED:
            raise MoveRefused(_("The account can be corrected after the bank could not pay, not now."))
        owner = owner_of_account(locked, dossier)
        if without_marks(holder) != without_marks(owner):
            words = _("The account must belong to %(name)s.")
            raise MoveRefused(words % {"name": owner}, field="holder")
        before = locked.payment
        locked.payee, locked.bank, locked.account_number = holder[:100], bank, number
        order_key = f"refund:{locked.pk}:{before.pk if before else 0}"
        locked.payment = refunds.order_payment(locked, dossier, key=order_key, now=now, follows=before)
        locked.state = State.APPROVED
        locked.save()
        facts = {"account": f"…{number[-4:]}", "bank": str(bank)}
        _note(dossier, "correct_account", actor=actor, key=key, facts=facts, now=now)
    return locked
