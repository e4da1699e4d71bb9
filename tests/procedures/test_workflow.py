from datetime import timedelta

import pytest
from django.utils import timezone

from portal import outbox
from portal.models import Notice, User
from procedures import mailroom, workflow
from procedures.models import Dossier, DossierEvent, PostalItem
from procedures.workflow import MoveRefused, move

NOW = timezone.make_aware(timezone.datetime(2021, 7, 12, 9, 0))


def _all_arrived(dossier: Dossier, clerk: User, now: timezone.datetime | None = None) -> None:
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=now or timezone.now())
    dossier.refresh_from_db()


@pytest.fixture
def proposed(filed: Dossier, clerk: User) -> Dossier:
    _all_arrived(filed, clerk)
    move(filed, "accept", actor=clerk, key="a")
    move(filed, "propose", actor=clerk, key="p")
    return filed


def test_the_same_key_gives_the_same_event(filed: Dossier, clerk: User) -> None:
    _all_arrived(filed, clerk)
    first = move(filed, "accept", actor=clerk, key="k")
    second = move(filed, "accept", actor=clerk, key="k")
    assert first == second
    assert filed.events.filter(action="accept").count() == 1


def test_an_action_from_the_wrong_state_is_refused_with_the_present_state(
    filed: Dossier, clerk: User
) -> None:
    with pytest.raises(MoveRefused, match="Chờ hồ sơ giấy"):
        move(filed, "accept", actor=clerk, key="k")
    assert filed.events.count() == 1


@pytest.mark.parametrize("who", ["stranger", "other_clerk", "director", "administrator", "citizen"])
def test_who_is_not_of_the_office_or_the_role_moves_nothing(
    who: str, filed: Dossier, clerk: User, request: pytest.FixtureRequest
) -> None:
    _all_arrived(filed, clerk)
    with pytest.raises(MoveRefused):
        move(filed, "accept", actor=request.getfixturevalue(who), key="k")
    assert Dossier.objects.get(pk=filed.pk).state == "originals_received"


def test_who_proposed_does_not_approve(filed: Dossier, supervisor: User, clerk: User) -> None:
    _all_arrived(filed, clerk)
    move(filed, "accept", actor=supervisor, key="a")
    move(filed, "propose", actor=supervisor, key="p")
    with pytest.raises(MoveRefused, match="người khác"):
        move(filed, "approve", actor=supervisor, key="x")
    assert "approve" not in {t.action for t in workflow.available_actions(filed, supervisor)}


def test_another_person_approves_and_the_citizen_is_told(proposed: Dossier, supervisor: User) -> None:
    move(proposed, "approve", actor=supervisor, key="x")
    outbox.drain()
    assert proposed.state == "approved"
    assert proposed.decided_at is not None
    assert Notice.objects.filter(user=proposed.owner, kind="decided").count() == 1


def test_a_rejection_needs_a_reason_and_its_legal_basis(proposed: Dossier, supervisor: User) -> None:
    with pytest.raises(MoveRefused) as refused:
        move(proposed, "reject", actor=supervisor, key="x", note="  ")
    assert refused.value.field == "note"
    with pytest.raises(MoveRefused) as refused:
        move(proposed, "reject", actor=supervisor, key="x", note="Đang đóng BHXH.")
    assert refused.value.field == "legal_basis"
    basis = {"legal_basis": "Nghị quyết 93/2015/QH13"}
    move(proposed, "reject", actor=supervisor, key="x", note="Đang đóng BHXH.", facts=basis)
    assert proposed.final


def test_originals_one_by_one_start_the_clock_with_the_last(filed: Dossier, clerk: User) -> None:
    assert mailroom.receive(filed, ["form"], actor=clerk, key="1", now=NOW) is None
    filed.refresh_from_db()
    assert filed.due_at is None
    assert mailroom.receive(filed, ["insurance_book"], actor=clerk, key="2", now=NOW) is not None
    filed.refresh_from_db()
    assert filed.clock_started_on == NOW.date()
    assert f"{timezone.localtime(filed.due_at):%H:%M %d/%m/%Y}" == "17:00 19/07/2021"


