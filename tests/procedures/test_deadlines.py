from datetime import date, datetime

import pytest
from django.utils import timezone

from procedures.deadlines import WorkCalendar, calendar, closing, day_zero, due_on
from procedures.definition import TimeLimit
from procedures.models import CalendarDay

WORKING_5 = TimeLimit(days=5, unit="working", source="test", confidence="sure")
CALENDAR_30 = TimeLimit(days=30, unit="calendar", source="test", confidence="sure")

pytestmark = pytest.mark.django_db


def _at(*parts: int) -> datetime:
    return timezone.make_aware(datetime(*parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (_at(2021, 7, 12, 9), date(2021, 7, 19)),  # Monday to Monday
        (_at(2021, 7, 12, 17, 0), date(2021, 7, 20)),  # after hours: day 0 is the next day
        (_at(2021, 7, 17, 10), date(2021, 7, 26)),  # Saturday: day 0 is Monday
        (_at(2021, 2, 8, 9), date(2021, 2, 22)),  # across Tết 2021 (10 to 16 February)
        (_at(2022, 1, 27, 9), date(2022, 2, 10)),  # across Tết 2022 (31 January to 4 February)
        (_at(2021, 12, 29, 9), date(2022, 1, 6)),  # across the year's end; 3 January 2022 is off
        (_at(2021, 8, 31, 16, 59), date(2021, 9, 9)),  # across the national day, 2 and 3 September
        (_at(2021, 4, 29, 9), date(2021, 5, 10)),  # 30 April, and 3 May for 1 May
    ],
)
def test_five_working_days(received: datetime, due: date) -> None:
    work = calendar()
    assert due_on(day_zero(received, work), WORKING_5, work) == due


def test_calendar_days_end_on_a_working_day() -> None:
    work = calendar()
    assert due_on(date(2021, 7, 15), CALENDAR_30, work) == date(2021, 8, 16)


def test_the_moment_of_receipt_is_taken_in_viet_nam() -> None:
    """23:30 UTC on Sunday is Monday morning in Khánh Hòa."""
    from datetime import UTC

    assert day_zero(datetime(2021, 7, 11, 23, 30, tzinfo=UTC), calendar()) == date(2021, 7, 12)


def test_staff_add_days_off_and_substitute_days() -> None:
    CalendarDay.objects.create(day=date(2021, 7, 14), kind="off", source="test", note="bão")
    CalendarDay.objects.create(day=date(2021, 7, 17), kind="working", source="test", note="làm bù")
    work = calendar()
    assert due_on(day_zero(_at(2021, 7, 12, 9), work), WORKING_5, work) == date(2021, 7, 19)
    assert work.is_working(date(2021, 7, 17))


def test_counting_back_and_forth_agrees() -> None:
    work = WorkCalendar(exceptions={}, public_holidays=set())
    start = date(2021, 7, 12)
    for days in range(30):
        assert work.count(start, work.add(start, days)) == days
    assert work.count(date(2021, 7, 19), start) == -5


def test_a_result_is_promised_for_the_end_of_office_hours() -> None:
    assert f"{timezone.localtime(closing(date(2021, 7, 19))):%H:%M %d/%m/%Y}" == "17:00 19/07/2021"
