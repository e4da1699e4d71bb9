"""The figures of the director's page: every one as somebody would count it by hand."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as some

from portal.models import User
from procedures import apologies, demo, mailroom, workflow
from procedures.figures import counting, months, recount
from procedures.figures.rule import Arrival, end_of, verdict
from procedures.models import CountedDossier, Dossier, FiguresMark, MonthFigures, Office
from tests import answers, reference
from tests.conftest import file_draft

DEFINITIONS = {d.slug: d for d in reference.shipped()}


def at(day: str, clock: str = "09:00") -> datetime:
    return timezone.make_aware(datetime.fromisoformat(f"{day}T{clock}"))


# --- The rule ------------------------------------------------------------------------------------

T = at("2021-07-12")


def arrivals(*codes: int, final: bool = False) -> list[Arrival]:
    return [Arrival(T + timedelta(days=n), code, final) for n, code in enumerate(codes)]


@pytest.mark.parametrize(
    ("codes", "day"),
    [
        ((1, 4), None),
        ((1, 4, 9), 2),
        ((1, 4, 9, 9, 10), 2),
        ((1, 4, 10), 2),
        ((1, 10, 9), 2),
        ((1, 3), 1),
        ((1, 4, 5, 8), 3),
        ((1, 4, 9, 4), None),
        ((1, 4, 9, 4, 9), 4),
        ((1, 4, 7), None),
    ],
)
def test_the_end_is_the_first_arrival_of_the_preferred_code(codes: tuple[int, ...], day: int | None) -> None:
    end = end_of(arrivals(*codes))
    assert (end and (end.at - T).days) == day


def test_a_withdrawal_that_was_asked_ends_a_dossier_once_it_is_accepted() -> None:
    assert end_of(arrivals(1, 7)) is None
    assert end_of(arrivals(1, 7, final=True)) == Arrival(T + timedelta(days=1), 7, True)


@pytest.mark.parametrize(
    ("ended", "due", "left", "found"),
    [
        (T, T, None, "on_time"),
        (T + timedelta(seconds=1), T, None, "late"),
        (T, None, 3, "on_time"),
        (T, None, 0, "on_time"),
        (T, None, -1, "late"),
        (T, None, None, "unpromised"),
    ],
)
def test_on_time_is_not_after_the_appointment(
    ended: datetime, due: datetime | None, left: int | None, found: str
) -> None:
    assert verdict(ended, due, left) == found


# --- Through the workflow ------------------------------------------------------------------------


class Story:
    """A dossier of Cam Ranh taken through its life, each step at a given moment."""

    def __init__(self, slug: str, case: str, filed: datetime, seed: int, ward: str = "22429") -> None:
        office = self.office(ward)
        self.clerk = demo.staff(f"c.{ward}", "Lê Thị Hạnh", office, "clerk", password="x")
        self.head = demo.staff(f"s.{ward}", "Trần Quốc Sơn", office, "supervisor", password="x")
        who = demo.citizen(demo.person(random.Random(seed), ward))
        with time_machine.travel(filed, tick=False):
            draft = answers.make_draft(DEFINITIONS[slug], case, who, filed.date(), ward=ward)
            self.dossier = file_draft(draft, now=filed)

    @staticmethod
    def office(ward: str) -> Office:
        return Office.objects.get(slug={"22429": "cam-ranh", "22366": "khanh-hoa"}[ward])

    def do(self, action: str, when: datetime, *, note: str = "Vì vậy.", **facts: Any) -> "Story":
        known = {"ask_supplement": {"missing": ["Sổ"]}, "answer_supplement": {"message": "Đây."}}
        facts = facts or known.get(action, {"legal_basis": "Luật"})
        if action in {"approve", "reject"} and self.dossier.state == "processing":
            self.do("propose", when)
        transition = workflow.definition_for(self.dossier).transition(action)
        assert transition is not None
        actor: User = self.clerk if "clerk" in transition.roles else self.head
        actor = self.dossier.owner if "citizen" in transition.roles else actor
        with time_machine.travel(when, tick=False):
            key = f"{action}{when}"
            workflow.move(self.dossier, action, actor=actor, key=key, note=note, facts=facts, now=when)
        return self

    def papers(self, when: datetime) -> "Story":
        every = list(self.dossier.originals.values_list("document", flat=True))
        mailroom.receive(self.dossier, every, actor=self.clerk, key="o", now=when)
        return self

    def apologise(self, day: str, when: datetime) -> "Story":
        apologies.apologise(self.dossier, day, actor=self.head, key="s", reason="Mưa bão.", now=when)
        return self


SWITCH = ("change-payment-method", "cash_to_account")


def stories(*names: str) -> dict[str, Dossier]:
    """Those called ``names``, else all: around a month's end, a year's and Tết 2021 (10 to 16 February)."""
    lump = ("lump-sum", "stopped_1_year")
    told = {
        "granted in time": lambda: (
            Story(*SWITCH, at("2021-07-12"), 1)
            .do("accept", at("2021-07-12", "10:00"))
            .do("approve", at("2021-07-14", "17:00"))
            .do("close", at("2021-08-02"))
        ),
        "granted a minute late": lambda: (
            Story(*SWITCH, at("2021-07-12"), 2)
            .do("accept", at("2021-07-13"))
            .do("approve", at("2021-07-14", "17:01"))
        ),
        "refused at once": lambda: Story(*SWITCH, at("2021-07-30"), 3).do(
            "refuse", at("2021-07-30", "11:00")
        ),
        "withdrawn while waiting for the citizen": lambda: (
            Story(*SWITCH, at("2021-07-29"), 4)
            .do("accept", at("2021-07-29"))
            .do("ask_supplement", at("2021-07-30"))
            .do("withdraw", at("2021-08-20"))
        ),
        "withdrawn in a pause that began late": lambda: (
            Story(*SWITCH, at("2021-07-12"), 5)
            .do("accept", at("2021-07-12"))
            .do("ask_supplement", at("2021-07-20"))
            .do("withdraw", at("2021-07-21"))
        ),
        "in time because the clock stood still": lambda: (
            Story(*SWITCH, at("2021-07-12"), 6)
            .do("accept", at("2021-07-12"))
            .do("ask_supplement", at("2021-07-13"))
            .do("answer_supplement", at("2021-08-09"))
            .do("approve", at("2021-08-10"))
        ),
        "withdrawn before papers came": lambda: Story(*lump, at("2021-07-12"), 7).do(
            "withdraw", at("2021-07-15")
        ),
        "over Tết": lambda: (
            Story(*SWITCH, at("2021-02-09"), 8)
            .do("accept", at("2021-02-09"))
            .do("approve", at("2021-02-18", "16:00"))
        ),
        "in time for the new date": lambda: (
            Story(*SWITCH, at("2021-12-30"), 9)
            .do("accept", at("2021-12-30"))
            .apologise("07/01/2022", at("2021-12-31"))
            .do("approve", at("2022-01-07"))
        ),
        "late for the new date": lambda: (
            Story(*SWITCH, at("2021-12-30"), 10)
            .do("accept", at("2021-12-30"))
            .apologise("05/01/2022", at("2021-12-31"))
            .do("reject", at("2022-01-07"))
        ),
        "open, at another office": lambda: Story(*SWITCH, at("2021-07-31"), 11, "22366"),
        "open, papers here": lambda: Story(*lump, at("2021-07-12"), 12).papers(at("2021-07-16")),
        "filed a minute before the month ended": lambda: Story(*SWITCH, at("2021-06-30", "23:59"), 13),
    }
    return {name: told[name]().dossier for name in names or told}


VERDICTS = {
    "granted in time": "on_time",
    "granted a minute late": "late",
    "refused at once": "on_time",
    "withdrawn while waiting for the citizen": "on_time",
    "withdrawn in a pause that began late": "late",
    "in time because the clock stood still": "on_time",
    "withdrawn before papers came": "unpromised",
    "over Tết": "on_time",
    "in time for the new date": "on_time",
    "late for the new date": "late",
    "open, at another office": "",
    "open, papers here": "",
    "filed a minute before the month ended": "",
}


@pytest.fixture
def told(db: None) -> dict[str, Dossier]:
    made = stories()
    Dossier.objects.filter(pk=made["refused at once"].pk).update(channel="3")
    Dossier.objects.filter(pk=made["over Tết"].pk).update(channel="1")
    counting.catch_up(timezone.now())
    return made


def test_every_dossier_counts_as_it_went(told: dict[str, Dossier]) -> None:
    kept = dict(CountedDossier.objects.values_list("dossier_id", "verdict"))
    assert {name: kept[dossier.pk] for name, dossier in told.items()} == VERDICTS


def by_hand() -> dict[tuple[date, int | None, int | None], Counter[str]]:
    """Every sum, from the dossiers and their histories, one after the other."""
    sums: dict[tuple[date, int | None, int | None], Counter[str]] = {}

    def add(dossier: Dossier, moment: datetime, *names: str) -> None:
        month = timezone.localtime(moment).date().replace(day=1)
        for office in (dossier.office_id, None):
            for procedure in (dossier.procedure_id, None):
                sums.setdefault((month, office, procedure), Counter()).update(names)

    for dossier in Dossier.objects.exclude(state="draft").select_related("procedure"):
        assert dossier.filed_at is not None
        channel = {"1": "counter", "2": "online", "3": "post"}[dossier.channel]
        add(dossier, dossier.filed_at, "received", channel)
        steps = [
            (event, workflow.definition_for(dossier).state(event.to_state).code)
            for event in dossier.events.order_by("sequence")
            if event.from_state != event.to_state
        ]
        for event in [event for event, code in steps if code == 5][:1]:
            add(dossier, event.at, "asked")
        ends = {code: event.at for event, code in reversed(steps) if code in (9, 10, 3, 8)}
        for code in [code for code in (9, 10, 3, 8) if code in ends][:1]:
            add(dossier, ends[code], *end_by_hand(dossier, code, ends[code]))
    return sums


def end_by_hand(dossier: Dossier, code: int, end: datetime) -> list[str]:
    """For what a dossier counts that ended at ``end`` in a state of ``code``."""
    assert dossier.filed_at is not None
    names = ["decided", f"days {(timezone.localdate(end) - timezone.localdate(dossier.filed_at)).days}"]
    if dossier.due_at:
        names.append("on_time" if end <= dossier.due_at else "late")
    elif dossier.days_left is not None:
        names.append("on_time" if dossier.days_left >= 0 else "late")
    else:
        names.append("unpromised")
    if dossier.events.filter(action="apologise").exists():
        names.append("redated")
    if code in (9, 10) and (dossier.procedure.slug, dossier.case) == SWITCH:
        names.append("to_account")
    return names


def kept_sums() -> dict[tuple[date, int | None, int | None], Counter[str]]:
    return {
        (row.month, row.office_id, row.procedure_id): Counter(
            {name: getattr(row, name) for name in months.SUMS if getattr(row, name)}
            | {f"days {days}": number for days, number in row.days.items()}
        )
        for row in MonthFigures.objects.all()
    }


def test_every_sum_is_what_counting_by_hand_gives(told: dict[str, Dossier]) -> None:
    assert kept_sums() == by_hand()


def test_a_rebuild_gives_the_same_and_changes_nothing(told: dict[str, Dossier]) -> None:
    before = list(CountedDossier.objects.order_by("pk").values()), kept_sums()
    assert recount.rebuild(timezone.now()) == 0
    assert (list(CountedDossier.objects.order_by("pk").values()), kept_sums()) == before
    CountedDossier.objects.all().delete()
    call_command("rebuild_figures")
    assert (list(CountedDossier.objects.order_by("pk").values()), kept_sums()) == before


def test_more_history_than_is_counted_step_by_step_is_recounted(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MANY", 3)
    stories()
    assert counting.catch_up(timezone.now()) == len(VERDICTS)
    assert kept_sums() == by_hand()


def test_a_day_given_back_after_the_decision_does_not_make_it_timely(told: dict[str, Dossier]) -> None:
    late = told["granted a minute late"]
    was, later = late.due_at, at("2021-07-20", "17:00")
    assert was is not None

    def change(locked: Dossier) -> None:
        locked.due_at = later

    facts = {"due_was": was.isoformat(), "due": later.isoformat()}
    workflow.record(late, "days_closed", actor=None, key="d", facts=facts, prepare=change)
    counting.catch_up(timezone.now())
    assert CountedDossier.objects.get(pk=late.pk).verdict == "late"
    assert recount.check(timezone.now()) == []


def test_a_dossier_handed_over_counts_for_the_office_that_has_it(told: dict[str, Dossier]) -> None:
    moved, other = told["granted in time"], Office.objects.get(slug="ninh-hoa")

    def change(locked: Dossier) -> None:
        locked.office = other

    workflow.record(moved, "handed_over", actor=None, key="h", prepare=change)
    assert counting.catch_up(timezone.now()) == 1
    assert kept_sums() == by_hand()
    assert MonthFigures.objects.get(month="2021-07-01", office=other, procedure=None).received == 1


def test_looking_again_counts_nothing_twice(told: dict[str, Dossier]) -> None:
    assert [counting.catch_up(timezone.now()) for _look in range(3)] == [0, 0, 0]
    assert kept_sums() == by_hand()


def test_a_look_that_breaks_off_leaves_the_work_to_the_next(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories()
    with monkeypatch.context() as broken:
        broken.setattr(months, "month_after", lambda month: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            counting.catch_up(timezone.now())
    assert not CountedDossier.objects.exists()
    assert counting.catch_up(timezone.now()) == len(VERDICTS)
    assert kept_sums() == by_hand()


# --- The nightly comparison ----------------------------------------------------------------------


def test_the_comparison_finds_nothing_where_all_is_well(told: dict[str, Dossier]) -> None:
    assert recount.check(timezone.now()) == []
    mark = FiguresMark.objects.get()
    assert mark.checked_at is not None
    assert mark.differences == []


def test_the_comparison_names_a_dossier_and_a_month_that_count_wrongly(told: dict[str, Dossier]) -> None:
    FiguresMark.objects.update(seen=F("reached"))  # as when the transaction of this test were over
    late, open_one = told["granted a minute late"], told["open, papers here"]
    CountedDossier.objects.filter(pk=late.pk).update(verdict="on_time")
    CountedDossier.objects.filter(pk=open_one.pk).delete()
    with pytest.raises(CommandError) as refused:
        call_command("rebuild_figures", "--check")
    lines = str(refused.value).splitlines()
    assert f"dossier {late.pk}: verdict on_time ≠ late" in lines
    assert any(line.startswith(f"dossier {open_one.pk}: office_id – ≠ ") for line in lines)
    assert any(line.startswith("month 07/2021, office ") for line in lines)
    assert FiguresMark.objects.get().differences == lines
    assert CountedDossier.objects.get(pk=late.pk).verdict == "on_time"  # it is named, not hidden
    call_command("rebuild_figures")
    assert recount.check(timezone.now()) == []


def test_what_has_just_moved_is_not_taken_for_a_mistake(told: dict[str, Dossier]) -> None:
    dossier = told["open, at another office"]
    clerk = User.objects.get(username="c.22366")
    workflow.move(dossier, "refuse", actor=clerk, key="r", note="Trùng.")
    assert recount.check(timezone.now()) == []


# --- Any history ---------------------------------------------------------------------------------

ACTIONS = (
    "accept",
    "refuse",
    "ask_supplement",
    "answer_supplement",
    "approve",
    "reject",
    "close",
    "withdraw",
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None)
@given(
    some.lists(
        some.tuples(
            some.integers(0, 400), some.lists(some.tuples(some.sampled_from(ACTIONS), some.integers(0, 9)))
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_happens_to_dossiers_they_are_counted_as_by_hand(lives: list[Any]) -> None:
    CountedDossier.objects.all().delete()
    for day, life in lives:
        now = at("2021-01-04") + timedelta(days=day)
        story = Story(*SWITCH, now, random.Random(f"{day}{life}").randrange(10**6))
        for action, wait in life:
            now += timedelta(days=wait, hours=1)
            try:
                story.do(action, now)
            except workflow.MoveRefused:
                continue
        counting.catch_up(timezone.now())
    counting.catch_up(timezone.now())
    recount_needed = CountedDossier.objects.count() != Dossier.objects.exclude(state="draft").count()
    if recount_needed:  # dossiers of the example before, counted then and forgotten here
        recount.rebuild(timezone.now())
    assert kept_sums() == by_hand()
    assert recount.check(timezone.now()) == []
