"""Wards, districts and the offices that serve them on one day, as a change finds and leaves them."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from portal.dated import valid
from portal.models import District, Ward
from procedures.models import Office, OfficeArea


@dataclass
class World:
    """What there is on a day. Codes and slugs are keys; ``gone`` are codes that were used before."""

    wards: dict[str, tuple[str, str]]
    """Name and district by code."""
    districts: dict[str, str]
    serves: dict[str, str]
    """Slug of the office by district."""
    offices: dict[str, tuple[str, str]]
    """Name and number by slug."""
    gone: set[str]
    bound: set[str]
    """Codes with a date of their own on or after the day: their validity cannot be cut once more."""
    provinces: set[str]
    successors: dict[str, list[str]] = field(default_factory=dict)
    """What became of wards that were merged or split."""
    heirs: dict[str, str] = field(default_factory=dict)
    """Who takes over from offices that end."""
    given: set[str] = field(default_factory=set)
    """Districts that a row has given to another office."""

    def copy(self) -> "World":
        return deepcopy(self)

    def office_of(self, ward: str) -> str:
        """The slug of the office that serves ``ward``; "" for none."""
        return self.serves.get(self.wards[ward][1], "") if ward in self.wards else ""

    def wards_in(self, district: str) -> list[str]:
        return [code for code, (_name, place) in self.wards.items() if place == district]


def on(day: date) -> World:
    """The world as the tables have it on ``day``."""
    wards, districts = Ward.objects.filter(valid(day)), District.objects.filter(valid(day))
    areas, offices = OfficeArea.objects.filter(valid(day)), Office.objects.filter(valid(day))
    codes = [*Ward.objects.values_list("code", flat=True), *District.objects.values_list("code", flat=True)]
    return World(
        wards={code: (name, place) for code, name, place in wards.values_list("code", "name", "district_id")},
        districts=dict(districts.values_list("code", "name")),
        serves=dict(areas.values_list("district_id", "office__slug")),
        offices={
            slug: (name, number) for slug, name, number in offices.values_list("slug", "name", "number")
        },
        gone={*codes, *Office.objects.values_list("slug", flat=True)},
        bound=_bound(day),
        provinces=set(offices.filter(level=Office.Level.PROVINCE).values_list("slug", flat=True)),
    )


def _bound(day: date) -> set[str]:
    late = Q(valid_from__gte=day) | Q(valid_to__gte=day)
    return {
        *Ward.objects.filter(late).values_list("code", flat=True),
        *District.objects.filter(late).values_list("code", flat=True),
        *OfficeArea.objects.filter(late).values_list("district_id", flat=True),
        *Office.objects.filter(late).values_list("slug", flat=True),
    }
