from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from portal.models import User
from procedures import mailroom, workflow
from procedures.deadlines import WorkCalendar, calendar, closing, day_zero, due_on
from procedures.definition import Definition, TimeLimit
from procedures.models import CalendarDay, Dossier
from tests import answers, reference
from tests.conftest import file_draft

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


# --- Limits of every kind ------------------------------------------------------------------------


SAME_DAY = TimeLimit(days=0, unit="working", source="test", confidence="sure")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (_at(2021, 7, 12, 8), date(2021, 7, 12)),
        (_at(2021, 7, 12, 16, 59), date(2021, 7, 12)),
        (_at(2021, 7, 12, 17, 0), date(2021, 7, 13)),  # after hours: the same day is tomorrow
        (_at(2021, 7, 16, 19), date(2021, 7, 19)),  # Friday evening
        (_at(2021, 2, 9, 18), date(2021, 2, 17)),  # the evening before Tết
        (_at(2021, 12, 31, 17, 30), date(2022, 1, 4)),
    ],
)
def test_the_same_day_is_the_day_of_receipt_in_office_hours(received: datetime, due: date) -> None:
    work = calendar()
    assert due_on(day_zero(received, work), SAME_DAY, work) == due


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (_at(2021, 1, 11, 9), date(2021, 2, 17)),  # the thirtieth day, 10 February, is in Tết
        (_at(2022, 1, 3, 9), date(2022, 2, 7)),  # day 0 is 4 January; 3 February is in Tết, then a weekend
        (_at(2021, 12, 2, 9), date(2022, 1, 4)),  # 1 January falls on Saturday, 3 January is off for it
        (_at(2021, 8, 3, 9), date(2021, 9, 6)),  # 2 September, 3 September, a weekend
    ],
)
def test_thirty_calendar_days_across_holidays(received: datetime, due: date) -> None:
    work = calendar()
    assert due_on(day_zero(received, work), CALENDAR_30, work) == due


@pytest.mark.parametrize("year", range(2015, 2041))
def test_every_year_has_its_holidays(year: int) -> None:
    """New Year, Tết of five days, the Hùng kings' day, 30 April, 1 May, 2 September (BLLĐ Đ.112)."""
    work = calendar()
    assert not work.is_working(date(year, 1, 1))
    assert not work.is_working(date(year, 4, 30))
    assert not work.is_working(date(year, 5, 1))
    assert not work.is_working(date(year, 9, 2))
    spring = [date(year, 1, 20) + timedelta(days=n) for n in range(35)]
    off = [day for day in spring if not work.is_working(day)]
    assert any(all(day + timedelta(days=n) in off for n in range(5)) for day in off)


# --- The clock of a dossier ----------------------------------------------------------------------


def _moved(filed: Dossier, action: str, at: datetime, actor: User, **facts: object) -> None:
    workflow.move(filed, action, actor=actor, key=f"{action}{at}", now=at, facts=facts, note="Lý do.")


def _due(dossier: Dossier) -> date | None:
    return timezone.localdate(dossier.due_at) if dossier.due_at else None


def _filed(slug: str, who: User, at: datetime) -> Dossier:
    definition = next(d for d in reference.shipped() if d.slug == slug)
    draft = answers.make_draft(definition, definition.cases[0].slug, who, timezone.localdate(at))
    return file_draft(draft, now=at)


def test_the_lump_sum_clock_starts_when_the_last_original_arrives(citizen: User, clerk: User) -> None:
    filed = _filed("lump-sum", citizen, _at(2021, 7, 1, 9))
    assert (_due(filed), filed.clock_started_on) == (None, None)
    first, *others = filed.originals.values_list("document", flat=True)
    mailroom.receive(filed, [first], actor=clerk, key="1", now=_at(2021, 7, 8, 9))
    filed.refresh_from_db()
    assert _due(filed) is None
    mailroom.receive(filed, others, actor=clerk, key="2", now=_at(2021, 7, 12, 17, 5))
    filed.refresh_from_db()
    assert filed.clock_started_on == date(2021, 7, 13)  # after hours
    assert _due(filed) == date(2021, 7, 20)


@pytest.fixture
def running(citizen: User, clerk: User) -> Dossier:
    """A lump-sum dossier in progress: five working days from Tuesday, 2 February 2021."""
    filed = _filed("lump-sum", citizen, _at(2021, 2, 1, 9))
    every = list(filed.originals.values_list("document", flat=True))
    mailroom.receive(filed, every, actor=clerk, key="all", now=_at(2021, 2, 2, 9))
    filed.refresh_from_db()
    _moved(filed, "accept", _at(2021, 2, 2, 10), clerk)
    assert _due(filed) == date(2021, 2, 9)
    return filed


@pytest.mark.parametrize(
    ("answered", "due"),
    [
        (_at(2021, 2, 5, 9), date(2021, 2, 17)),  # before Tết: 8, 9 and 17 February
        (_at(2021, 2, 12, 9), date(2021, 2, 22)),  # answered in Tết: day 0 is 17 February
        (_at(2021, 2, 9, 20), date(2021, 2, 22)),  # answered on the last evening before Tết
        (_at(2021, 3, 1, 9), date(2021, 3, 4)),
    ],
)
def test_a_pause_over_tet_takes_no_day_and_gives_none(
    answered: datetime, due: date, running: Dossier, clerk: User
) -> None:
    _moved(running, "ask_supplement", _at(2021, 2, 4, 9), clerk, missing=["Sổ thứ hai"])
    assert (running.due_at, running.days_left) == (None, 3)
    _moved(running, "answer_supplement", answered, running.owner, message="Đây ạ.")
    assert (_due(running), running.days_left) == (due, None)


def test_whoever_answers_after_the_limit_is_over_leaves_the_office_a_day(
    running: Dossier, clerk: User
) -> None:
    _moved(running, "ask_supplement", _at(2021, 2, 18, 9), clerk, missing=["Sổ thứ hai"])
    assert running.days_left is not None and running.days_left < 0
    _moved(running, "answer_supplement", _at(2021, 2, 22, 9), running.owner, message="Đây ạ.")
    assert _due(running) == date(2021, 2, 23)


def test_a_pause_of_calendar_days_is_counted_in_calendar_days(citizen: User, clerk: User) -> None:
    """Forty days of the direct reimbursement (NĐ 146/2018 Đ.29), asked on the tenth, answered in Tết."""
    filed = _filed("bhyt-direct-reimbursement", citizen, _at(2021, 1, 4, 9))
    every = list(filed.originals.values_list("document", flat=True))
    mailroom.receive(filed, every, actor=clerk, key="all", now=_at(2021, 1, 4, 9))
    filed.refresh_from_db()
    assert _due(filed) == date(2021, 2, 17)  # the fortieth day, 13 February, is in Tết
    _moved(filed, "accept", _at(2021, 1, 5, 9), clerk)
    _moved(filed, "ask_supplement", _at(2021, 1, 14, 9), clerk, missing=["Hóa đơn"])
    assert filed.days_left == 34
    _moved(filed, "answer_supplement", _at(2021, 2, 12, 9), filed.owner, message="Đây ạ.")
    assert _due(filed) == date(2021, 3, 23)  # 34 days after 17 February


@pytest.mark.parametrize("definition", reference.shipped(), ids=lambda d: d.slug)
def test_every_case_has_a_limit_with_a_source(definition: Definition) -> None:
    for case in definition.cases:
        limit = definition.time_limit(case.slug, {})
        assert limit.days >= 0
        assert limit.source
