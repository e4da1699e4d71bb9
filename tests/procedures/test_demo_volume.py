"""Years of dossiers, made and loaded at once: they hold as if they had been lived."""

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from portal.models import OutboxMessage, User
from portal.sealing import Sealed, opened
from procedures import intake, workflow
from procedures.catalogue import definition_for
from procedures.demo_volume import load, plan
from procedures.demo_volume.history import TABLES
from procedures.models import Dossier, DossierEvent, DossierNumber, IntakeList, IntakeRow

COUNT = 200
CLOCK = ("state", "final", "clock_started_on", "days_left", "due_at", "decided_at")


@pytest.fixture(autouse=True)
def _months_of_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few come a day that most of them are finished."""
    monkeypatch.setattr(plan, "INFLOW", 8)


def build(seed: str = "a", *, many: bool = False, until: date | None = None) -> None:
    last = until or timezone.localdate() - timedelta(days=1)
    load.build(dossiers=COUNT, seed=seed, until=last, say=lambda words: None, many=many)


@pytest.fixture
def province(db: None) -> None:
    build()


def content() -> list[tuple[object, ...]]:
    """All that does not depend on the numbers the database gives."""
    names = ("code", "state", "answers", "typed", "applicant", "owner__username", "due_at", "decided_at")
    return list(Dossier.objects.order_by("code").values_list(*names))


def test_every_history_and_every_list_holds(province: None) -> None:
    assert Dossier.objects.count() == COUNT
    assert Dossier.objects.filter(final=True).count() > COUNT / 2
    assert Dossier.objects.values("state").distinct().count() > 6
    last = DossierEvent.objects.latest("at")
    assert timezone.localdate(last.at) < timezone.localdate()
    assert not OutboxMessage.objects.exists()
    call_command("verify_history", stdout=io.StringIO())
    for closed in IntakeList.objects.order_by("office", "day"):
        before = IntakeList.objects.filter(office=closed.office, day__lt=closed.day).order_by("day").last()
        assert closed.previous_digest == (before.digest if before else "")
        assert closed.number == (before.number + 1 if before and before.year == closed.year else 1)


def test_the_account_numbers_are_sealed(province: None) -> None:
    forms = [form for pair in Dossier.objects.values_list("typed", "answers") for form in pair]
    numbers = [form["account_number"] for form in forms if "account_number" in form]
    assert numbers
    assert {type(number) for number in numbers} == {Sealed}
    assert opened(numbers[0]).startswith("4700")


def test_the_clock_stands_where_the_workflow_would_have_put_it(province: None) -> None:
    for dossier in Dossier.objects.select_related("version"):
        lived = Dossier(version=dossier.version, case=dossier.case, answers=dossier.answers)
        for event in dossier.events.all():
            transition = definition_for(dossier).transition(event.action)
            assert transition is not None
            assert event.from_state in transition.sources
            assert event.role in {*transition.roles, "organisation"}
            workflow._enter(lived, definition_for(dossier), event.to_state, event.at)
        assert [getattr(lived, name) for name in CLOCK] == [getattr(dossier, name) for name in CLOCK]


def test_a_row_says_what_closing_the_list_would_have_written(province: None) -> None:
    rows = IntakeRow.objects.select_related("dossier__office", "dossier__owner__organisation")
    assert rows.count() > COUNT / 2
    with translation.override("vi"):
        for row in rows:
            last = row.dossier.events.filter(at__lte=row.list.closed_at).last()
            assert last is not None
            now = intake._content(row.dossier)
            same = set(now) - {"state", "promised", "codes"}
            assert {name: row.content[name] for name in same} == {name: now[name] for name in same}
            assert row.content["state"] == definition_for(row.dossier).state(last.to_state).label.vi


def test_the_same_seed_makes_the_same_province(db: None) -> None:
    made = []
    for seed in ("a", "a", "b"):
        build(seed, until=date(2021, 7, 14))
        made.append(content())
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(lines.table for lines in TABLES[1:]) + " CASCADE")
        User.objects.filter(password="!generated").delete()
        DossierNumber.objects.all().delete()
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_many_are_written_beside_indexes_and_keys_that_stand_again(db: None) -> None:
    def schema() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL SELECT conname || ' '"
                " || pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1"
            )
            return [definition for (definition,) in cursor.fetchall()]

    before = schema()
    build(many=True)
    assert schema() == before
    assert Dossier.objects.count() == COUNT
    call_command("verify_history", stdout=io.StringIO())


def test_a_second_run_is_refused_and_changes_nothing(province: None, settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="closed intake lists"):
        call_command("demo_data", dossiers=10, stdout=io.StringIO())
    assert Dossier.objects.count() == COUNT


def test_what_was_filed_before_keeps_its_code_and_gets_onto_the_next_list(filed: Dossier) -> None:
    workflow_day = timezone.localdate() - timedelta(days=1)
    Dossier.objects.filter(pk=filed.pk).update(code=f"BHXH056.02-{workflow_day:%y%m%d}-0001")
    DossierNumber.objects.all().delete()
    assert filed.office is not None
    DossierNumber.objects.create(office=filed.office, day=workflow_day, last=1)
    build()
    of_day = Dossier.objects.filter(office=filed.office, code__contains=f"-{workflow_day:%y%m%d}-")
    assert DossierNumber.objects.get(office=filed.office, day=workflow_day).last == of_day.count()


def test_it_is_refused_where_debug_is_off(db: None, settings: object) -> None:
    settings.DEBUG = False  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("demo_data", dossiers=10, stdout=io.StringIO())
    assert not Dossier.objects.exists()


def test_it_is_refused_for_days_to_come(db: None, settings: object) -> None:
    settings.DEBUG = True  # type: ignore[attr-defined]
    with pytest.raises(CommandError, match="must be over"):
        call_command("demo_data", dossiers=10, until=timezone.localdate(), stdout=io.StringIO())


def test_the_pages_of_a_generated_dossier_open(province: None, sign_in: Callable[[User], Client]) -> None:
    dossier = Dossier.objects.filter(filer="citizen", office__slug="cam-ranh").latest("filed_at")
    clerk = User.objects.get(username="canbo.cam-ranh")
    citizen = sign_in(dossier.owner)
    desk = sign_in(clerk)
    assert dossier.code in desk.get("/quan-tri/procedures/dossier/", {"q": dossier.code}).content.decode()
    page = desk.get(f"/quan-tri/procedures/dossier/{dossier.pk}/change/")
    assert page.context["chain"] == []
    assert dossier.applicant in page.content.decode()
    assert citizen.get(f"/ho-so/{dossier.code}/").status_code == 200
    given = {"code": dossier.code, "phone": dossier.phone[-4:]}
    assert dossier.code in Client().post("/tra-cuu/", given).content.decode()


def test_the_files_of_a_generated_dossier_open(province: None, sign_in: Callable[[User], Client]) -> None:
    dossier = Dossier.objects.filter(filer="citizen", attachments__isnull=False).earliest("filed_at")
    citizen, paper = sign_in(dossier.owner), dossier.documents.get()
    attachment = dossier.attachments.first()
    assert attachment is not None
    assert citizen.get(f"/ho-so/{dossier.code}/tep/{attachment.pk}/").status_code == 200
    receipt = citizen.get(f"/ho-so/{dossier.code}/giay-to/receipt-1.pdf")
    assert len(b"".join(receipt.streaming_content)) == paper.size  # type: ignore[arg-type]
    assert Client().get(f"/xac-thuc/{paper.token}/").status_code == 200


def test_an_office_goes_on_where_the_generated_years_end(province: None) -> None:
    office = Dossier.objects.filter(office__slug="cam-ranh").latest("filed_at").office
    assert office is not None
    today = timezone.localdate()
    assert intake.days_to_close(office, today) == [today]
