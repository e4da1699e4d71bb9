"""Posted papers that do not come: the watch of the office, and reminders to who owes them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal import outbox
from portal.models import Notice, OutboxMessage, User
from procedures import demo, parcels, reminders, tasks, workflow
from procedures.models import Closure, Dossier, Office, PostalItem
from tests.conftest import file_draft, make_draft
from tests.threads import at_once

SignIn = Callable[[User], Client]
WATCH = "/quan-tri/procedures/waitingdossier/"
# A Monday; no public holiday of 2021 falls into the seven weeks that follow.
FILED = datetime.fromisoformat("2021-07-12T09:00:00+07:00")

pytestmark = pytest.mark.django_db


def file_at(draft: Dossier, at: datetime) -> Dossier:
    """File ``draft`` as if that had been done at that moment."""
    dossier = file_draft(draft)
    dossier.filed_at = at
    dossier.save(update_fields=["filed_at"])
    return dossier


@pytest.fixture
def waiting(draft: Dossier) -> Dossier:
    User.objects.filter(pk=draft.owner_id).update(email="chi.hoa@example.vn")
    return file_at(draft, FILED)


def after(weeks: int, days: int = 0) -> datetime:
    return FILED + timedelta(weeks=weeks, days=days)


def reminded(dossier: Dossier) -> list[int]:
    found = dossier.events.filter(action=reminders.REMINDED).order_by("sequence")
    return [event.facts["day"] for event in found]


# --- When ----------------------------------------------------------------------------------------


def test_a_reminder_goes_out_on_the_fifth_tenth_and_twentieth_working_day(waiting: Dossier) -> None:
    for day in range(60):
        reminders.remind(FILED + timedelta(days=day))
        reminders.remind(FILED + timedelta(days=day, hours=1))
    at = waiting.events.filter(action=reminders.REMINDED).order_by("sequence").values_list("at", flat=True)
    assert list(at) == [after(1), after(2), after(4)]
    assert reminded(waiting) == [5, 10, 20]
    assert not workflow.verify_history(waiting)


def test_a_server_that_stood_still_sends_one_reminder_and_not_three(waiting: Dossier) -> None:
    assert reminders.remind(after(6)) == 1
    assert reminded(waiting) == [20]
    assert reminders.remind(after(7)) == 0
    assert OutboxMessage.objects.filter(topic="post.remind").count() == 1


def test_a_job_that_dies_half_way_goes_on_where_it_stopped(
    waiting: Dossier, stranger: User, chance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = file_at(make_draft(stranger, chance), FILED)
    record, seen = workflow.record, []

    def dying(dossier: Dossier, *args: Any, **kwargs: Any) -> Any:
        if seen:
            raise KeyboardInterrupt
        seen.append(dossier.pk)
        return record(dossier, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(workflow, "record", dying)
        with pytest.raises(KeyboardInterrupt):
            reminders.remind(after(1))
    assert sorted(map(len, (reminded(waiting), reminded(other)))) == [0, 1]
    assert reminders.remind(after(1)) == 1
    assert (reminded(waiting), reminded(other)) == ([5], [5])


@pytest.mark.django_db(transaction=True)
def test_two_jobs_at_once_remind_once(waiting: Dossier) -> None:
    results = at_once(*[lambda: reminders.remind(after(1))] * 3)
    assert all(isinstance(result, int) for result in results), results
    assert reminded(waiting) == [5]
    assert OutboxMessage.objects.filter(topic="post.remind").count() == 1


def test_what_was_filed_after_hours_is_a_day_younger(draft: Dossier) -> None:
    late = file_at(draft, FILED + timedelta(hours=9))
    reminders.remind(after(1))
    assert reminded(late) == []
    reminders.remind(after(1, 1))
    assert reminded(late) == [5]


# --- When not ------------------------------------------------------------------------------------


def test_nobody_is_reminded_while_no_office_takes_post(waiting: Dossier) -> None:
    Closure.objects.bulk_create(
        Closure(office=office, scope="all", starts_at=FILED, ends_at=after(2), reason="x", document="x")
        for office in Office.objects.all()
    )
    with time_machine.travel(after(1)):
        assert reminders.remind(after(1)) == 0
    with time_machine.travel(after(2, 1)):
        assert reminders.remind(after(2, 1)) == 1
    assert reminded(waiting) == [10]


def test_a_tracking_number_holds_the_reminder_back_for_a_week(waiting: Dossier) -> None:
    PostalItem.objects.create(
        dossier=waiting,
        direction="in",
        tracking="RA000000014VN",
        recorded_by=waiting.owner,
        recorded_at=after(0, 4),
    )
    assert reminders.remind(after(1)) == 0
    assert reminders.remind(after(1, 5)) == 1


def test_a_parcel_that_lies_at_an_office_holds_it_back(waiting: Dossier, other_clerk: User) -> None:
    parcels.receive(str(waiting.code), actor=other_clerk, key="k", now=after(0, 1))
    assert reminders.remind(after(5)) == 0


@pytest.mark.parametrize("action", ["withdraw", "note_lost"])
def test_who_withdrew_or_knows_that_it_is_lost_is_not_reminded(action: str, waiting: Dossier) -> None:
    workflow.move(waiting, action, actor=waiting.owner, key="x", now=after(0, 1))
    assert reminders.remind(after(5)) == 0


def test_papers_that_came_before_the_message_went_out_are_not_asked_for(
    waiting: Dossier, clerk: User
) -> None:
    reminders.remind(after(1))
    parcel, _fresh = parcels.receive(str(waiting.code), actor=clerk, key="k", now=after(1))
    papers = [parcels.Paper("form"), parcels.Paper("insurance_book")]
    parcels.count(parcel, papers, actor=clerk, now=after(1))
    outbox.drain()
    assert not Notice.objects.filter(kind="papers_missing").exists()


# --- What it says --------------------------------------------------------------------------------


def test_it_says_what_is_missing_where_to_post_it_and_that_nothing_is_lost(
    waiting: Dossier, clerk: User, sign_in: SignIn
) -> None:
    parcel, _fresh = parcels.receive(str(waiting.code), actor=clerk, key="k", now=FILED)
    parcels.count(parcel, [parcels.Paper("form")], actor=clerk, now=FILED)
    mail.outbox.clear()
    tasks.remind_of_papers()
    outbox.drain()
    outbox.drain()
    [sent] = [m for m in mail.outbox if "còn thiếu giấy tờ" in m.subject]
    body = str(sent.body)
    assert waiting.originals.get(document="insurance_book").label_vi in body
    assert waiting.originals.get(document="form").label_vi not in body
    assert waiting.office is not None
    assert waiting.office.name in body
    assert "không mất quyền lợi" in body
    assert waiting.applicant not in body
    page = sign_in(waiting.owner).get(f"/ho-so/{waiting.code}/").content.decode()
    assert "Nhắc gửi giấy tờ còn thiếu" in page


def test_while_the_own_office_takes_no_post_it_names_the_one_that_does(waiting: Dossier) -> None:
    assert waiting.office is not None
    Closure.objects.create(office=waiting.office, scope="post", reason="x", document="x")
    reminders.remind(timezone.now())
    outbox.drain()
    facts = Notice.objects.get(kind="papers_missing").facts
    assert not facts["address"].startswith(waiting.office.name)
    assert any(facts["address"].startswith(office.name) for office in Office.objects.all())


# --- The watch -----------------------------------------------------------------------------------


def test_the_watch_lists_the_oldest_first_with_what_is_missing(
    waiting: Dossier, clerk: User, sign_in: SignIn
) -> None:
    reminders.remind(after(1))
    with time_machine.travel(after(2)):
        page = sign_in(clerk).get(WATCH).content.decode()
    for original in waiting.originals.all():
        assert original.label_vi in page
    assert ">10</span>" in page
    assert "19/07/2021" in page


def test_it_is_narrowed_by_age_and_by_parcel_and_searched_by_name_phone_and_number(
    waiting: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    PostalItem.objects.create(
        dossier=waiting, direction="in", tracking="RA000000014VN", recorded_by=waiting.owner
    )

    def found(**query: str) -> bool:
        return f">{waiting.code}<" in client.get(WATCH, query).content.decode()

    with time_machine.travel(after(2)):
        client.force_login(clerk)
        assert [found(age=days) for days in ("5", "10", "20", "x")] == [True, True, False, True]
        assert [found(parcel=what) for what in ("sent", "none", "lost", "here")] == [
            True,
            False,
            False,
            False,
        ]
        for words in (waiting.applicant.lower(), waiting.phone, "RA 000000014 VN", str(waiting.code)):
            assert found(q=words), words
        assert not found(q="nguyen van khong co")
        workflow.move(waiting, "note_lost", actor=clerk, key="l")
        assert found(parcel="lost")
        assert "Bưu phẩm thất lạc" in client.get(WATCH).content.decode()


def test_a_row_opens_the_dossier_and_another_office_sees_none(
    waiting: Dossier, clerk: User, other_clerk: User, director: User, sign_in: SignIn
) -> None:
    here = f"{WATCH}{waiting.pk}/change/"
    assert sign_in(clerk).get(here)["Location"] == f"/quan-tri/procedures/dossier/{waiting.pk}/change/"
    assert sign_in(director).get(here).status_code == 303
    assert sign_in(other_clerk).get(here).status_code == 404
    assert str(waiting.code) not in sign_in(other_clerk).get(WATCH).content.decode()
    assert sign_in(waiting.owner).get(WATCH).status_code == 302


def test_the_watch_takes_as_many_queries_for_many_as_for_one(
    waiting: Dossier, clerk: User, sign_in: SignIn, chance: Any
) -> None:
    client = sign_in(clerk)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(WATCH).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for _more in range(3):
        file_at(make_draft(demo.citizen(demo.person(chance, "22429")), chance), FILED)
    assert queries() == few
