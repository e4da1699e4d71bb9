"""Parcels for another office leave on a numbered list, and what does not arrive is seen at both ends.

Parcels that wait to be handed over are gathered by where they belong. Closing a list numbers it, per
office and year and without gaps; scanning a parcel in, at whatever office, ticks it off.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.models import User
from procedures import deadlines, offices
from procedures.models import HandoverList, HandoverRow, Office, Original, Parcel, StaffMember
from procedures.workflow import MoveRefused

# Rows whose parcel is still under way.
UNDER_WAY = Q(arrived_at=None, taken_off_at=None)
_CODE = re.compile(r"BG056\.\d{2}-\d{2}-\d{4,6}")


def visible_to(user: User) -> QuerySet[HandoverList]:
    """The lists from or to the office of ``user`` or one that it took over; all for the province."""
    lists = HandoverList.objects.select_related("office", "to", "closed_by")
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return lists.none()
    if staff.oversees_province:
        return lists
    mine = offices.kept_by(staff.office_id)
    return lists.filter(Q(office__in=mine) | Q(to__in=mine))


def get_for(user: User, pk: int) -> HandoverList:
    """The list if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def is_code(scanned: str) -> bool:
    """Whether ``scanned`` is the number of a handover list and not of a parcel."""
    return _CODE.fullmatch(scanned) is not None


# --- Before it leaves ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Gathered:
    """Parcels that wait to be handed to one office."""

    to: Office
    count: int
    oldest: datetime


def gathered(office: Office) -> list[Gathered]:
    """What waits at ``office`` for each other office, on no list yet."""
    waiting: dict[int, Gathered] = {}
    for parcel in _waiting(office).select_related("dossier__office").order_by("received_at", "pk"):
        assert parcel.dossier is not None and parcel.dossier.office is not None
        to = parcel.dossier.office
        before = waiting.get(to.pk)
        oldest = before.oldest if before else parcel.received_at
        waiting[to.pk] = Gathered(to, (before.count if before else 0) + 1, oldest)
    return sorted(waiting.values(), key=lambda one: one.to.number)


def _waiting(office: Office) -> QuerySet[Parcel]:
    listed = HandoverRow.objects.filter(UNDER_WAY).values("parcel")
    return Parcel.objects.filter(office=office, state=Parcel.State.FORWARD).exclude(pk__in=listed)


def close(to: Office, *, actor: User, now: datetime) -> HandoverList:
    """Put every parcel that waits for ``to`` on a new numbered list of the office of ``actor``.

    Who comes second, or presses twice, gets the list just closed. Raises ``MoveRefused`` when nothing waits.
    """
    office = actor.staff.office
    with transaction.atomic():
        Office.objects.select_for_update(no_key=True).get(pk=office.pk)
        free = _waiting(office).filter(dossier__office=to).order_by("pk")
        parcels = list(free.select_for_update(of=("self",), no_key=True))
        parcels = [parcel for parcel in parcels if parcel.state == Parcel.State.FORWARD]
        if parcels:
            return _closed(office, to, parcels, actor, now)
        last = HandoverList.objects.filter(office=office, to=to, left_at=None).first()
        if last is None:
            raise MoveRefused(_("No parcel waits for %(office)s.") % {"office": to.name})
        return last


def _closed(
    office: Office, to: Office, parcels: Iterable[Parcel], actor: User, now: datetime
) -> HandoverList:
    year = timezone.localdate(now).year
    last = HandoverList.objects.filter(office=office, year=year).order_by("-number").first()
    number = last.number + 1 if last else 1
    made = HandoverList.objects.create(
        office=office,
        to=to,
        year=year,
        number=number,
        code=f"BG056.{office.number}-{year % 100:02}-{number:04}",
        closed_at=now,
        closed_by=actor,
    )
    HandoverRow.objects.bulk_create(
        HandoverRow(list=made, position=position, parcel=parcel)
        for position, parcel in enumerate(parcels, start=1)
    )
    return made


