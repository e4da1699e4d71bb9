"""History is written once: in the database, and in a chain that shows what was changed all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from payments.models import (
    BatchDownload,
    BatchFile,
    BatchRelease,
    Entry,
    Posting,
    Receipt,
    ReceiptPaper,
    ResultFile,
    ResultRow,
    Settlement,
    StatementLine,
    SuspenseStep,
    WebhookCall,
)
from pension.models import CashOutcome, HandOver, PaymentResult
from portal.models import AccessLog, FormerPlace, User
from procedures import catalogue, intake, mailroom, workflow
from procedures.models import (
    AreaChange,
    AreaOutcome,
    DeliveryFile,
    DeliveryRow,
    DispatchLabels,
    DispatchManifest,
    Dossier,
    DossierEvent,
    FigureDecision,
    FigureProposal,
    IntakeCorrection,
    IntakeList,
    IntakeRow,
    Note,
    ProcedureVersion,
    ShipmentStep,
    StaffMove,
    VersionChange,
    VersionRow,
)

VERSION_ROWS = sorted(model.__name__ for model in VersionRow.__subclasses__())


@pytest.fixture
def decided(filed: Dossier, clerk: User, supervisor: User) -> Dossier:
    """A dossier with six events, listed, and read by a clerk."""
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    workflow.move(filed, "accept", actor=clerk, key="a")
    workflow.move(filed, "propose", actor=clerk, key="p", note="Đủ điều kiện")
    workflow.move(filed, "approve", actor=supervisor, key="x")
    mailroom.dispatch(filed, "RA000000014VN", actor=clerk, key="d", now=timezone.now())
    AccessLog.objects.create(user=clerk, about=str(filed), what="dossier")
    assert filed.office is not None
    tomorrow = timezone.now() + timezone.timedelta(days=1)
    intake.close_list(filed.office, timezone.localdate(), actor=None, now=tomorrow)
    return filed


@contextmanager
def _guards_down(*tables: str) -> Iterator[None]:
    """What somebody may do who owns the database: the triggers off, and on again."""
    with connection.cursor() as cursor:
        for switch in ("DISABLE", "ENABLE"):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} {switch} TRIGGER USER")
            if switch == "DISABLE":
                yield


# --- The database refuses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (DossierEvent, {"note": "x"}),
        (DossierEvent, {"actor": None}),
        (DossierEvent, {"hash": "0" * 64}),
        (DossierEvent, {"at": timezone.now()}),
        (AccessLog, {"what": "x"}),
        (AccessLog, {"about": "x"}),
        (IntakeRow, {"content": {}}),
        (IntakeRow, {"late": True}),
        (IntakeList, {"row_count": 0}),
        (IntakeList, {"digest": "0" * 64}),
    ],
)
def test_a_row_of_history_is_not_changed(model: Any, change: dict[str, Any], decided: Dossier) -> None:
    before = list(model.objects.order_by("pk").values())
    assert before
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.update(**change)
    assert list(model.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("model", [DossierEvent, AccessLog, IntakeRow, IntakeList])
def test_a_row_of_history_is_not_deleted(model: Any, decided: Dossier) -> None:
    count = model.objects.count()
    assert count
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")
    assert model.objects.count() == count


@pytest.mark.parametrize("model", [DossierEvent, AccessLog, IntakeRow, IntakeList])
def test_plain_sql_gets_no_further_than_the_program(model: Any, decided: Dossier) -> None:
    table = model._meta.db_table
    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_every_table_of_history_has_its_guard_switched_on(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE tgname = 'append_only' AND tgenabled = 'O' ORDER BY relname"
        )
        guarded = [row[0] for row in cursor.fetchall()]
    areas = (AreaChange, AreaOutcome, FormerPlace, StaffMove)
    booked = (Entry, Posting, Receipt, ReceiptPaper)
    posted = (DeliveryFile, DeliveryRow, DispatchLabels, DispatchManifest, ShipmentStep)
    paid = (BatchDownload, BatchFile, BatchRelease, ResultFile, ResultRow)
    models = (DossierEvent, AccessLog, IntakeCorrection, IntakeRow, IntakeList, Note, VersionChange)
    stated = (WebhookCall, StatementLine, Settlement, SuspenseStep, PaymentResult, CashOutcome, HandOver)
    money = (*booked, *paid, *stated)
    figures = (FigureProposal, FigureDecision)
    assert guarded == sorted(m._meta.db_table for m in (*models, *areas, *posted, *money, *figures))


@pytest.mark.parametrize("name", VERSION_ROWS)
def test_a_row_of_a_published_version_is_fixed(name: str, db: None) -> None:
    version = catalogue.published("lump-sum")
    assert version is not None
    rows = getattr(version, f"{name.lower()}s")
    first = rows.all()[0]
    with pytest.raises(IntegrityError, match="published"), transaction.atomic():
        rows.update(position=99)
    with pytest.raises(IntegrityError, match="published"), transaction.atomic():
        rows.all()._raw_delete("default")
    first.pk = None
    with pytest.raises(IntegrityError, match="published"), transaction.atomic():
        first.save(force_insert=True)


@pytest.mark.parametrize(
    "change", [{"title_vi": "x"}, {"digest": "x"}, {"fee": 1}, {"status": "draft"}, {"handled_by": "x"}]
)
def test_a_published_version_is_fixed(change: dict[str, Any], db: None) -> None:
    version = catalogue.published("lump-sum")
    assert version is not None
    with pytest.raises(IntegrityError, match="published"), transaction.atomic():
        ProcedureVersion.objects.filter(pk=version.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProcedureVersion.objects.filter(pk=version.pk)._raw_delete("default")


def test_a_row_does_not_move_from_a_published_version_into_a_draft(clerk: User) -> None:
    """Nor may a row be slipped in from a draft."""
    version = catalogue.published("lump-sum")
    assert version is not None
    draft = catalogue.new_draft("lump-sum", author=clerk)
    published, drafted = version.cases.all()[0], draft.cases.all()[0]
    for row, to in ((published, draft), (drafted, version)):
        with pytest.raises(IntegrityError, match="published"), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(version=to)


def test_a_filed_dossier_is_not_deleted(decided: Dossier) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.filter(pk=decided.pk)._raw_delete("default")


# --- The chain shows -----------------------------------------------------------------------------


def test_an_untouched_history_holds(decided: Dossier) -> None:
    assert workflow.verify_history(Dossier.objects.get(pk=decided.pk)) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "'x'"),
        ("facts", "'{\"a\": 1}'"),
        ("action", "'refuse'"),
        ("role", "'director'"),
        ("actor_id", "NULL"),
        ("at", "at + interval '1 second'"),
        ("from_state", "'draft'"),
        ("to_state", "'refused'"),
        ("key", "'other'"),
        ("previous_hash", "repeat('0', 64)"),
        ("hash", "repeat('0', 64)"),
        ("sequence", "sequence + 100"),
    ],
)
@pytest.mark.parametrize("which", [1, 3, 6])
def test_a_change_made_behind_the_guards_shows(column: str, value: str, which: int, decided: Dossier) -> None:
    changed = decided.events.get(sequence=which)
    with _guards_down("procedures_dossierevent"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE procedures_dossierevent SET {column} = {value} WHERE id = %s", [changed.pk])
    unchanged = column == "from_state" and which == 1  # it said so already
    assert bool(workflow.verify_history(Dossier.objects.get(pk=decided.pk))) is not unchanged


@pytest.mark.parametrize("which", [1, 3, 6])
def test_a_row_taken_out_behind_the_guards_shows(which: int, decided: Dossier) -> None:
    with _guards_down("procedures_dossierevent"):
        decided.events.filter(sequence=which)._raw_delete("default")
    assert workflow.verify_history(Dossier.objects.get(pk=decided.pk))


def test_a_history_taken_out_whole_shows(decided: Dossier) -> None:
    with _guards_down("procedures_dossierevent"):
        decided.events.all()._raw_delete("default")
    assert workflow.verify_history(Dossier.objects.get(pk=decided.pk))


def test_a_row_slipped_in_shows(decided: Dossier, clerk: User) -> None:
    last = decided.events.get(sequence=6)
    DossierEvent.objects.create(
        dossier=decided,
        sequence=7,
        action="close",
        from_state=last.to_state,
        to_state=last.to_state,
        actor=clerk,
        role="clerk",
        key="forged",
        at=timezone.now(),
        previous_hash=last.hash,
        hash="0" * 64,
    )
    assert workflow.verify_history(Dossier.objects.get(pk=decided.pk))


def test_a_state_set_past_the_history_shows(decided: Dossier) -> None:
    Dossier.objects.filter(pk=decided.pk).update(state="rejected")
    assert workflow.verify_history(Dossier.objects.get(pk=decided.pk))


def test_the_command_for_operators_names_the_dossier(decided: Dossier) -> None:
    call_command("verify_history")
    with _guards_down("procedures_dossierevent"):
        decided.events.all()._raw_delete("default")
    with pytest.raises(CommandError, match=str(decided.code)):
        call_command("verify_history")


def test_the_clerk_is_warned_on_the_dossiers_page(decided: Dossier, clerk: User, client: Client) -> None:
    client.force_login(clerk)
    page = f"/quan-tri/procedures/dossier/{decided.pk}/change/"
    assert 'role="alert"' not in client.get(page).content.decode()
    with _guards_down("procedures_dossierevent"):
        DossierEvent.objects.filter(dossier=decided, sequence=3).update(note="x")
    assert 'role="alert"' in client.get(page).content.decode()


def test_a_change_of_a_closed_list_shows(decided: Dossier) -> None:
    listed = IntakeList.objects.get()
    assert intake.verify(listed)
    with _guards_down("procedures_intakerow"):
        IntakeRow.objects.update(late=True)
    assert not intake.verify(listed)


def test_a_row_taken_out_of_a_closed_list_shows(decided: Dossier) -> None:
    listed = IntakeList.objects.get()
    with _guards_down("procedures_intakerow"):
        IntakeRow.objects.all()._raw_delete("default")
    assert not intake.verify(listed)
