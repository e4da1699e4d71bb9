"""The desk of a collecting agent: refunds of citizens who paid there, to be confirmed or sent back."""

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from payments import refund_amounts, refunds
from payments.models import Refund
from portal.models import Organisation, User
from procedures import agents, workflow
from procedures.models import Attachment
from procedures.workflow import MoveRefused

WAITS = "with_agent"


def organisation_of(user: User) -> Organisation:
    """The confirmed agent that signs in as ``user``; raises ``PermissionDenied``."""
    found = agents.confirmed().filter(user=user).first()
    if found is None:
        raise PermissionDenied
    return found


def visible_to(user: User) -> QuerySet[Refund]:
    """The refunds handed to the agent that signs in as ``user``."""
    mine = agents.confirmed().filter(user=user)
    found = Refund.objects.filter(Q(dossier__agent__in=mine) | Q(confirmed_by__organisation__in=mine))
    return found.select_related("dossier__office", "dossier__version")


def get_for(user: User, pk: int) -> Refund:
    """The refund if it is a task of ``user``; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def receipts(refund: Refund) -> QuerySet[Attachment]:
    """The receipts the citizen brought: all of the dossier's files that an agent sees."""
    return refund.dossier.attachments.filter(document="receipt", removed_at=None)


def confirm(
    refund: Refund,
    *,
    first: date,
    last: date,
    amount: Decimal,
    method: str,
    receipt_no: str,
    actor: User,
    key: str,
    now: datetime,
    note: str = "",
) -> Refund:
    """Confirm what was really paid, and pass the dossier on to the office.

    Raises ``MoveRefused``; the same ``key`` confirms once.
    """
    if last < first:
        raise MoveRefused(_("The end must not lie before the beginning."), field="last")
    with transaction.atomic():
        dossier, locked = refunds.lock(refund)
        if dossier.events.filter(key=key).exists():
            return locked
        locked.paid_from, locked.paid_to, locked.paid_amount = first, last, amount
        locked.paid_method, locked.receipt_no = method, receipt_no[:60]
        locked.confirmed_by, locked.confirmed_at = actor, now
        locked.save()
        facts = {
            "paid": int(amount),
            "months": refund_amounts.months(first, last),
            "receipt": receipt_no[:60],
        }
        workflow.move(dossier, "agent_confirm", actor=actor, key=key, note=note, facts=facts, now=now)
    return locked


def send_back(refund: Refund, *, reason: str, actor: User, key: str, now: datetime) -> None:
    """Send the dossier back to the citizen with a ``reason``; raises ``MoveRefused``."""
    workflow.move(refund.dossier, "agent_return", actor=actor, key=key, note=reason, now=now)
