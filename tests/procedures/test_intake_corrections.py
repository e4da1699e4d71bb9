import csv
import io
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import books, corrections, intake
from procedures.corrections import Wish
from procedures.deadlines import closing
from procedures.models import Dossier, IntakeCorrection, IntakeList, Office
from procedures.workflow import MoveRefused
from tests.conftest import file_draft, make_draft


def _close(day: date) -> IntakeList:
    office = Office.objects.get(slug="cam-ranh")
    return intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=8))


@pytest.fixture
def closed(filed: Dossier) -> IntakeList:
    assert filed.filed_at is not None
    return _close(timezone.localdate(filed.filed_at))


def _correct(closed: IntakeList, actor: User, **said: str) -> IntakeCorrection:
    wish = Wish(**{"kind": "change", "reason": "Ghi nhầm", "position": "1", **said})
    return corrections.correct(closed, wish, actor=actor, key=said.get("should", "k"), now=timezone.now())


def _csv(closed: IntakeList) -> list[list[str]]:
    out = io.BytesIO()
    books.write(books.Scope(closed.office, closed.day, closed.day), "csv", out)
    return list(csv.reader(io.StringIO(out.getvalue().decode("utf-8-sig"))))


def _address(closed: IntakeList) -> str:
    return f"/quan-tri/procedures/intakelist/{closed.pk}/dieu-chinh/"


def test_a_supervisor_corrects_a_closed_list_beside_it(
    closed: IntakeList, supervisor: User, client: Client
) -> None:
    client.force_login(supervisor)
    said = {
        "kind": "change",
        "position": "1",
        "column": "applicant",
        "should": "LÊ VĂN A",
        "reason": "Sai tên",
    }
    for _time in range(2):  # pressed twice
        assert client.post(_address(closed), {**said, "key": "once"}).status_code == 303
    made = IntakeCorrection.objects.get()
    assert (made.number, made.year, made.made_by) == (1, timezone.localdate().year, supervisor)
    assert made.was == closed.rows.get().content["applicant"]
    digest = closed.digest
    closed.refresh_from_db()
    assert closed.digest == digest
    assert intake.verify(closed)
    page = client.get(f"/quan-tri/procedures/intakelist/{closed.pk}/change/").content.decode()
    assert "LÊ VĂN A" in page
    assert "Sai tên" in page


def test_the_row_of_an_export_reads_as_closed_with_the_correction_noted(
    closed: IntakeList, supervisor: User
) -> None:
    before = _csv(closed)[1]
    made = _correct(closed, supervisor, column="address", should="12 Hùng Vương")
    after = _csv(closed)[1]
    assert after[:-1] == before[:-1]
    assert after[-1] == f"Phiếu điều chỉnh số {made}: cột “Địa chỉ, số điện thoại” sửa thành “12 Hùng Vương”"


def test_the_printed_book_lists_its_corrections(closed: IntakeList, supervisor: User) -> None:
    made = _correct(closed, supervisor, kind="strike", reason="Nộp trùng")
    out = io.BytesIO()
    books.write_pdf(closed, out)
    pdf = pypdfium2.PdfDocument(out.getvalue())
    said = " ".join("".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    pdf.close()
    for part in (f"Phiếu điều chỉnh số {made}", "Nộp trùng", "Tổng số: 1 hồ sơ", "Theo hình thức nộp"):
        assert part in said


def test_a_missing_row_is_added_after_the_closed_ones(
    closed: IntakeList, supervisor: User, stranger: User, chance: Any
) -> None:
    stranger.ward_id = "22429"
    stranger.save()
    late = file_draft(make_draft(stranger, chance))
    _correct(closed, supervisor, kind="add", code=str(late.code), position="")
    lines = _csv(closed)
    assert [line[0] for line in lines[1:]] == ["1", "BS"]
    assert lines[2][1] == late.code
    with pytest.raises(MoveRefused):
        _correct(closed, supervisor, kind="add", code=str(late.code), position="", should="again")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"position": "2"}, "position"),
        ({"position": "x"}, "position"),
        ({"column": "digest"}, "column"),
        ({"column": "applicant"}, "should"),
        ({"kind": "delete"}, "kind"),
        ({"kind": "add", "code": "BHXH056.05-210712-0001"}, "code"),
    ],
)
def test_a_wrong_correction_is_refused_at_its_field_and_nothing_typed_is_lost(
    said: dict[str, str], field: str, closed: IntakeList, supervisor: User, client: Client
) -> None:
    client.force_login(supervisor)
    data = {"kind": "change", "position": "1", "reason": "Lý do dài", "key": "k", **said}
    response = client.post(_address(closed), data)
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="refused"' in page
    assert f'name="{field}"' in page
    assert data["reason"].strip() in page
    assert not IntakeCorrection.objects.exists()


