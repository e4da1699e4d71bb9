"""Asking the citizen's pardon before a deadline that cannot be kept, with a new date."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from portal.dated import typed_day
from portal.models import User
from procedures import deadlines, workflow
from procedures.models import Dossier, DossierEvent
from procedures.workflow import MoveRefused


def apologise(
    dossier: Dossier, new_due: str, *, actor: User, key: str, reason: str, now: datetime
) -> DossierEvent:
    """Promise the day ``new_due`` (as typed) in place of the one promised before.

    The event keeps both days. Raises ``MoveRefused``.
    """
    facts = {"due": deadlines.closing(_day(new_due)).isoformat()} if new_due.strip() else {}
    if dossier.due_at:
        facts["due_was"] = dossier.due_at.isoformat()
    return workflow.move(dossier, "apologise", actor=actor, key=key, note=reason, facts=facts, now=now)


def _day(typed: str) -> date:
    if day := typed_day(typed):
        return day
    raise MoveRefused(_("Please write the day as 19/07/2021."), field="new_due")
