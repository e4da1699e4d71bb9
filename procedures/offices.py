"""Which office looks after a ward, on which day, and what stands next to it."""

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from portal import freshness
from portal.dated import valid
from portal.models import Filer, Organisation, User, Ward
from procedures.models import Closure, Dossier, Office, OfficeArea, StaffMember

Row = TypeVar("Row", bound=Model)


class NoOffice(LookupError):
    """No office is known for a ward on a day."""


def office_for(ward_code: str, on: date) -> Office:
    """The office that serves ``ward_code`` on the day ``on``; raises ``NoOffice``."""
    here = OfficeArea.objects.filter(valid(on), district__wards__code=ward_code)
    office = Office.objects.filter(pk__in=here.values("office")).first()
    if office is None:
        raise NoOffice(ward_code)
    return office


def office_for_procedure(handled_by: str, ward_code: str, on: date) -> Office:
    """The province office for what the province handles, else the office of the ward."""
    if handled_by == "province":
        return Office.objects.get(level=Office.Level.PROVINCE)
    return office_for(ward_code, on)


def office_of(organisation: Organisation, on: date) -> Office:
    """The office that looks after ``organisation``: the province office for health facilities.

    Their two procedures are the province's (likely); others go by the ward of their seat.
    """
    handled_by = "province" if organisation.kind == Filer.HEALTH_FACILITY else "district"
    return office_for_procedure(handled_by, organisation.user.ward_id or "", on)


def organisations_of(office: Office, on: date) -> QuerySet[Organisation]:
    """The organisations ``office`` looks after, as ``office_of`` tells."""
    areas = OfficeArea.objects.filter(valid(on), office=office)
    mine = ~Q(kind=Filer.HEALTH_FACILITY) & Q(user__ward__district__in=areas.values("district"))
    if office.level == Office.Level.PROVINCE:
        mine |= Q(kind=Filer.HEALTH_FACILITY)
    return Organisation.objects.filter(mine).select_related("user__ward", "confirmed_by")


def in_force(at: datetime) -> QuerySet[Office]:
    """The offices there are at this moment."""
    return Office.objects.filter(valid(timezone.localdate(at)))


def areas(office: Office, on: date) -> list[OfficeArea]:
    """What ``office`` serves on the day ``on``."""
    return list(office.areas.filter(valid(on)).select_related("district").order_by("district__code"))


def of_office(rows: "QuerySet[Row]", user: User, *, through: str = "office") -> "QuerySet[Row]":
    """Of ``rows`` those of the office of ``user`` of the staff; all for who oversees the province.

    ``through``: the path from a row to its office.
    """
    try:
        staff = user.staff
    except StaffMember.DoesNotExist:
        return rows.none()
    return rows if staff.oversees_province else rows.filter(**{through: staff.office_id})


def kept_by(office_id: int) -> tuple[int, ...]:
    """The office and those that ended and left it their dossiers and lists; as fresh as a minute."""
    return _kept_by(freshness.stretch(60)).get(office_id, (office_id,))


@lru_cache(maxsize=1)
def _kept_by(_minute: int) -> dict[int, tuple[int, ...]]:
    kept: dict[int, tuple[int, ...]] = {}
    heirs = dict(Office.objects.exclude(successor=None).values_list("pk", "successor_id"))
    for ended, heir in heirs.items():
        met = {ended}
        while heir in heirs and heir not in met:
            met.add(heir)
            kept[heir] = (*kept.get(heir, (heir,)), ended)
            heir = heirs[heir]
        kept[heir] = (*kept.get(heir, (heir,)), ended)
    return kept


def keeping_lists(on: date) -> QuerySet[Office]:
    """Who closes an intake list for ``on``: the offices there are, and who ended with filings on none."""
    unlisted = Dossier.objects.filter(office=OuterRef("pk"), listed=False).exclude(state="draft")
    return Office.objects.filter(valid(on) | Exists(unlisted))


def full_address(street: str, ward: Ward | None) -> str:
    """An address as written on letters: street, ward, district, province."""
    parts = [street] + ([ward.name, ward.district.name, "Khánh Hòa"] if ward else [])
    return ", ".join(part for part in parts if part)


# --- Closures ------------------------------------------------------------------------------------

Scope = Closure.Scope
# How many neighbours are named beside the province office; as in the letter's example.
_NEIGHBOURS = 2


def closures(at: datetime) -> list[Closure]:
    """What is closed at this moment; another process hears of a new closure within five seconds."""
    return [c for c in _closures(freshness.stretch(5)) if c.starts_at <= at < (c.ends_at or _NEVER)]


_NEVER = datetime.max.replace(tzinfo=UTC)


@lru_cache(maxsize=1)
def _closures(_moment: int) -> list[Closure]:
    """Every closure that may still matter."""
    current = Closure.objects.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()))
    return list(current.select_related("office").order_by("office__number"))


def forget_closures() -> None:
    """Read them again: this process has just changed one."""
    _closures.cache_clear()
    _kept_by.cache_clear()


def closed(scope: str, at: datetime) -> dict[int, Closure]:
    """The offices that take no visits (or no post) at this moment, each with the reason."""
    return {c.office_id: c for c in closures(at) if c.scope in {scope, Scope.ALL}}


def counter_closed(handled_by: str, ward_code: str, at: datetime) -> Closure | None:
    """Why nobody can come to the office that handles a dossier from ``ward_code``; None when they can."""
    shut = closed(Scope.COUNTER, at)
    if not shut:
        return None
    try:
        return shut.get(office_for_procedure(handled_by, ward_code, timezone.localdate(at)).pk)
    except NoOffice:
        return None


def posting_options(home: Office, at: datetime) -> list[Office]:
    """Where paper for ``home`` may be posted, the best first; empty when every office is closed.

    Itself; while it takes no post the nearest open neighbours, then the province office (Công văn BHXH
    tỉnh Khánh Hòa, tháng 7/2021, mục 4.2).
    """
    shut = closed(Scope.POST, at)
    if home.pk not in shut:
        return [home]
    neighbours = home.adjoining.select_related("other").exclude(other__level=Office.Level.PROVINCE)
    neighbours = neighbours.filter(other__in=in_force(at))
    near = [n.other for n in neighbours.order_by("km", "other__number") if n.other_id not in shut]
    province = Office.objects.filter(level=Office.Level.PROVINCE).exclude(pk__in=[*shut, home.pk])
    return [*near[:_NEIGHBOURS], *province]


def other_address(home: Office, chosen: Office | None, at: datetime) -> Office | None:
    """The office that paper goes to instead of ``home``: the one ``chosen`` before as long as it is open."""
    options = posting_options(home, at)
    if home in options:
        return None
    if chosen is not None and (chosen in options or not options):
        return chosen
    return options[0] if options else None
