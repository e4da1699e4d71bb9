"""Ordering a change and carrying it out: at once when it is of today, else by beat on its day."""

import hashlib
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portal import geography, outbox
from portal.models import User
from procedures import visits
from procedures.areas import files, plan, staffing, tables
from procedures.areas.plan import Plan
from procedures.models import AreaChange, AreaOutcome

What = AreaOutcome.What
# A filing that was under way when borders changed shows at a later look.
_AGAIN = timedelta(minutes=5)


class NotPossible(Exception):
    """A change that cannot be: ``plan`` says at which row and why."""

    def __init__(self, found: Plan) -> None:
        super().__init__("the change cannot be")
        self.plan = found


def waiting() -> QuerySet[AreaChange]:
    """Changes that were ordered and wait for their day."""
    return AreaChange.objects.filter(outcome=None)


def order(
    content: bytes, *, day: date, document: str, file_name: str, actor: User, key: str, now: datetime
) -> AreaChange:
    """Keep the change for its day, or carry it out if that is today; the same file or ``key`` counts once.

    Raises ``files.Unreadable`` or ``NotPossible``; nothing is written then.
    """
    rows, digest, today = files.read(content), hashlib.sha256(content).hexdigest(), timezone.localdate(now)
    with transaction.atomic():
        _one_at_a_time()
        if known := _known(key, digest, day):
            return known
        found = plan.make(rows, day, today)
        if not found.possible:
            raise NotPossible(found)
        change = AreaChange.objects.create(
            effective_on=day,
            document=document,
            file_name=file_name[-120:],
            content=content,
            digest=digest,
            operations=[row.cells for row in found.rows],
            counts=plan.counts(found),
            ordered_by=actor,
            ordered_at=now,
            key=key,
        )
        if day == today:
            _carry_out(change, found, now)
    return change


def _known(key: str, digest: str, day: date) -> AreaChange | None:
    """The change this ``key`` has ordered, or the same file for the same day unless it came to nothing."""
    same = AreaChange.objects.filter(digest=digest, effective_on=day)
    live = same.filter(outcome=None) | same.filter(outcome__what=What.DONE)
    return AreaChange.objects.filter(key=key).first() or live.first()


def _one_at_a_time() -> None:
    """Two changes at once would each be checked against a world the other is about to change."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {AreaChange._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def call_off(change: AreaChange, *, actor: User, reason: str, now: datetime) -> bool:
    """Take back a change that waits for its day; False when it waits no more."""
    with transaction.atomic():
        _one_at_a_time()
        if not waiting().filter(pk=change.pk).exists():
            return False
        AreaOutcome.objects.create(change=change, what=What.OFF, at=now, actor=actor, reason=reason)
    return True


def take_effect(now: datetime) -> int:
    """Carry out what is due; how many changes were settled. Beat asks every minute."""
    count = 0
    for pk in list(waiting().filter(effective_on__lte=timezone.localdate(now)).values_list("pk", flat=True)):
        with transaction.atomic():
            _one_at_a_time()
            change = waiting().filter(pk=pk).first()
            if change is not None:
                _settle(change, now)
                count += 1
    _look_again(now)
    return count


def _settle(change: AreaChange, now: datetime) -> None:
    """Carry ``change`` out as the world is by now, or keep why that cannot be."""
    found = plan.make(plan.as_rows(change.operations), change.effective_on, change.effective_on, own=change)
    if found.possible:
        try:
            with transaction.atomic():
                _carry_out(change, found, now)
        except IntegrityError:
            found.problems.append(_("Rows of areas or offices have been changed by hand in between."))
        else:
            return
    reasons = [*found.problems, *(f"{row.number}: {row.problem}" for row in found.rows if row.problem)]
    AreaOutcome.objects.create(change=change, what=What.REFUSED, at=now, reason="\n".join(reasons))


def _carry_out(change: AreaChange, found: Plan, now: datetime) -> None:
    """Rewrite the tables, and queue what every dossier and every person is owed."""
    routes, counts = plan.routes(found), plan.counts(found)
    moved = tables.write(found, change.effective_on, change.document)
    outcome = AreaOutcome.objects.create(
        change=change, what=What.DONE, at=now, counts={**counts, **moved}, routes=routes
    )
    staffing.settle(outcome, now)
    outbox.enqueue("areas.gather", key=f"{outcome.pk}:now:0", outcome=outcome.pk, after=0)
    if found.split:
        outbox.enqueue("areas.ask", key=f"{outcome.pk}:0", outcome=outcome.pk, after=0)
    transaction.on_commit(forget)


def forget() -> None:
    """This process has just changed wards and offices."""
    geography._wards.cache_clear()
    geography._ward.cache_clear()
    visits.forget()


def _look_again(now: datetime) -> None:
    recent = AreaOutcome.objects.filter(what=What.DONE, at__gt=now - _AGAIN)
    with transaction.atomic():
        for pk in recent.values_list("pk", flat=True):
            look = f"{pk}:{now:%H%M}:0"
            outbox.enqueue("areas.gather", key=look, outcome=pk, after=0)