def test_a_row_is_struck_once(closed: IntakeList, supervisor: User) -> None:
    _correct(closed, supervisor, kind="strike")
    with pytest.raises(MoveRefused):
        _correct(closed, supervisor, kind="strike", should="again")


@pytest.mark.parametrize("person", ["clerk", "director", "administrator"])
def test_nobody_else_corrects_a_list(
    person: str, closed: IntakeList, client: Client, request: pytest.FixtureRequest
) -> None:
    client.force_login(request.getfixturevalue(person))
    data = {"kind": "strike", "position": "1", "reason": "x", "key": "k"}
    assert client.post(_address(closed), data).status_code == 422
    assert not IntakeCorrection.objects.exists()


def test_corrections_are_numbered_and_chained(closed: IntakeList, supervisor: User) -> None:
    first = _correct(closed, supervisor, column="applicant", should="A")
    second = _correct(closed, supervisor, column="applicant", should="B")
    assert (first.number, second.number, second.was) == (1, 2, "A")
    assert second.previous_digest == first.digest
    assert list(intake.broken(closed.office)) == []


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("UPDATE procedures_intakecorrection SET should = 'X' WHERE number = 1", "correction 1/"),
        ("DELETE FROM procedures_intakecorrection WHERE number = 1", "correction 2/"),
    ],
)
def test_the_check_names_the_correction_that_was_tampered_with(
    tampering: str, named: str, closed: IntakeList, supervisor: User
) -> None:
    for words in ("A", "B"):
        _correct(closed, supervisor, column="applicant", should=words)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(tampering)
    _by_force("procedures_intakecorrection", tampering)
    with pytest.raises(CommandError, match=named):
        call_command("verify_history")


def test_the_check_names_the_list_after_one_that_is_gone(closed: IntakeList) -> None:
    following = _close(closed.day + timedelta(days=1))
    last = _close(closed.day + timedelta(days=2))
    assert list(intake.broken(closed.office)) == []
    _by_force("procedures_intakelist", f"DELETE FROM procedures_intakelist WHERE id = {following.pk}")
    problems = list(intake.broken(closed.office))
    assert len(problems) == 2
    assert all(str(last) in problem for problem in problems)


def test_the_check_names_a_dossier_the_lists_passed_over(closed: IntakeList, filed: Dossier) -> None:
    Dossier.objects.filter(pk=filed.pk).update(listed=True)
    _close(closed.day + timedelta(days=1))
    _by_force("procedures_intakerow", "DELETE FROM procedures_intakerow")
    assert f"dossier {filed}: it stands on no list" in list(intake.broken(closed.office))


def _by_force(table: str, statement: str) -> None:
    """What only somebody with the keys to the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER append_only")


def test_a_list_closed_before_rows_had_codes_still_holds(closed: IntakeList) -> None:
    row = closed.rows.get()
    old = {key: value for key, value in row.content.items() if key != "codes"}
    _by_force("procedures_intakerow", "UPDATE procedures_intakerow SET content = content - 'codes'")
    _by_force(
        "procedures_intakelist",
        "UPDATE procedures_intakelist SET digest = '"
        + intake._digest(closed.office, closed.day, closed.number, "", [(False, old)])
        + "'",
    )
    closed.refresh_from_db()
    assert intake.verify(closed)
    assert len(_csv(closed)) == 2


def test_totals_are_those_of_the_rows(closed: IntakeList, supervisor: User, client: Client) -> None:
    counted = dict(books.totals(closed.rows.all()))
    assert counted["Theo hình thức nộp"] == [("Trực tuyến", 1)]
    assert closed.rows.get().content["codes"] == {
        "procedure": "lump-sum",
        "channel": "2",
        "state": "waiting_originals",
    }
    client.force_login(supervisor)
    page = client.get(f"/quan-tri/procedures/intakelist/{closed.pk}/change/").content.decode()
    assert "Theo hình thức nộp" in page
