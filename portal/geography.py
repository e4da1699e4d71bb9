"""The wards of the province as people choose them, as of a day."""

import csv
from datetime import date
from functools import lru_cache
from pathlib import Path

from portal import freshness
from portal.dated import valid
from portal.models import District, Ward
from portal.options import Options

WARD_SOURCE = "Danh mục hành chính của Tổng cục Thống kê, 2021"


def wards(on: date) -> Options:
    """Wards valid ``on`` that day, grouped by district.

    A change by staff shows in every process within a minute.
    """
    return _wards(on, freshness.stretch(60))


@lru_cache(maxsize=4)
def _wards(on: date, _minute: int) -> Options:
    wards = Ward.objects.filter(valid(on)).select_related("district")
    groups: dict[str, list[tuple[str, str]]] = {}
    for ward in wards:
        groups.setdefault(ward.district.name, []).append((ward.code, ward.name))
    return Options(list(groups.items()))


def ward_name(code: str) -> str:
    """Ward and district by ``code``, also of one that is no more; the code itself where unknown."""
    found = ward(code)
    return f"{found.name}, {found.district.name}" if found else code


def ward(code: str) -> Ward | None:
    """The ward ``code`` with its district, also one that is no more; as fresh as ``wards``."""
    return _ward(code, freshness.stretch(60)) if code else None


@lru_cache(maxsize=512)
def _ward(code: str, _minute: int) -> Ward | None:
    return Ward.objects.select_related("district").filter(code=code).first()


def load_wards() -> int:
    """Add the districts and wards of the shipped list that are not there yet."""
    path = Path(__file__).parent / "data" / "wards.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    District.objects.bulk_create(
        [
            District(code=code, name=name)
            for code, name in {(r["district_code"], r["district"]) for r in rows}
        ],
        ignore_conflicts=True,
    )
    Ward.objects.bulk_create(
        [
            Ward(code=r["code"], name=r["name"], district_id=r["district_code"], source=WARD_SOURCE)
            for r in rows
        ],
        ignore_conflicts=True,
    )
    return len(rows)
