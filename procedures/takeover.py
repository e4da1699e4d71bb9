"""A clerk goes on with what a colleague has begun: said openly, with a reason, in the history.

Whose dossier it was is told, and warned when they act on it all the same: the dossier is not locked,
since people fall ill and telephones ring, but nobody decides against a colleague without knowing it.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from portal import text
from portal.models import User
from procedures import notes, workflow
from procedures.models import Dossier, DossierEvent, Note, TakeOver
from procedures.workflow import MoveRefused

TAKEN_OVER = "taken_over"


def take_over(
    dossier: Dossier, first: int, *, actor: User, reason: str, key: str, now: datetime
) -> DossierEvent:
    """``actor`` goes on in place of the colleague ``first``, who is told. Raises ``MoveRefused``."""
    reason = text.clean(reason).replace("\n", " ")[:300]
    if not notes.may_write(dossier, actor):
        raise MoveRefused(_("You may not do this with this dossier."))
    colleague = next((c for c in notes.colleagues(dossier, actor) if c.pk == first), None)
    if colleague is None:
        raise MoveRefused(_("Please choose a colleague of this office."), field="first")
    if not reason:
        raise MoveRefused(_("Please write the reason."), field="reason")
    row = TakeOver(taken_from=colleague, taken_by=actor, reason=reason, at=now)
    with transaction.atomic():
        event = workflow.record(
            dossier,
            TAKEN_OVER,
            actor=actor,
            key=key,
            facts={"from": colleague.full_name, "reason": reason},
            now=now,
            prepare=lambda locked: _pass_on(locked, row),
        )
        _tell(dossier, reason, Note.Kind.TAKE_OVER, author=actor, to=colleague, key=key, now=now)
    return event


def _pass_on(locked: Dossier, row: TakeOver) -> None:
    """Where a dossier gets whose it is: it is locked, and saved with the event afterwards."""
    standing = TakeOver.objects.filter(dossier=locked, ended_at=None)
    standing.filter(taken_from__in=[row.taken_from_id, row.taken_by_id]).update(ended_at=row.at)
    row.dossier = locked
    row.save(force_insert=True)
    locked.assignee = row.taken_by


def lost_to(dossier: Dossier, user: User) -> TakeOver | None:
    """The take-over by whoever has the dossier now, if it was taken from ``user``."""
    here = F("dossier__office")
    standing = dossier.take_overs.filter(ended_at=None, taken_by__staff__office=here)
    found = list(standing.select_related("taken_by").order_by("-pk"))
    return found[0] if any(row.taken_from_id == user.pk for row in found) else None


def carry_on(dossier: Dossier, row: TakeOver, what: str, *, actor: User, key: str, now: datetime) -> None:
    """``actor`` acted although ``row`` warned: whoever had taken over reads it."""
    TakeOver.objects.filter(dossier=dossier, taken_from=actor, ended_at=None).update(ended_at=now)
    _tell(dossier, what, Note.Kind.CARRIED_ON, author=actor, to=row.taken_by, key=key, now=now)


def _tell(
    dossier: Dossier, words: str, kind: str, *, author: User, to: User, key: str, now: datetime
) -> None:
    notes.write(dossier, words, author=author, to=[to.pk], key=f"{key}-{kind}"[:80], now=now, kind=kind)