def test_a_second_receipt_with_a_date_replaces_the_first(filed: Dossier, clerk: User) -> None:
    outbox.drain()
    _all_arrived(filed, clerk)
    outbox.drain()
    first, second = filed.documents.filter(kind="receipt").order_by("number")
    assert first.replaced_at is not None
    assert second.replaced_at is None
    assert first.file.storage.exists(first.file.name)


def test_the_clock_rests_while_the_citizen_is_asked(filed: Dossier, clerk: User) -> None:
    _all_arrived(filed, clerk, NOW)
    missing = {"missing": ["Sổ thứ hai"]}
    move(filed, "ask_supplement", actor=clerk, key="s", facts=missing, now=NOW + timedelta(days=2))
    assert (filed.due_at, filed.days_left) == (None, 3)
    answer = {"message": "Đã gửi."}
    move(filed, "answer_supplement", actor=filed.owner, key="b", facts=answer, now=NOW + timedelta(days=14))
    assert filed.days_left is None
    assert f"{timezone.localtime(filed.due_at):%d/%m/%Y}" == "29/07/2021"


def test_a_supplement_is_asked_once_and_with_a_list(filed: Dossier, clerk: User) -> None:
    _all_arrived(filed, clerk)
    with pytest.raises(MoveRefused) as refused:
        move(filed, "ask_supplement", actor=clerk, key="1", facts={"missing": []})
    assert refused.value.field == "missing"
    move(filed, "ask_supplement", actor=clerk, key="2", facts={"missing": ["Sổ thứ hai"]})
    move(filed, "answer_supplement", actor=filed.owner, key="3", facts={"message": "Đây ạ."})
    with pytest.raises(MoveRefused, match="một lần"):
        move(filed, "ask_supplement", actor=clerk, key="4", facts={"missing": ["Nữa"]})


def test_an_empty_answer_to_a_supplement_is_refused(filed: Dossier, clerk: User) -> None:
    _all_arrived(filed, clerk)
    move(filed, "ask_supplement", actor=clerk, key="2", facts={"missing": ["Sổ thứ hai"]})
    with pytest.raises(MoveRefused):
        move(filed, "answer_supplement", actor=filed.owner, key="3", facts={"message": ""})


def test_dispatch_needs_a_tracking_number_with_the_right_check_digit(
    proposed: Dossier, supervisor: User, clerk: User
) -> None:
    move(proposed, "approve", actor=supervisor, key="x")
    for wrong in ("", "EA123456784VN"):
        with pytest.raises(MoveRefused) as refused:
            mailroom.dispatch(proposed, wrong, actor=clerk, key="d", now=timezone.now())
        assert refused.value.field == "tracking"
    assert not PostalItem.objects.exists()
    mailroom.dispatch(proposed, "EA123456785VN", actor=clerk, key="d", now=timezone.now())
    assert PostalItem.objects.get().checked
    assert Dossier.objects.get(pk=proposed.pk).state == "dispatched"


def test_a_citizen_withdraws_while_nothing_is_decided(proposed: Dossier, supervisor: User) -> None:
    assert "withdraw" in {t.action for t in workflow.available_actions(proposed, proposed.owner)}
    move(proposed, "approve", actor=supervisor, key="x")
    with pytest.raises(MoveRefused):
        move(proposed, "withdraw", actor=proposed.owner, key="w")


def test_the_chain_of_hashes_holds_and_shows_every_change(proposed: Dossier) -> None:
    assert workflow.verify_history(proposed) == []
    events = list(proposed.events.order_by("sequence"))
    assert [e.previous_hash for e in events[1:]] == [e.hash for e in events[:-1]]
    changed: DossierEvent = events[1]
    changed.note = "nothing happened"
    assert workflow._hash(changed) != changed.hash


def test_moving_a_dossier_takes_a_known_number_of_queries(
    filed: Dossier, clerk: User, django_assert_max_num_queries: object
) -> None:
    _all_arrived(filed, clerk)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        move(filed, "accept", actor=clerk, key="a")
