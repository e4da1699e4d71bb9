"""Days and offices as a form names them."""

from collections.abc import Mapping
from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.dated import typed_day
from procedures.books import FORMATS, Scope
from procedures.models import Office, StaffMember
from procedures.workflow import MoveRefused

MOST_DAYS = 366


def offices_of(staff: StaffMember) -> QuerySet[Office]:
    """The offices whose lists ``staff`` may take away."""
    return Office.objects.all() if staff.oversees_province else Office.objects.filter(pk=staff.office_id)


def days_of(typed: Mapping[str, str]) -> tuple[date, date]:
    """First and last day of a form; raises ``MoveRefused`` with the field that is wrong."""
    first, last = _day(typed, "from_day"), _day(typed, "to_day")
    if first > last:
        raise MoveRefused(_("The first day comes after the last."), field="from_day")
    return first, last


def _day(typed: Mapping[str, str], name: str) -> date:
    if day := typed_day(typed.get(name, "")):
        return day
    raise MoveRefused(_("Write the day as 05/07/2021."), field=name)


def range_of(typed: Mapping[str, str], staff: StaffMember) -> tuple[Scope, str]:
    """What is to be exported and as what; raises ``MoveRefused``."""
    first, last = days_of(typed)
    if (last - first).days >= MOST_DAYS:
        raise MoveRefused(_("Choose at most %(n)d days.") % {"n": MOST_DAYS}, field="to_day")
    kind = typed.get("kind", "")
    if kind not in FORMATS:
        raise MoveRefused(_("Choose a format."), field="kind")
    office = _office(typed.get("office", ""), staff)
    if kind == "pdf" and (office is None or first != last):
        raise MoveRefused(_("A book is printed for one office and one day: take CSV or XLSX."), field="kind")
    scope = Scope(office, first, last)
    if not scope.lists().exists():
        raise MoveRefused(_("No list was closed on these days."), field="from_day")
    return scope, kind


def _office(slug: str, staff: StaffMember) -> Office | None:
    if not slug and staff.oversees_province:
        return None
    office = offices_of(staff).filter(slug=slug).first()
    if office is None:
        raise MoveRefused(_("Choose an office."), field="office")
    return office
