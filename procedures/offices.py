"""Which office looks after a ward, on which day, and what stands next to it."""

from datetime import date

from django.db.models import Q, QuerySet

from portal.models import Filer, Organisation, Ward
from procedures.models import Office, OfficeArea


class NoOffice(LookupError):
    """No office is known for a ward on a day."""


def office_for(ward_code: str, on: date) -> Office:
    """The office that serves ``ward_code`` on the day ``on``; raises ``NoOffice``."""
    area = (
        OfficeArea.objects.filter(
            Q(valid_from=None) | Q(valid_from__lte=on),
            Q(valid_to=None) | Q(valid_to__gte=on),
            district__wards__code=ward_code,
        )
        .select_related("office")
        .first()
    )
    if area is None:
        raise NoOffice(ward_code)
    return area.office


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
    areas = OfficeArea.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=on), Q(valid_to=None) | Q(valid_to__gte=on), office=office
    )
    mine = ~Q(kind=Filer.HEALTH_FACILITY) & Q(user__ward__district__in=areas.values("district"))
    if office.level == Office.Level.PROVINCE:
        mine |= Q(kind=Filer.HEALTH_FACILITY)
    return Organisation.objects.filter(mine).select_related("user__ward", "confirmed_by")


def full_address(street: str, ward: Ward | None) -> str:
    """An address as written on letters: street, ward, district, province."""
    parts = [street] + ([ward.name, ward.district.name, "Khánh Hòa"] if ward else [])
    return ", ".join(part for part in parts if part)
