"""Payment lists that are closed while others close them or bring a roster: real threads, real locks."""

from typing import Any

import pytest
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from pension import pay_lists, roster
from pension.models import BenefitEntry, PaymentLine, PaymentList, RosterImport
from portal import outbox
from portal.models import OutboxMessage, User
from procedures.workflow import MoveRefused
from tests.pension.rosters import MONTH, brought, closed, row, taken
from tests.pension.switches import approved, confirmed, filed, list_month, row_of
from tests.posting import staff_of
from tests.threads import Meeting, at_once


@pytest.fixture
def meeting(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """Who closes a list and whoever else is past the locks wait for each other there."""
    found, hold, refuse, take = Meeting(), pay_lists._hold_changes, roster._refuse_closed, roster.take_rows

    def slow_hold(*given: Any) -> None:
        found.wait()
        hold(*given)

    def slow_refuse(*given: Any) -> None:
        refuse(*given)
        found.wait()

    def slow_take(made: RosterImport) -> None:
        take(made)
        Meeting(patience=0.5).wait()  # nobody comes: what was deleted is not committed for a while

    monkeypatch.setattr(pay_lists, "_hold_changes", slow_hold)
    monkeypatch.setattr(roster, "take_rows", slow_take)
    monkeypatch.setattr(roster, "_refuse_closed", slow_refuse)
    return found


def _accepted(made: RosterImport, clerk: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the taking over into the outbox, without waiting for anybody."""
    with monkeypatch.context() as quick:
        quick.setattr(roster, "_refuse_closed", lambda *given: None)
        roster.accept(made, actor=clerk, now=timezone.now())


def _close(user: User, month: Any = MONTH) -> PaymentList | str:
    try:
        return closed(user, month=month)
    except MoveRefused as refused:
        return str(refused)


def _is_whole(month: Any) -> None:
    """Every benefit of the month stands on one list, with its amount, and nothing else does."""
    listed = PaymentLine.objects.filter(list__month=month)
    entries = BenefitEntry.objects.filter(month=month)
    assert sorted(listed.values_list("entry", "amount")) == sorted(entries.values_list("pk", "amount"))
    for made in PaymentList.objects.all():
        assert pay_lists.verify(made)
    assert not OutboxMessage.objects.exclude(last_error="").exists()


def test_of_two_who_close_a_list_at_once_one_is_told_that_it_is_closed(
    clerk: User, supervisor: User, meeting: Meeting
) -> None:
    taken([row("5600000001"), row("5600000002")], actor=clerk)
    said = at_once(lambda: _close(clerk), lambda: _close(supervisor))
    assert sorted(type(one).__name__ for one in said) == ["PaymentList", "str"]
    _is_whole(MONTH)


def test_a_roster_taken_over_while_a_list_closes_waits_and_changes_nothing(
    clerk: User, supervisor: User, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken([row("5600000001"), row("5600000002")], actor=clerk)
    better = brought([row("5600000001", amount="9000000")], actor=clerk)
    _accepted(better, clerk, monkeypatch)
    said = at_once(lambda: _close(supervisor), outbox.drain)
    better.refresh_from_db()
    assert better.state in {"taken", "failed"}
    assert isinstance(said[0], PaymentList), said[0]
    assert said[0].total == BenefitEntry.objects.aggregate(sum=Sum("amount"))["sum"]
    _is_whole(MONTH)


def test_a_roster_of_the_old_office_waits_for_the_list_of_the_new_one(
    citizen: User,
    clerk: User,
    supervisor: User,
    meeting: Meeting,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    citizen.email = "binh@example.com"
    citizen.save(update_fields=["email"])
    taken([row_of(citizen)], actor=clerk)
    dossier, _switch = filed(citizen, "change_place", new_ward="22363", new_place="Bưu cục Vĩnh Hải")
    confirmed(client, citizen, dossier)
    approved(dossier, clerk, supervisor)
    taken([row_of(citizen)], actor=clerk, month=list_month())
    better = brought([row_of(citizen, amount="9000000")], actor=clerk, month=list_month())
    _accepted(better, clerk, monkeypatch)
    new_office = staff_of("khanh-hoa")[0]
    said = at_once(lambda: _close(new_office, list_month()), outbox.drain)
    assert isinstance(said[0], PaymentList), said[0]
    _is_whole(list_month())
