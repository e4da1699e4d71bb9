"""Two people on one dossier: they see each other, take over openly, and the slower one loses no word."""

import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import User
from procedures import demo, mailroom, presence, takeover, workflow
from procedures.models import Dossier, Mention, Note, Presence, TakeOver
from tests.conftest import _staff, file_draft, make_draft
from tests.threads import Meeting, at_once

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


@pytest.fixture
def ready(filed: Dossier, clerk: User) -> Dossier:
    """A dossier whose originals are there."""
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    filed.refresh_from_db()
    return filed


def _open(client: Client, dossier: Dossier) -> str:
    return client.get(f"{QUEUE}{dossier.pk}/change/").content.decode()


def _report(client: Client, dossier: Dossier, **data: str) -> Any:
    return client.post(f"{QUEUE}{dossier.pk}/co-mat/", data)


def _act(client: Client, dossier: Dossier, action: str, **data: Any) -> Any:
    return client.post(f"{QUEUE}{dossier.pk}/hanh-dong/{action}/", {"key": f"k-{action}", **data})


def _take(
    client: Client, dossier: Dossier, first: User, reason: str = "Hạnh nghỉ ốm.", key: str = "t"
) -> Any:
    return client.post(f"{QUEUE}{dossier.pk}/nhan-viec/", {"first": first.pk, "reason": reason, "key": key})


# --- Presence ------------------------------------------------------------------------------------


