"""Two people, two workers, two clicks at the same moment.

Each race is shown first: with the lock taken away the wrong thing happens. With it, it does not.
"""

import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import OutboxMessage, User
from procedures import (
    assignment,
    catalogue,
    closures,
    corrections,
    demo,
    dossiers,
    intake,
    mailroom,
    reconciling,
    workflow,
)
from procedures.corrections import Wish
from procedures.deadlines import closing
from procedures.models import (
    Closure,
    Dossier,
    DossierEvent,
    IntakeList,
    Office,
    ProcedureVersion,
    Reconciliation,
)
from procedures.workflow import MoveRefused
from tests.conftest import _staff, file_draft, make_draft
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every row lock away."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())


@pytest.fixture
def waiting(transactional_db: None) -> Dossier:
    """A filed dossier whose originals have come."""
    user = demo.citizen(demo.person(random.Random(5), "22429"))
    dossier = file_draft(make_draft(user, random.Random(5)))
    clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
    mailroom.receive(dossier, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    return dossier


@pytest.fixture
def pause_after_check(waiting: Dossier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two moves between their check and their write until both are there."""
    meeting, check = Meeting(), workflow._checked

    def slow(*args: Any, **kwargs: Any) -> Any:
        transition = check(*args, **kwargs)
        meeting.wait()
        return transition

    monkeypatch.setattr(workflow, "_checked", slow)


def _two_clerks_accept(dossier: Dossier) -> list[Any]:
    clerks = [_staff("cam-ranh", role, "Lê Thị Hạnh") for role in ("clerk", "supervisor")]
    return at_once(
        *[
            lambda c=c: workflow.move(
                Dossier.objects.get(pk=dossier.pk), "accept", actor=User.objects.get(pk=c.pk), key=f"k{c.pk}"
            )
            for c in clerks
        ]
    )


@pytest.mark.usefixtures("no_locks", "pause_after_check")
def test_without_the_lock_two_clerks_both_pass_the_check(waiting: Dossier) -> None:
    results = _two_clerks_accept(waiting)
    assert not any(isinstance(result, MoveRefused) for result in results)
    assert any(isinstance(result, IntegrityError) for result in results)


@pytest.mark.usefixtures("pause_after_check")
def test_of_two_clerks_who_accept_at_once_one_is_told_so(waiting: Dossier) -> None:
    results = _two_clerks_accept(waiting)
    assert {type(result) for result in results} == {DossierEvent, MoveRefused}, results
    assert waiting.events.filter(action="accept").count() == 1
    assert workflow.verify_history(Dossier.objects.get(pk=waiting.pk)) == []


def _two_approve(dossier: Dossier) -> list[Any]:
    """Two supervisors press the button on the page at the same moment."""
    office = Office.objects.get(slug="cam-ranh")
    heads = [
        demo.staff(f"head{n}", name, office, "supervisor", password="x") for n, name in enumerate(_HEADS)
    ]
    clients = [Client() for _head in heads]
    for client, head in zip(clients, heads, strict=True):
        client.force_login(head)
    url = f"/quan-tri/procedures/dossier/{dossier.pk}/hanh-dong/approve/"
    return at_once(*[lambda c=c, n=n: c.post(url, {"key": f"k{n}"}) for n, c in enumerate(clients)])


_HEADS = ("Trần Quốc Sơn", "Mai Thị Hoa")


@pytest.mark.usefixtures("pause_after_check")
def test_of_two_who_approve_at_once_one_does_and_the_other_reads_who_was_faster(waiting: Dossier) -> None:
    clerk = User.objects.get(username="clerk.cam-ranh")
    for action in ("accept", "propose"):
        workflow.move(waiting, action, actor=clerk, key=action)
    results = _two_approve(waiting)
    assert sorted(r.status_code for r in results) == [303, 422], results
    slower = next(r for r in results if r.status_code == 422).content.decode()
    faster = waiting.events.get(action="approve").actor
    assert faster is not None
    assert f"{faster.full_name} " in slower
    assert workflow.verify_history(Dossier.objects.get(pk=waiting.pk)) == []


# --- The next dossier ----------------------------------------------------------------------------


def _two_take(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two clerks ask for the next dossier; each has seen which it is before either has it."""
    meeting, give = Meeting(), assignment.assign

    def slow(*args: Any, **kwargs: Any) -> Any:
        meeting.wait()
        return give(*args, **kwargs)

    monkeypatch.setattr(assignment, "assign", slow)
    clerks = [_staff("cam-ranh", role, "Lê Thị Hạnh") for role in ("clerk", "supervisor")]
    return at_once(
        *[
            lambda c=c: assignment.take_next(actor=User.objects.get(pk=c.pk), key="k", now=timezone.now())
            for c in clerks
        ]
    )


@pytest.fixture
def two_waiting(waiting: Dossier) -> list[Dossier]:
    user = demo.citizen(demo.person(random.Random(15), "22429"))
    second = file_draft(make_draft(user, random.Random(15)))
    clerk = User.objects.get(username="clerk.cam-ranh")
    mailroom.receive(second, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    return [waiting, second]


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_two_clerks_take_the_same_dossier(
    two_waiting: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_take(monkeypatch)
    assert Dossier.objects.filter(assignee=None).count() == 1


def test_two_clerks_who_take_the_next_at_once_get_different_dossiers(
    two_waiting: list[Dossier], monkeypatch: pytest.MonkeyPatch
) -> None:
    results = _two_take(monkeypatch)
    assert {d.pk for d in results} == {d.pk for d in two_waiting}, results
    assert Dossier.objects.exclude(assignee=None).values("assignee").distinct().count() == 2


def _double_click(dossier: Dossier) -> list[Any]:
    return at_once(
        *[
            lambda: dossiers.file(
                Dossier.objects.get(pk=dossier.pk), actor=User.objects.get(pk=dossier.owner_id), key="same"
            )
        ]
        * 2
    )


def test_a_double_click_on_file_gives_one_dossier_and_one_receipt() -> None:
    user = demo.citizen(demo.person(random.Random(6), "22429"))
    draft = make_draft(user, random.Random(6))
    results = _double_click(draft)
    assert [type(result) for result in results] == [DossierEvent, DossierEvent]
    assert results[0].pk == results[1].pk
    assert OutboxMessage.objects.filter(topic="documents.receipt").count() == 1
    outbox.drain()
    assert draft.documents.filter(kind="receipt").count() == 1


def test_filings_at_the_same_moment_get_numbers_without_gaps_or_doubles() -> None:
    drafts = []
    for seed in range(6):
        user = demo.citizen(demo.person(random.Random(100 + seed), "22429"))
        drafts.append(make_draft(user, random.Random(seed)))
    results = at_once(
        *[
            lambda d=d: dossiers.file(
                Dossier.objects.get(pk=d.pk), actor=User.objects.get(pk=d.owner_id), key="f"
            )
            for d in drafts
        ]
    )
    assert all(isinstance(result, DossierEvent) for result in results), results
    numbers = sorted(int(str(code)[-4:]) for code in Dossier.objects.values_list("code", flat=True))
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_two_pages_of_a_draft_saved_at_once_are_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    user = demo.citizen(demo.person(random.Random(9), "22429"))
    draft = make_draft(user, random.Random(9))
    definition, meeting, keep = catalogue.definition_for(draft), Meeting(), dossiers._keep

    def slow(*args: Any) -> bool:
        meeting.wait()
        return keep(*args)

    monkeypatch.setattr(dossiers, "_keep", slow)
    pages = {"nguoi-de-nghi": {"street": "Thôn 3"}, "qua-trinh-dong": {"books_count": "4"}}
    results = at_once(
        *[
            lambda slug=slug, data=data: dossiers.save_answers(
                Dossier.objects.get(pk=draft.pk),
                definition.step(slug),  # type: ignore[arg-type]
                data,
                revision=draft.revision,
                device="one",
                today=timezone.localdate(),
            )
            for slug, data in pages.items()
        ]
    )
    assert all(isinstance(result, dossiers.Saved) for result in results), results
    draft.refresh_from_db()
    assert (draft.typed["street"], draft.typed["books_count"]) == ("Thôn 3", "4")
    assert draft.revision == 2


def test_starting_twice_at_once_gives_one_draft() -> None:
    user = demo.citizen(demo.person(random.Random(8), "22429"))
    version = catalogue.published("lump-sum")
    assert version is not None
    results = at_once(*[lambda: dossiers.start(User.objects.get(pk=user.pk), version)] * 3)
    assert len({dossier.pk for dossier in results}) == 1


# --- Versions ------------------------------------------------------------------------------------


def _changed_draft() -> ProcedureVersion:
    author = _staff("cam-ranh", "supervisor", "Trần Quốc Sơn")
    draft = catalogue.new_draft("lump-sum", author=author)
    catalogue.edit(draft, lambda d: msgspec.structs.replace(d, fee=1000), actor=author)
    return draft


def _two_publish(draft: ProcedureVersion) -> list[Any]:
    people = [_staff("khanh-hoa", role, "Võ Minh Khánh") for role in ("director", "administrator")]
    return at_once(
        *[
            lambda p=p: catalogue.publish(
                ProcedureVersion.objects.get(pk=draft.pk),
                actor=User.objects.get(pk=p.pk),
                now=timezone.now(),
            )
            for p in people
        ]
    )


@pytest.fixture
def pause_before_publishing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two people between the check of a draft and its publishing until both are there."""
    meeting, problems_of = Meeting(), catalogue.problems_of

    def slow(definition: Any) -> Any:
        meeting.wait()
        return problems_of(definition)

    monkeypatch.setattr(catalogue, "problems_of", slow)


@pytest.mark.usefixtures("no_locks", "pause_before_publishing")
def test_without_the_lock_two_people_both_go_on_to_publish() -> None:
    results = _two_publish(_changed_draft())
    assert not any(isinstance(result, catalogue.NotADraft) for result in results)
    assert any(isinstance(result, IntegrityError) for result in results), results


@pytest.mark.usefixtures("pause_before_publishing")
def test_of_two_people_who_publish_at_once_one_is_told_so() -> None:
    draft = _changed_draft()
    results = _two_publish(draft)
    assert {type(result) for result in results} == {type(None), catalogue.NotADraft}, results
    assert draft.changes.filter(action="published").count() == 1
    assert catalogue.published("lump-sum") == draft
    assert ProcedureVersion.objects.filter(procedure=draft.procedure, status="retired").count() == 1


def test_changes_of_a_draft_at_the_same_moment_are_all_kept() -> None:
    draft = _changed_draft()
    people = [_staff("khanh-hoa", role, "Võ Minh Khánh") for role in ("director", "administrator")]
    changes = [{"order": 77}, {"envelope": "HỒ SƠ"}]
    results = at_once(
        *[
            lambda p=p, c=c: catalogue.edit(
                draft, lambda d: msgspec.structs.replace(d, **c), actor=User.objects.get(pk=p.pk)
            )
            for p, c in zip(people, changes, strict=True)
        ]
    )
    assert not any(isinstance(result, Exception) for result in results), results
    kept = catalogue.definition_of(ProcedureVersion.objects.get(pk=draft.pk))
    assert (kept.order, kept.envelope, kept.fee) == (77, "HỒ SƠ", 1000)
    assert draft.changes.filter(action="edited").count() == 3


def test_a_draft_begun_while_a_version_is_published_goes_on_with_it_when_filed() -> None:
    old = catalogue.published("lump-sum")
    assert old is not None
    user = demo.citizen(demo.person(random.Random(12), "22429"))
    mine = make_draft(user, random.Random(12))
    draft = _changed_draft()
    catalogue.publish(draft, actor=_staff("khanh-hoa", "director", "Võ Minh Khánh"), now=timezone.now())
    Dossier.objects.filter(pk=mine.pk).update(version=old, begun_with=None)  # inserted a moment too late
    late = Dossier.objects.get(pk=mine.pk)
    with pytest.raises(MoveRefused, match="thay đổi"):
        dossiers.file(late, actor=user, key="f")
    late.refresh_from_db()
    assert (late.version, late.begun_with) == (draft, old)
    assert dossiers.file(late, actor=user, key="f").to_state == "waiting_originals"


# --- Outbox --------------------------------------------------------------------------------------


@pytest.fixture
def counted() -> Iterator[list[int]]:
    """A topic whose handler notes every run and takes its time."""
    runs: list[int] = []
    meeting = Meeting()

    def handle(message: OutboxMessage) -> None:
        runs.append(message.pk)
        meeting.wait()

    outbox.handlers["test.counted"] = handle
    yield runs
    del outbox.handlers["test.counted"]


def _two_claims(monkeypatch: pytest.MonkeyPatch, *, lock: str) -> list[Any]:
    """What two workers get that look for one message at the same time."""
    with transaction.atomic():
        outbox.enqueue("test.counted", key="1")
    # Each looks for half a second before it locks, so both look before one has marked its find.
    slow = outbox._CLAIM.replace("ORDER BY", "AND pg_sleep(0.5) IS NOT NULL ORDER BY")
    monkeypatch.setattr(outbox, "_CLAIM", slow.replace("FOR UPDATE SKIP LOCKED", lock))
    return at_once(*[lambda: outbox._claim(timezone.now())] * 2)


def test_without_the_lock_two_workers_claim_one_message(
    counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = _two_claims(monkeypatch, lock="")
    assert first.pk == second.pk


def test_of_two_workers_one_claims_a_message(counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    results = _two_claims(monkeypatch, lock="FOR UPDATE SKIP LOCKED")
    assert results.count(None) == 1
    assert OutboxMessage.objects.get().attempts == 1


def test_two_workers_run_one_message_once(counted: list[int]) -> None:
    with transaction.atomic():
        outbox.enqueue("test.counted", key="1")
    at_once(*[lambda: outbox.drain(limit=1)] * 2)
    assert len(counted) == 1


def test_a_claim_that_holds_the_row_for_a_moment_does_not_postpone_the_message(counted: list[int]) -> None:
    with transaction.atomic():
        outbox.enqueue("test.counted", key="1")
    message = outbox._claim(timezone.now())
    assert message is not None
    held = threading.Event()

    def look() -> None:
        """What a claim does that began before the other was committed: it locks the row and lets it go."""
        with transaction.atomic():
            OutboxMessage.objects.select_for_update().get(pk=message.pk)
            held.set()
            time.sleep(0.3)

    def run() -> None:
        held.wait(10)
        outbox._run(message)

    at_once(look, run)
    assert counted == [message.pk]
    assert OutboxMessage.objects.get().state == OutboxMessage.State.DONE


def test_a_worker_that_was_overtaken_leaves_the_message_alone(counted: list[int]) -> None:
    with transaction.atomic():
        outbox.enqueue("test.counted", key="1")
    late = outbox._claim(timezone.now())
    assert late is not None
    OutboxMessage.objects.update(due_at=timezone.now())
    assert outbox.drain() == 1
    outbox._run(late)
    assert counted == [late.pk]


def test_a_side_effect_outside_a_transaction_is_refused(counted: list[int]) -> None:
    with pytest.raises(RuntimeError, match="inside the transaction"):
        outbox.enqueue("test.counted", key="1")


def test_a_message_whose_worker_died_falls_due_again(counted: list[int]) -> None:
    with transaction.atomic():
        outbox.enqueue("test.counted", key="1")
    message = outbox._claim(timezone.now())
    assert message is not None
    assert outbox.drain() == 0
    OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert outbox.drain() == 1
    assert counted == [message.pk]
    assert OutboxMessage.objects.get().attempts == 2


# --- Intake lists --------------------------------------------------------------------------------


def test_a_list_closed_twice_at_once_is_one_list(waiting: Dossier) -> None:
    office = Office.objects.get(slug="cam-ranh")
    day = timezone.localdate()
    now = max(closing(day) + timedelta(minutes=30), timezone.now())
    results = at_once(*[lambda: intake.close_list(office, day, actor=None, now=now)] * 3)
    assert {type(result) for result in results} == {IntakeList}, results
    assert IntakeList.objects.count() == 1
    assert IntakeList.objects.get().row_count == 1


def test_a_filing_that_commits_while_a_list_is_closed_goes_to_the_next_one() -> None:
    office = Office.objects.get(slug="cam-ranh")
    user = demo.citizen(demo.person(random.Random(9), "22429"))
    draft = make_draft(user, random.Random(9))
    day = timezone.localdate()
    evening = closing(day) + timedelta(minutes=30)

    with transaction.atomic():
        dossiers.file(draft, actor=user, key="f", now=evening - timedelta(minutes=1))
        (closed,) = at_once(lambda: intake.close_list(office, day, actor=None, now=evening))
    assert closed.row_count == 0

    following = intake.close_list(
        office, day + timedelta(days=1), actor=None, now=evening + timedelta(days=1)
    )
    assert following.row_count == 1
    assert following.rows.get().late
    assert following.previous_digest == closed.digest


def _stopped_while_days_are_given(dossier: Dossier) -> list[Any]:
    """A clock that somebody stops at the moment the days of a closure are given back to it."""
    now, stopping = timezone.now(), threading.Event()
    Dossier.objects.filter(pk=dossier.pk).update(
        clock_started_on=timezone.localdate(now) - timedelta(days=20), due_at=now + timedelta(days=9)
    )
    Closure.objects.create(
        office=Office.objects.get(slug="cam-ranh"),
        reason="Phong tỏa",
        document="6225/UBND-KGVX",
        starts_at=now - timedelta(days=10),
        ends_at=now - timedelta(seconds=1),
        pauses_clock=True,
        pause_source="NĐ 01/2021 Đ.1",
    )
    closures.follow_up(now)

    def stop() -> None:
        with transaction.atomic():
            Dossier.objects.filter(pk=dossier.pk).update(due_at=None, days_left=4)
            stopping.set()
            time.sleep(0.7)

    def give() -> None:
        stopping.wait(10)
        message = OutboxMessage.objects.get(topic="closures.days")
        with transaction.atomic():
            closures.give_days_back(message)

    return at_once(stop, give)


def test_days_are_not_given_to_a_clock_that_is_stopped_at_that_moment(waiting: Dossier) -> None:
    assert _stopped_while_days_are_given(waiting) == [None, None]
    waiting.refresh_from_db()
    assert (waiting.due_at, waiting.days_left) == (None, 4)
    assert not waiting.events.filter(action=closures.DAYS_CLOSED).exists()


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_a_stopped_clock_gets_a_deadline(waiting: Dossier) -> None:
    _stopped_while_days_are_given(waiting)
    waiting.refresh_from_db()
    assert waiting.due_at is not None


def _close_today() -> IntakeList:
    office, day = Office.objects.get(slug="cam-ranh"), timezone.localdate()
    return intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=7))


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_two_closings_make_the_list_twice(
    waiting: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting, close = Meeting(), intake._close
    monkeypatch.setattr(intake, "_close", lambda *args: (meeting.wait(), close(*args))[1])
    results = at_once(*[_close_today] * 2)
    assert any(isinstance(result, IntegrityError) for result in results), results


def _filings(count: int) -> list[Any]:
    drafts = []
    for seed in range(count):
        user = demo.citizen(demo.person(random.Random(300 + seed), "22429"))
        drafts.append(make_draft(user, random.Random(seed)).pk)
    return [
        lambda pk=pk: dossiers.file(
            Dossier.objects.get(pk=pk), actor=Dossier.objects.get(pk=pk).owner, key="f"
        )
        for pk in drafts
    ]


def test_lists_closed_while_filings_pour_in_lose_none_and_take_none_twice() -> None:
    """Two closings a day for three days, and between them filings that commit when they like."""
    office, today = Office.objects.get(slug="cam-ranh"), timezone.localdate()
    filings = _filings(6)

    def close_days() -> None:
        for n in range(3):
            day = today + timedelta(days=n)
            intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=7))
            time.sleep(0.15)

    results = at_once(*filings, close_days, close_days)
    assert not [result for result in results if isinstance(result, Exception)], results
    last = today + timedelta(days=3)
    intake.close_list(office, last, actor=None, now=closing(last))
    lists = list(IntakeList.objects.filter(office=office).order_by("day"))
    assert [closed.number for closed in lists] == [1, 2, 3, 4]
    listed = [pk for closed in lists for pk in closed.rows.values_list("dossier", flat=True)]
    assert sorted(listed) == sorted(Dossier.objects.values_list("pk", flat=True))
    assert [p for closed in lists for p in closed.rows.values_list("position", flat=True)] == [
        n for closed in lists for n in range(1, closed.row_count + 1)
    ]
    assert list(intake.broken(office)) == []


# --- Reconciliation ------------------------------------------------------------------------------


def _two_sign(waiting: Dossier, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Two people sign what both have compared."""
    people = [_staff("cam-ranh", role, "Lê Thị Hạnh") for role in ("clerk", "supervisor")]
    today = timezone.localdate()
    work = reconciling.begin(today, today, "book", actor=people[0], key="r", now=timezone.now())
    meeting, compare = Meeting(), reconciling.compare

    def slow(work: Reconciliation) -> reconciling.Comparison:
        told = compare(work)
        meeting.wait()
        return told

    monkeypatch.setattr(reconciling, "compare", slow)
    return at_once(
        *[
            lambda p=p: reconciling.sign(
                Reconciliation.objects.get(pk=work.pk),
                actor=User.objects.get(pk=p.pk),
                now=timezone.now(),
            )
            for p in people
        ]
    )


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_two_people_sign_and_only_the_database_refuses(
    waiting: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = _two_sign(waiting, monkeypatch)
    assert not any(isinstance(result, MoveRefused) for result in results)
    assert any(isinstance(result, DatabaseError) for result in results), results


def test_a_reconciliation_signed_twice_at_once_is_signed_once(
    waiting: Dossier, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = _two_sign(waiting, monkeypatch)
    assert {type(result) for result in results} == {Reconciliation, MoveRefused}, results
    signed = Reconciliation.objects.get()
    assert signed.signed_by == next(r for r in results if isinstance(r, Reconciliation)).signed_by


def test_two_corrections_at_once_get_two_numbers(waiting: Dossier) -> None:
    closed, supervisor = _close_today(), _staff("cam-ranh", "supervisor", "Trần Quốc Sơn")
    results = at_once(
        *[
            lambda s=s: corrections.correct(
                IntakeList.objects.get(pk=closed.pk),
                Wish(kind="change", reason="Sai", position="1", column=s, should="Đúng"),
                actor=User.objects.get(pk=supervisor.pk),
                key=s,
                now=timezone.now(),
            )
            for s in ("applicant", "address")
        ]
    )
    assert sorted(result.number for result in results) == [1, 2]
    assert list(intake.broken(closed.office)) == []
