"""Phiếu điều chỉnh: what a supervisor puts right of a closed list; the list itself stays as it is.

One supervisor with a reason is enough: a correction adds beside what was closed and hides nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal.models import User
from portal.text import clean
from procedures import intake, workflow
from procedures.books import CORRECTABLE
from procedures.models import Dossier, IntakeCorrection, IntakeList, IntakeRow, Office
from procedures.workflow import MoveRefused

Kind = IntakeCorrection.Kind


@dataclass(frozen=True)
class Wish:
    """What is to be put right, as typed: a row by its number, a dossier to add by its code."""

    kind: str
    reason: str
    position: str = ""
    column: str = ""
    should: str = ""
    code: str = ""


def may_correct(closed: IntakeList, user: User) -> bool:
    return workflow.role_of(user) == "supervisor" and user.staff.office_id == closed.office_id


def correct(closed: IntakeList, wish: Wish, *, actor: User, key: str, now: datetime) -> IntakeCorrection:
    """Add the next correction of the office to a closed list; the same ``key`` gives the same one.

    Raises ``MoveRefused`` with the field that is wrong.
    """
    if not may_correct(closed, actor):
        raise MoveRefused(_("A supervisor of the office corrects its lists."))
    own_key = f"{actor.pk}:{key}"[:100]
    with transaction.atomic():
        Office.objects.select_for_update(no_key=True).get(pk=closed.office_id)
        if done := IntakeCorrection.objects.filter(key=own_key).first():
            return done
        made = _wished(closed, wish)
        made.list, made.office, made.key = closed, closed.office, own_key
        made.made_by, made.made_at = actor, now
        _number(made, now)
        made.save(force_insert=True)
    return made


def _number(made: IntakeCorrection, now: datetime) -> None:
    """The next number of the office's year, and the chain to the correction before it."""
    made.year = timezone.localdate(now).year
    last = IntakeCorrection.objects.filter(office=made.office).order_by("-year", "-number").first()
    made.number = last.number + 1 if last and last.year == made.year else 1
    made.previous_digest = last.digest if last else ""
    made.digest = intake.correction_digest(made)


def _wished(closed: IntakeList, wish: Wish) -> IntakeCorrection:
    reason = clean(wish.reason)[:500]
    if not reason:
        raise MoveRefused(_("Write the reason."), field="reason")
    if wish.kind == Kind.ADD:
        return _addition(closed, wish, reason)
    if wish.kind not in Kind.values:
        raise MoveRefused(_("Choose what is to be put right."), field="kind")
    row = _row(closed, wish.position)
    if wish.kind == Kind.STRIKE:
        return IntakeCorrection(kind=Kind.STRIKE, row=row, dossier=row.dossier, reason=reason)
    return _change(row, wish, reason)


def _row(closed: IntakeList, position: str) -> IntakeRow:
    position = position.strip()
    number = int(position) if position.isascii() and position.isdigit() and len(position) < 8 else 0
    row = closed.rows.filter(position=number).select_related("dossier").first()
    if row is None:
        raise MoveRefused(_("The list has no row of this number."), field="position")
    if row.corrections.filter(kind=Kind.STRIKE).exists():
        raise MoveRefused(_("This row was struck out already."), field="position")
    return row


def _change(row: IntakeRow, wish: Wish, reason: str) -> IntakeCorrection:
    if wish.column not in CORRECTABLE:
        raise MoveRefused(_("Choose the column that says something wrong."), field="column")
    should = clean(wish.should)[:500]
    earlier = row.corrections.filter(kind=Kind.CHANGE, column=wish.column).order_by("year", "number").last()
    was = earlier.should if earlier else str(row.content[wish.column])[:500]
    if not should or should == was:
        raise MoveRefused(_("Write what the row should say instead."), field="should")
    return IntakeCorrection(
        kind=Kind.CHANGE,
        row=row,
        dossier=row.dossier,
        column=wish.column,
        was=was,
        should=should,
        reason=reason,
    )


def _addition(closed: IntakeList, wish: Wish, reason: str) -> IntakeCorrection:
    code = wish.code.strip().upper()
    filed = Dossier.objects.filter(code=code, office=closed.office_id).exclude(state="draft")
    dossier = filed.select_related("office").first() if code else None
    if dossier is None:
        raise MoveRefused(_("The office has no dossier with this code."), field="code")
    on_it = closed.rows.filter(dossier=dossier).exists()
    if on_it or closed.corrections.filter(kind=Kind.ADD, dossier=dossier).exists():
        raise MoveRefused(_("This dossier stands on the list already."), field="code")
    with translation.override("vi"):
        content = intake._content(dossier)
    return IntakeCorrection(kind=Kind.ADD, dossier=dossier, content=content, reason=reason)
