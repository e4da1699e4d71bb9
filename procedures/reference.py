"""Seeds offices and banks from the project's data; what staff changed since stays theirs."""

import csv
import tomllib
from pathlib import Path
from typing import Any

from procedures.models import AdjoiningOffice, Bank, Office, OfficeArea, PostOffice

DATA = Path(__file__).parent / "data"


def load_offices() -> int:
    """Add the offices that are not there yet, with areas and neighbours; return how many."""
    entries = tomllib.loads((DATA / "offices.toml").read_text(encoding="utf-8"))["offices"]
    added = [entry for entry in entries if _add_office(entry)]
    known = {office.slug: office for office in Office.objects.all()}
    for entry in added:
        AdjoiningOffice.objects.bulk_create(
            AdjoiningOffice(office=known[entry["slug"]], other=known[near["office"]], km=near["km"])
            for near in entry["adjoining"]
        )
    return len(added)


def _add_office(entry: dict[str, Any]) -> bool:
    columns = {k: v for k, v in entry.items() if k not in {"serves", "adjoining"}}
    office, created = Office.objects.get_or_create(slug=columns.pop("slug"), defaults=columns)
    if created:
        OfficeArea.objects.bulk_create(
            OfficeArea(office=office, district_id=area["district"], confidence=area["confidence"])
            for area in entry["serves"]
        )
    return created


def load_banks() -> int:
    """Add the banks that are not there yet; return how many rows the file has."""
    with (DATA / "banks.csv").open(encoding="utf-8", newline="") as lines:
        banks = [Bank(**row) for row in csv.DictReader(lines)]
    Bank.objects.bulk_create(banks, ignore_conflicts=True)
    return len(banks)


def load_post_offices() -> int:
    """Add the post offices of the districts that are not there yet; return how many the file has."""
    entries = tomllib.loads((DATA / "post_offices.toml").read_text(encoding="utf-8"))["post_offices"]
    source = "Danh sách bưu cục công khai; chờ bưu điện xác nhận"
    PostOffice.objects.bulk_create(
        [PostOffice(district_id=entry.pop("district"), source=source, **entry) for entry in entries],
        ignore_conflicts=True,
    )
    return len(entries)
