"""The delivery route of an address: the district it lies in, and that district's post office."""

import re
from functools import lru_cache

from portal import geography
from portal.models import District
from portal.text import without_marks
from procedures.models import Dossier, PostOffice

_KIND = re.compile(r"^(thanh pho|thi xa|huyen) ")


def route_of(dossier: Dossier) -> tuple[District | None, bool]:
    """The district the result of ``dossier`` is delivered in, and whether it is only read out of words.

    None: the address names no district of the province, so somebody has to look.
    """
    typed = str(dossier.answers.get("delivery_address", ""))
    if typed:
        return named_in(typed), True
    if dossier.by_organisation:
        ward = geography.ward(dossier.owner.ward_id or "")
    else:
        ward = geography.ward(str(dossier.answers.get("ward", "")))
    return (ward.district if ward else None), False


def named_in(address: str) -> District | None:
    """The district that ``address`` names last: streets are named after places too, and stand first."""
    words = f" {re.sub(r'[^a-z0-9]+', ' ', without_marks(address))} "
    found = [(words.rfind(f" {name} "), district) for name, district in _names()]
    at, district = max(found, key=lambda pair: pair[0], default=(-1, None))
    return district if at >= 0 else None


@lru_cache(maxsize=1)
def _names() -> tuple[tuple[str, District], ...]:
    """Districts without their kind and without marks; the list of districts does not change by itself."""
    return tuple((_KIND.sub("", without_marks(d.name)), d) for d in District.objects.all())


def post_office(route: District | None) -> PostOffice | None:
    return PostOffice.objects.filter(district=route).first() if route else None
