"""When people can come to an office, and to which counter: told only where it is known."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import gettext as _

from portal import freshness
from portal.dated import valid
from portal.models import Confidence
from procedures.models import Counter, Office, OfficeHours
from procedures.offices import NoOffice, office_for_procedure

# The province's line for everybody (Công văn BHXH tỉnh Khánh Hòa, tháng 7/2021, mục 8.2).
HOTLINE = "02583.827.443"


@dataclass(frozen=True)
class Day:
    """A weekday with its spans of opening, the earlier first."""

    weekday: int
    name: str
    spans: tuple[str, ...]


@dataclass(frozen=True)
class Visits:
    """The hours of an office on a day, Monday first, and its counters. Without ``days`` nothing is known."""

    days: tuple[Day, ...]
    counters: tuple[Counter, ...]
    sure: bool

    def words(self) -> str:
        """The hours in one line, or that one has to call first."""
        if not self.days:
            return _("Opening hours are not known to us yet: please call %(phone)s first.") % {
                "phone": HOTLINE
            }
        line = "; ".join(f"{day.name} {', '.join(day.spans)}" for day in self.days)
        return line if self.sure else _("%(hours)s (not confirmed: please call first)") % {"hours": line}


def of(office: Office, on: date) -> Visits:
    """What is known of visits to ``office`` on the day ``on``; fresh within a minute in every process."""
    days, counters, sure = _known(freshness.stretch(60), on).get(office.pk, ((), (), True))
    named = tuple(Day(n, str(OfficeHours.Weekday(n).label), spans) for n, spans in days)
    return Visits(named, counters, sure)


_Known = tuple[tuple[tuple[int, tuple[str, ...]], ...], tuple[Counter, ...], bool]


@lru_cache(maxsize=2)
def _known(_minute: int, on: date) -> dict[int, _Known]:
    """Hours and counters of every office: a few rows each, asked on every page that names a counter."""
    spans: dict[int, dict[int, list[str]]] = {}
    doubtful = set()
    for row in OfficeHours.objects.filter(valid(on)):
        day = spans.setdefault(row.office_id, {}).setdefault(row.weekday, [])
        day.append(f"{row.opens:%H:%M}–{row.closes:%H:%M}")
        if row.confidence != Confidence.SURE:
            doubtful.add(row.office_id)
    counters: dict[int, list[Counter]] = {}
    for counter in Counter.objects.all():
        counters.setdefault(counter.office_id, []).append(counter)
    return {
        pk: (
            tuple((n, tuple(times)) for n, times in spans.get(pk, {}).items()),
            tuple(counters.get(pk, ())),
            pk not in doubtful,
        )
        for pk in spans.keys() | counters.keys()
    }


def forget() -> None:
    """Read them again: this process has just changed some."""
    _known.cache_clear()
    _home.cache_clear()


def at_counter(handled_by: str, ward_code: str, at: datetime) -> tuple[Office, Visits] | None:
    """The office somebody from ``ward_code`` comes to, and when; None where none is known."""
    today = timezone.localdate(at)
    office = _home(freshness.stretch(60), handled_by, ward_code, today)
    return (office, of(office, today)) if office else None


@lru_cache(maxsize=512)
def _home(_minute: int, handled_by: str, ward_code: str, on: date) -> Office | None:
    try:
        return office_for_procedure(handled_by, ward_code, on)
    except NoOffice:
        return None