def take_off(handover: HandoverList, row: int, *, actor: User, reason: str, now: datetime) -> HandoverRow:
    """Take a parcel off a list that has not left; it waits to be handed over again."""
    if not reason.strip():
        raise MoveRefused(_("Write why the parcel stays here."), field="reason")
    with transaction.atomic():
        locked = _locked(handover, actor)
        found = locked.rows.filter(UNDER_WAY, pk=row).first()
        if locked.left_at is not None or found is None:
            raise MoveRefused(_("This parcel has left or is off the list already."))
        found.taken_off_at, found.taken_off_by, found.reason = now, actor, reason.strip()[:300]
        found.save(update_fields=["taken_off_at", "taken_off_by", "reason"])
    return found


def leave(handover: HandoverList, *, actor: User, now: datetime) -> HandoverList:
    """Note that the parcels of the list were handed to the carrier; a second time changes nothing."""
    with transaction.atomic():
        locked = _locked(handover, actor)
        if locked.left_at is None:
            if not locked.rows.filter(taken_off_at=None).exists():
                raise MoveRefused(_("Every parcel was taken off this list: nothing leaves."))
            locked.left_at, locked.left_by = now, actor
            locked.save(update_fields=["left_at", "left_by"])
    return locked


def _locked(handover: HandoverList, actor: User) -> HandoverList:
    """The list of the giving office, nobody else's for this transaction."""
    locked = HandoverList.objects.select_for_update(of=("self",), no_key=True).get(pk=handover.pk)
    if locked.office_id != actor.staff.office_id:
        raise MoveRefused(_("Only the office that hands over may do this."))
    return locked


# --- It arrives, or does not ---------------------------------------------------------------------


def tick_off(parcel: Parcel, *, actor: User, now: datetime) -> None:
    """The locked ``parcel`` was scanned in at the office of ``actor``: it is under way no longer."""
    parcel.handover_rows.filter(UNDER_WAY).update(
        arrived_at=now, arrived_by=actor, arrived_office=actor.staff.office
    )


def is_listed(parcel: Parcel) -> bool:
    """Whether the locked ``parcel`` stands on an open list."""
    return parcel.handover_rows.filter(UNDER_WAY).exists()


def open_list(parcel: Parcel) -> HandoverList | None:
    """The list on which ``parcel`` is under way, if any."""
    row = parcel.handover_rows.filter(UNDER_WAY).select_related("list__to").first()
    return row.list if row else None


def overdue_since(now: datetime) -> datetime:
    """What left before this moment ought to have arrived: ``HANDOVER_DAYS`` working days ago."""
    last = deadlines.calendar().back(timezone.localdate(now), settings.HANDOVER_DAYS)
    return deadlines.start_of(last + timedelta(days=1))


def missing(user: User, now: datetime) -> QuerySet[HandoverRow]:
    """Parcels on lists ``user`` sees that ought to have arrived by now, the oldest first."""
    gone = HandoverRow.objects.annotate(since=Coalesce("list__left_at", "list__closed_at"))
    late = gone.filter(UNDER_WAY, since__lt=overdue_since(now), list__in=visible_to(user))
    return late.select_related("list__office", "list__to", "parcel__dossier").order_by("since", "position")


def counted(lists: QuerySet[HandoverList]) -> QuerySet[HandoverList]:
    """``lists`` with how many parcels are on each, and how many are still under way."""
    on_it = Q(rows__taken_off_at=None)
    return lists.annotate(
        parcels=Count("rows", filter=on_it),
        open_parcels=Count("rows", filter=on_it & Q(rows__arrived_at=None)),
    )


def rows(handover: HandoverList) -> list[HandoverRow]:
    """The lines of a list with all that its page and its print show."""
    wanted = Prefetch("parcel__dossier__originals", Original.objects.order_by("position"))
    found = handover.rows.select_related("parcel__dossier", "arrived_by", "arrived_office", "taken_off_by")
    return list(found.prefetch_related(wanted))
