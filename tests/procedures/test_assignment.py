"""Who works on what: rules, load, taking, giving, many at once, absence."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import User
from procedures import assignment, mailroom, workflow
from procedures.models import AssignmentRule, Dossier, Office, StaffMember
from tests.conftest import _staff, file_draft
from tests.procedures.test_queue import copies

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"
TEAM = f"{QUEUE}phan-cong/"


@pytest.fixture
def colleague_of(db: None) -> User:
    from procedures import demo

    office = Office.objects.get(slug="cam-ranh")
    return demo.staff("canbo2.cam-ranh", "Bùi Thị Lan", office, "clerk", password="x")


def _rule(**who: object) -> AssignmentRule:
    return AssignmentRule.objects.create(office=Office.objects.get(slug="cam-ranh"), **who)


def _ready(filed: Dossier, count: int) -> list[Dossier]:
    """``count`` dossiers whose clock runs."""
    due = timezone.now() + timedelta(days=1)
    return copies(filed, count, due_at=due, clock_started_on=timezone.localdate())


# --- By rule -------------------------------------------------------------------------------------


def test_a_filing_without_rules_queues_nothing_and_stays_unassigned(draft: Dossier, clerk: User) -> None:
    filed = file_draft(draft)
    outbox.drain()
    filed.refresh_from_db()
    assert filed.assignee is None


def test_the_rule_that_says_most_wins_and_the_citizen_reads_no_name(
    draft: Dossier, clerk: User, colleague_of: User, sign_in: SignIn
) -> None:
    _rule(clerk=clerk)
    _rule(clerk=clerk, procedure=draft.procedure)
    _rule(clerk=colleague_of, ward_id="22429")
    filed = file_draft(draft)
    assert filed.assignee is None  # filing does not wait for it
    outbox.drain()
    filed.refresh_from_db()
    assert filed.assignee == colleague_of
    assert workflow.verify_history(filed) == []
    page = sign_in(filed.owner).get(f"/ho-so/{filed.code}/").content.decode()
    assert colleague_of.full_name not in page
    assert colleague_of.full_name in sign_in(clerk).get(f"{QUEUE}{filed.pk}/change/").content.decode()


@pytest.mark.parametrize("how", ["leave", "closed account", "ended rule", "unused rule"])
def test_nothing_goes_to_who_is_away_or_by_a_rule_that_has_ended(
    how: str, draft: Dossier, clerk: User, colleague_of: User
) -> None:
    today = timezone.localdate()
    rule = _rule(clerk=clerk, ward_id="22429")
    _rule(clerk=colleague_of)
    if how == "leave":
        StaffMember.objects.filter(user=clerk).update(away_until=today)
    elif how == "closed account":
        User.objects.filter(pk=clerk.pk).update(is_active=False)
    elif how == "ended rule":
        AssignmentRule.objects.filter(pk=rule.pk).update(valid_to=today - timedelta(days=1))
    else:
        AssignmentRule.objects.filter(pk=rule.pk).update(active=False)
    filed = file_draft(draft)
    outbox.drain()
    filed.refresh_from_db()
    assert filed.assignee == colleague_of


def test_by_load_the_work_is_spread_evenly(filed: Dossier, clerk: User, colleague_of: User) -> None:
    _rule()
    rows = _ready(filed, 7)
    Dossier.objects.filter(pk=rows[0].pk).update(assignee=clerk)
    for row in rows[1:]:
        assignment.by_rule(row, actor=None, key="k", now=timezone.now())
    loads = [Dossier.objects.filter(assignee=who).count() for who in (clerk, colleague_of)]
    assert sorted(loads) == [3, 4]


def test_two_rules_for_the_same_on_the_same_day_are_refused(clerk: User) -> None:
    today = timezone.localdate()
    _rule(clerk=clerk, ward_id="22429", valid_to=today)
    _rule(clerk=clerk, ward_id="22429", valid_from=today + timedelta(days=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        _rule(clerk=clerk, ward_id="22429", valid_from=today)


def test_a_supervisor_makes_rules_for_the_own_office_alone(
    clerk: User, other_clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    client, url = sign_in(supervisor), "/quan-tri/procedures/assignmentrule/add/"
    here, away = Office.objects.get(slug="cam-ranh"), Office.objects.get(slug="ninh-hoa")
    for office, who in ((away, clerk), (here, other_clerk)):
        assert client.post(url, {"office": office.pk, "clerk": who.pk, "active": "on"}).status_code == 200
    assert not AssignmentRule.objects.exists()
    assert client.post(url, {"office": here.pk, "clerk": clerk.pk, "active": "on"}).status_code == 302
    assert AssignmentRule.objects.get().clerk == clerk


# --- Taking and giving ---------------------------------------------------------------------------


def test_take_next_gives_the_most_pressing_one_once_for_one_press(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    rows = _ready(filed, 2)
    Dossier.objects.filter(pk=rows[1].pk).update(urgent=True)
    client = sign_in(clerk)
    for _press in range(2):
        response = client.post(f"{QUEUE}nhan-tiep/", {"key": "once"})
        assert f"/{rows[1].pk}/change/" in response["Location"]
    assert Dossier.objects.filter(assignee=clerk).count() == 1
    client.post(f"{QUEUE}nhan-tiep/", {"key": "twice"})
    assert client.post(f"{QUEUE}nhan-tiep/", {"key": "thrice"})["Location"] == QUEUE
    assert set(Dossier.objects.filter(assignee=clerk)) == set(rows)  # the third waits for papers


def test_who_takes_what_a_colleague_has_is_told_so(
    filed: Dossier, clerk: User, colleague_of: User, sign_in: SignIn
) -> None:
    url = f"{QUEUE}{filed.pk}/giao/"
    assert sign_in(clerk).post(url, {"key": "a"}).status_code == 303
    late = sign_in(colleague_of)
    page = late.get(late.post(url, {"key": "b"})["Location"]).content.decode()
    assert f"{clerk.full_name} " in page
    filed.refresh_from_db()
    assert filed.assignee == clerk
    assert filed.events.filter(action="assigned").count() == 1


def test_a_clerk_gives_away_the_own_and_a_supervisor_everything(
    filed: Dossier, clerk: User, colleague_of: User, supervisor: User, sign_in: SignIn
) -> None:
    url = f"{QUEUE}{filed.pk}/giao/"
    sign_in(supervisor).post(url, {"key": "a", "cho": colleague_of.pk})
    sign_in(clerk).post(url, {"key": "b", "cho": supervisor.pk})
    filed.refresh_from_db()
    assert filed.assignee == colleague_of
    sign_in(colleague_of).post(url, {"key": "c", "cho": clerk.pk})
    filed.refresh_from_db()
    assert filed.assignee == clerk
    sign_in(clerk).post(url, {"key": "d", "cho": "0"})
    filed.refresh_from_db()
    assert filed.assignee is None


def test_nothing_is_given_to_another_office_or_by_who_only_looks_on(
    filed: Dossier, clerk: User, other_clerk: User, supervisor: User, director: User, sign_in: SignIn
) -> None:
    url = f"{QUEUE}{filed.pk}/giao/"
    assert sign_in(supervisor).post(url, {"key": "a", "cho": other_clerk.pk}).status_code == 403
    sign_in(director).post(url, {"key": "b"})
    assert sign_in(other_clerk).post(url, {"key": "c"}).status_code == 404
    filed.refresh_from_db()
    assert filed.assignee is None
    assert filed.events.count() == 1


def test_the_queue_shows_mine_nobodys_and_a_colleagues(
    filed: Dossier, clerk: User, colleague_of: User, sign_in: SignIn
) -> None:
    mine, theirs = _ready(filed, 2)
    Dossier.objects.filter(pk=mine.pk).update(assignee=clerk)
    Dossier.objects.filter(pk=theirs.pk).update(assignee=colleague_of)
    client = sign_in(clerk)
    for query, only in (("mine", mine), ("free", filed), (str(colleague_of.pk), theirs)):
        page = client.get(QUEUE, {"nguoi": query}).content.decode()
        shown = [row for row in (mine, theirs, filed) if f'value="{row.pk}" aria-label' in page]
        assert shown == [only]


# --- Many at once --------------------------------------------------------------------------------


def test_many_are_accepted_each_with_its_own_outcome_and_pressing_twice_does_once(
    filed: Dossier, draft: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    (waiting,) = copies(filed, 1, state="waiting_originals")
    (away,) = copies(filed, 1, state="originals_received", office=other_clerk.staff.office)
    data = {"viec": "accept", "key": "k", "ho-so": [filed.pk, waiting.pk, away.pk, "x", 10**20]}
    client = sign_in(clerk)
    for _press in range(2):
        page = client.post(f"{QUEUE}hang-loat/", data).content.decode()
        assert page.count("desk-tag--green") == page.count("desk-tag--red") == 1
        assert str(away.code) not in page
    assert filed.events.filter(action="accept").count() == 1
    states = [Dossier.objects.get(pk=d.pk).state for d in (filed, waiting, away)]
    assert states == ["processing", "waiting_originals", "originals_received"]


def test_many_are_given_to_a_colleague_and_what_was_done_before_a_stop_stays(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, give = _ready(filed, 5), assignment.assign
    data = {"viec": "assign", "cho": str(clerk.pk), "key": "k", "ho-so": [r.pk for r in rows]}

    def stops(dossier: Dossier, *args: object, **kwargs: object) -> object:
        if dossier.pk == rows[3].pk:
            raise RuntimeError("the server stops")
        return give(dossier, *args, **kwargs)  # type: ignore[arg-type]

    client = sign_in(supervisor)
    client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(assignment, "assign", stops)
        assert client.post(f"{QUEUE}hang-loat/", data).status_code == 500
    assert Dossier.objects.filter(assignee=clerk).count() == 3
    page = client.post(f"{QUEUE}hang-loat/", data).content.decode()
    assert page.count("desk-tag--green") == 5
    assert Dossier.objects.filter(assignee=clerk).count() == 5
    assert {r.events.filter(action="assigned").count() for r in rows} == {1}


@pytest.mark.parametrize(
    "data", [{"viec": "accept"}, {"viec": "xoa", "ho-so": "1"}, {"viec": "assign", "ho-so": "1"}]
)
def test_an_unfinished_choice_changes_nothing_and_says_why(
    data: dict[str, str], filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    sent = {**data, **({"ho-so": str(filed.pk)} if "ho-so" in data else {})}
    response = client.post(f"{QUEUE}hang-loat/?channel__exact=2", sent)
    assert response["Location"] == f"{QUEUE}?channel__exact=2"
    assert filed.events.count() == 1


# --- The team ------------------------------------------------------------------------------------


def test_what_an_absent_clerk_had_goes_to_the_others(
    filed: Dossier, clerk: User, colleague_of: User, supervisor: User, sign_in: SignIn
) -> None:
    rows = _ready(filed, 3)
    Dossier.objects.filter(pk__in=[r.pk for r in rows]).update(assignee=clerk)
    client, until = sign_in(supervisor), timezone.localdate() + timedelta(days=7)
    assert client.post(TEAM, {"viec": "nghi", "cua": clerk.pk, "den": "31/31"}).status_code == 422
    client.post(TEAM, {"viec": "nghi", "cua": clerk.pk, "den": until.isoformat()})
    assert StaffMember.objects.get(user=clerk).away_until == until
    page = client.post(
        TEAM, {"viec": "ban-giao", "cua": clerk.pk, "cho": "it-viec", "key": "k"}
    ).content.decode()
    assert page.count("desk-tag--green") == 3
    assert Dossier.objects.filter(assignee=colleague_of).count() == 3
    refused = client.post(f"{QUEUE}{filed.pk}/giao/", {"key": "x", "cho": clerk.pk})
    assert clerk.full_name in client.get(refused["Location"]).content.decode()
    filed.refresh_from_db()
    assert filed.assignee is None


def test_a_supervisor_gives_out_by_the_rules_what_is_nobodys(
    filed: Dossier, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    client = sign_in(supervisor)
    none = client.post(TEAM, {"viec": "quy-tac", "key": "a"}).content.decode()
    assert none.count("desk-tag--red") == 1
    _rule()
    client.post(TEAM, {"viec": "quy-tac", "key": "b"})
    filed.refresh_from_db()
    assert filed.assignee == clerk


def test_the_team_is_led_by_its_supervisor_alone(
    filed: Dossier, clerk: User, administrator: User, sign_in: SignIn
) -> None:
    until = timezone.localdate().isoformat()
    for who in (clerk, administrator, _staff("ninh-hoa", "supervisor", "Đỗ Văn Bình")):
        response = sign_in(who).post(TEAM, {"viec": "nghi", "cua": clerk.pk, "den": until})
        assert response.status_code == 403
    assert StaffMember.objects.get(user=clerk).away_until is None


def test_an_approval_that_comes_second_says_who_was_faster(filed: Dossier, clerk: User) -> None:
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    workflow.move(filed, "accept", actor=clerk, key="a")
    late = _staff("cam-ranh", "supervisor", "Trần Quốc Sơn")
    with pytest.raises(workflow.MoveRefused, match=clerk.full_name):
        workflow.move(filed, "accept", actor=late, key="b")
    with pytest.raises(workflow.MoveRefused) as told:
        workflow.move(filed, "answer_supplement", actor=filed.owner, key="c")
    assert clerk.full_name not in str(told.value)
