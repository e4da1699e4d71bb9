"""Who worked at an office that ends: placed at the only office that takes over, or by an administrator.

Until then they have no office at all, and so nothing of any is open to them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from portal.models import User
from procedures.areas.plan import Plan, takers_of
from procedures.models import AreaOutcome, Office, StaffMember, StaffMove
from procedures.workflow import MoveRefused

# At the province office they see every office: nobody comes to that by himself.
_LEADING = frozenset({StaffMember.Role.DIRECTOR, StaffMember.Role.ADMINISTRATOR})


def _goes_to(role: str, takers: Sequence[str], provinces: Collection[str]) -> str:
    """The office somebody goes to by the change itself; "" where an administrator has to choose."""
    only = takers[0] if len(takers) == 1 else ""
    return "" if only in provinces and role in _LEADING else only


# --- The dry run ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Going:
    """A member of staff of an office that ends; ``to`` is empty where somebody has to choose."""

    member: StaffMember
    to: str
    choices: list[str]


def leaving(plan: Plan) -> list[Going]:
    """The staff of the offices that end, by name, and where each goes."""
    return [_going(plan, member) for member in _of(list(plan.after.heirs))]


def _of(slugs: Collection[str]) -> QuerySet[StaffMember]:
    found = StaffMember.objects.filter(office__slug__in=slugs).select_related("user", "office")
    return found.order_by("office__number", "user__full_name", "pk")


def _going(plan: Plan, member: StaffMember) -> Going:
    takers, names = takers_of(plan, member.office.slug), plan.after.offices
    to = _goes_to(member.role, takers, plan.after.provinces)
    return Going(member, names[to][0] if to else "", [names[slug][0] for slug in takers])


# --- On its day ----------------------------------------------------------------------------------


def settle(outcome: AreaOutcome, now: datetime) -> None:
    """Place who has only one office to go to, and take the others off theirs; inside the change itself."""
    takers = outcome.routes["takers"]
    provinces = set(Office.objects.filter(level=Office.Level.PROVINCE).values_list("slug", flat=True))
    for member in _of(list(takers)).select_for_update(of=("self",)):
        slug = _goes_to(member.role, takers[member.office.slug], provinces)
        to = Office.objects.get(slug=slug) if slug else None
        _note(member, outcome.pk, to, key=f"areas:{outcome.pk}:{member.user_id}", now=now)
        if to is not None:
            StaffMember.objects.filter(pk=member.pk).update(office=to)
        elif not member.user.is_superuser:  # without a row a superuser would be more, not less
            member.delete()


def _note(
    left: StaffMember | StaffMove,
    outcome: int,
    to: Office | None,
    *,
    key: str,
    now: datetime,
    by: User | None = None,
) -> StaffMove:
    """Where somebody of an office that ended goes, in the role they had there."""
    return StaffMove.objects.create(
        outcome_id=outcome,
        user_id=left.user_id,
        role=left.role,
        office_id=left.office_id,
        away_until=left.away_until,
        to=to,
        by=by,
        at=now,
        key=key,
    )


# --- Those without an office ---------------------------------------------------------------------


def without_office() -> QuerySet[StaffMove]:
    """Who waits to be placed; whoever was given an office elsewhere waits no more."""
    placed = StaffMove.objects.filter(outcome=OuterRef("outcome"), user=OuterRef("user"), to__isnull=False)
    nowhere = Q(user__staff=None) | Q(user__staff__office=F("office"))
    waiting = StaffMove.objects.filter(nowhere, ~Exists(placed), to=None)
    return waiting.select_related("user", "office", "outcome__change").order_by("user__full_name", "pk")


def place(left: StaffMove, to: Office, *, actor: User, key: str, now: datetime) -> StaffMove:
    """Give somebody who waits the office ``to``, in the role they had; the same ``key`` places once.

    Raises ``MoveRefused`` where they wait no more, or are who places.
    """
    own_key = f"{actor.pk}:{left.pk}:{key}"
    with transaction.atomic():
        locked = StaffMove.objects.select_for_update(no_key=True).get(pk=left.pk)
        if done := StaffMove.objects.filter(key=own_key).first():
            return done
        if locked.user_id == actor.pk or not without_office().filter(pk=locked.pk).exists():
            raise MoveRefused(_("This person does not wait for an office any more."))
        kept = {"office": to, "role": locked.role, "away_until": locked.away_until}
        StaffMember.objects.update_or_create(user_id=locked.user_id, defaults=kept)
        return _note(locked, locked.outcome_id, to, key=own_key, now=now, by=actor)