def test_who_opens_a_dossier_is_seen_by_who_opens_it_next(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    assert supervisor.full_name not in re.sub(r"(?s)<form.*", "", _open(sign_in(clerk), ready))
    assert 'class="desk-present"' in _open(sign_in(supervisor), ready)
    told = _report(sign_in(clerk), ready)
    assert supervisor.full_name in told.content.decode()
    assert ready.events.count() == 2


def test_nothing_new_is_not_read_out_again(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _open(sign_in(supervisor), ready)
    client = sign_in(clerk)
    first = _report(client, ready).content.decode()
    known, steps = (re.search(rf'name="{name}" value="(\w+)"', first)[1] for name in ("co", "buoc"))  # type: ignore[index]
    assert _report(client, ready, co=known, buoc=steps).status_code == 204
    _report(sign_in(supervisor), ready, viet="accept")
    again = _report(client, ready, co=known, buoc=steps)
    assert again.status_code == 200
    assert "Tiếp nhận" in again.content.decode()


def test_who_has_gone_is_not_seen_any_more(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    now = timezone.now()
    presence.seen(ready, supervisor, now=now)
    at = now + presence.GONE_AFTER
    assert presence.others(ready, clerk, now=at).exists()
    assert not presence.others(ready, clerk, now=at + timedelta(seconds=1)).exists()
    presence.seen(ready, supervisor, now=now + timedelta(hours=2))
    assert Presence.objects.get().since == now + timedelta(hours=2)
    presence.forget(now=now + timedelta(days=2))
    assert not Presence.objects.exists()


def test_a_report_is_one_statement_and_leaves_no_trace_in_the_history(
    ready: Dossier, clerk: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        presence.seen(ready, clerk, now=timezone.now(), writing="accept")
    with django_assert_num_queries(1):
        presence.seen(ready, clerk, now=timezone.now())
    assert Presence.objects.get().writing == ""


def test_an_open_page_hears_that_somebody_was_faster(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _act(sign_in(supervisor), ready, "accept")
    told = _report(sign_in(clerk), ready, buoc="2").content.decode()
    assert supervisor.full_name in told
    assert "desk-alert" in told
    assert "desk-alert" not in _report(sign_in(supervisor), ready, buoc="2").content.decode()


def test_nobody_reports_on_a_dossier_of_another_office(
    ready: Dossier, other_clerk: User, stranger: User, sign_in: SignIn
) -> None:
    assert _report(sign_in(other_clerk), ready).status_code == 404
    assert _report(sign_in(stranger), ready).status_code == 302
    assert _report(Client(), ready).status_code == 302
    assert not Presence.objects.exists()


# --- Taking over ---------------------------------------------------------------------------------


def test_taking_over_stands_in_the_history_and_is_told_to_the_colleague(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    for _ in range(2):
        assert _take(sign_in(supervisor), ready, clerk).status_code == 303
    event = ready.events.get(action="taken_over")
    assert (event.actor, event.facts) == (
        supervisor,
        {"from": clerk.full_name, "reason": "Hạnh nghỉ ốm."},
    )
    ready.refresh_from_db()
    assert workflow.verify_history(ready) == []
    assert TakeOver.objects.count() == 1
    assert Mention.objects.get().user == clerk
    assert "Hạnh nghỉ ốm." in _open(sign_in(clerk), ready)
    citizen = sign_in(ready.owner).get(f"/ho-so/{ready.code}/").content.decode()
    assert "Hạnh nghỉ ốm." not in citizen
    assert "tiếp quản" not in citizen.lower()


def test_who_lost_a_dossier_is_warned_and_loses_no_word(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _act(sign_in(clerk), ready, "accept")
    _take(sign_in(supervisor), ready, clerk)
    client = sign_in(clerk)
    response = _act(client, ready, "ask_supplement", missing="Sổ thứ hai", note="Gửi sớm.")
    page = response.content.decode()
    assert response.status_code == 422
    for words in (supervisor.full_name, "Hạnh nghỉ ốm.", "Sổ thứ hai", "Gửi sớm.", 'name="du-vay"'):
        assert words in page
    ready.refresh_from_db()
    assert ready.state == "processing"
    sent = {"missing": "Sổ thứ hai", "note": "Gửi sớm.", "du-vay": "1"}
    assert _act(client, ready, "ask_supplement", **sent).status_code == 303
    assert ready.events.filter(action="ask_supplement", actor=clerk).exists()
    assert Mention.objects.filter(user=supervisor, note__kind=Note.Kind.CARRIED_ON).exists()


def test_others_are_not_warned_and_who_takes_it_back_neither(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _take(sign_in(supervisor), ready, clerk)
    assert takeover.lost_to(ready, supervisor) is None
    _take(sign_in(clerk), ready, supervisor, "Tôi đã về.", key="u")
    assert takeover.lost_to(ready, clerk) is None
    assert takeover.lost_to(ready, supervisor) is not None
    assert _act(sign_in(clerk), ready, "accept").status_code == 303


@pytest.mark.parametrize(("reason", "whose"), [("", "clerk"), ("Ốm.", "other_clerk"), ("Ốm.", "supervisor")])
def test_a_take_over_needs_a_reason_and_a_colleague(
    reason: str,
    whose: str,
    ready: Dossier,
    clerk: User,
    supervisor: User,
    other_clerk: User,
    sign_in: SignIn,
    request: pytest.FixtureRequest,
) -> None:
    response = _take(sign_in(supervisor), ready, request.getfixturevalue(whose), reason)
    assert response.status_code == 422
    assert f'value="{reason}"' in response.content.decode()
    assert not TakeOver.objects.exists()
    assert not Note.objects.exists()


@pytest.mark.parametrize(("person", "status"), [("director", 422), ("other_clerk", 404)])
def test_only_who_works_at_the_office_takes_over(
    person: str, status: int, ready: Dossier, clerk: User, sign_in: SignIn, request: pytest.FixtureRequest
) -> None:
    assert _take(sign_in(request.getfixturevalue(person)), ready, clerk).status_code == status
    assert not TakeOver.objects.exists()


# --- The slower one ------------------------------------------------------------------------------


def test_who_was_slower_reads_so_and_keeps_what_was_typed(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _act(sign_in(clerk), ready, "accept")
    _act(sign_in(supervisor), ready, "propose", note="Đủ.")
    response = _act(sign_in(clerk), ready, "propose", note="Tám năm ba tháng, đủ điều kiện.", key="k2")
    page = response.content.decode()
    assert response.status_code == 422
    assert "Tám năm ba tháng, đủ điều kiện." in page
    assert f"{supervisor.full_name} đã xử lý trước" in page
    assert "Trình duyệt" in page


@pytest.fixture
def proposed(transactional_db: None) -> Dossier:
    """A dossier that waits for a decision."""
    user = demo.citizen(demo.person(random.Random(5), "22429"))
    dossier = file_draft(make_draft(user, random.Random(5)))
    clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    return dossier


def _both_approve(dossier: Dossier) -> list[Any]:
    office = dossier.office
    assert office is not None
    heads = [
        _staff("cam-ranh", "supervisor", "Trần Quốc Sơn"),
        demo.staff("supervisor.2", "Đỗ Thị Mai", office, "supervisor", password="x"),
    ]
    clients = [Client(raise_request_exception=False) for _ in heads]
    for client, head in zip(clients, heads, strict=True):
        client.force_login(head)
    return at_once(
        *[
            lambda c=c, n=n: _act(c, dossier, "approve", note=f"Lời của người {n}", key=f"k{n}")
            for n, c in enumerate(clients)
        ]
    )


@pytest.fixture
def pause_after_check(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    meeting, check = Meeting(), workflow._checked

    def slow(*args: Any, **kwargs: Any) -> Any:
        transition = check(*args, **kwargs)
        meeting.wait()
        return transition

    return lambda: monkeypatch.setattr(workflow, "_checked", slow)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_keeps_the_words_and_is_told(
    proposed: Dossier, pause_after_check: Callable[[], None]
) -> None:
    pause_after_check()
    answers = _both_approve(proposed)
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    slower = next(n for n, answer in enumerate(answers) if answer.status_code == 422)
    page = answers[slower].content.decode()
    assert f"Lời của người {slower}" in page
    assert "đã xử lý trước" in page
    assert proposed.events.filter(action="approve").count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_pass_the_check(
    proposed: Dossier, pause_after_check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db.models import QuerySet

    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())
    pause_after_check()
    assert sorted(answer.status_code for answer in _both_approve(proposed)) != [303, 422]


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_are_one_row(proposed: Dossier) -> None:
    user, now = _staff("cam-ranh", "supervisor", "Trần Quốc Sơn"), timezone.now()
    assert at_once(*[lambda: presence.seen(proposed, user, now=now)] * 6) == [None] * 6
    assert Presence.objects.count() == 1


# --- How many queries ----------------------------------------------------------------------------


def _queries(client: Client, dossier: Dossier) -> int:
    path = f"{QUEUE}{dossier.pk}/change/"
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_files_notes_and_steps_take_no_more_queries(
    ready: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from procedures import attachments, notes

    client, now = sign_in(clerk), timezone.now()
    _act(client, ready, "accept")
    ready.refresh_from_db()
    notes.write(ready, "Một.", author=supervisor, to=[clerk.pk], key="first", now=now)
    few = _queries(client, ready)
    for n in range(20):
        photo = SimpleUploadedFile(f"{n}.jpg", demo.photo(f"so {n}"))
        attachments.attach(ready, "supplement", photo, actor=ready.owner)
        notes.write(ready, f"Lưu ý {n}.", author=supervisor, to=[clerk.pk], key=f"n{n}", now=now)
        workflow.record(ready, "days_closed", actor=None, key=f"e:{n}", now=now)
    assert _queries(client, ready) == few
    assert few <= 32
