"""The clock of a dossier: working days of Viet Nam, day 0, pauses.

The day of receipt is day 0; what arrives after office hours or on a day off counts from the next
working day (NĐ 61/2018/NĐ-CP; confidence likely). Days are days of Asia/Ho_Chi_Minh.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays
from django.conf import settings
from django.utils import timezone

from procedures.definition import TimeLimit
from procedures.models import CalendarDay


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked: Monday to Friday less public holidays, then the office's exceptions."""

    exceptions: Mapping[date, bool]
    public_holidays: Container[date]

    def is_working(self, day: date) -> bool:
        if day in self.exceptions:
            return self.exceptions[day]
        return day.weekday() < 5 and day not in self.public_holidays

    def next_working(self, day: date) -> date:
        """``day`` itself when it is worked, else the first worked day after it."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day

    def add(self, day: date, working_days: int) -> date:
        """The day ``working_days`` worked days after ``day`` (which is day 0)."""
        for _ in range(working_days):
            day = self.next_working(day + timedelta(days=1))
        return day

    def back(self, day: date, working_days: int) -> date:
        """The last day after which ``working_days`` worked days have passed by the end of ``day``."""
        for _ in range(working_days):
            while not self.is_working(day):
                day -= timedelta(days=1)
            day -= timedelta(days=1)
        return day

    def count(self, start: date, end: date) -> int:
        """Worked days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.count(end, start)
        return sum(self.is_working(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))


@lru_cache(maxsize=1)
def _public_holidays() -> Container[date]:
    return holidays.country_holidays("VN")


def calendar() -> WorkCalendar:
    """The calendar as it stands now: the law's holidays and the table of exceptions."""
    rows = CalendarDay.objects.values_list("day", "kind")
    return WorkCalendar(
        exceptions={day: kind == CalendarDay.Kind.WORKING for day, kind in rows},
        public_holidays=_public_holidays(),
    )


def day_zero(received: datetime, work: WorkCalendar) -> date:
    """The day from which days are counted for something received at ``received``."""
    local = timezone.localtime(received)
    late = local.time() >= settings.OFFICE_HOURS[1]
    return work.next_working(local.date() + timedelta(days=1) if late else local.date())


def due_on(start: date, limit: TimeLimit, work: WorkCalendar) -> date:
    """The last day of ``limit`` for a clock with day 0 ``start``.

    Calendar days that end on a day off end on the next working day (Bộ luật Dân sự 2015 Đ.148).
    """
    if limit.unit == "working":
        return work.add(start, limit.days)
    return work.next_working(start + timedelta(days=limit.days))


def days_between(start: date, end: date, limit: TimeLimit, work: WorkCalendar) -> int:
    """Days of the unit of ``limit`` after ``start`` up to and including ``end``; negative when it is past."""
    return work.count(start, end) if limit.unit == "working" else (end - start).days


def closing(day: date) -> datetime:
    """The end of office hours of ``day``: the minute a result is promised for."""
    return timezone.make_aware(datetime.combine(day, settings.OFFICE_HOURS[1]))


def start_of(day: date) -> datetime:
    """Midnight at the beginning of ``day``."""
    return timezone.make_aware(datetime.combine(day, time.min))
