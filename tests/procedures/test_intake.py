import csv
import io
from datetime import timedelta
from pathlib import Path

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from portal.models import User
from procedures import books, exports, intake
from procedures.deadlines import closing
from procedures.models import Dossier, IntakeList, Office
from procedures.tasks import close_intake_lists


@pytest.fixture
def office(db: None) -> Office:
    return Office.objects.get(slug="cam-ranh")


@pytest.fixture
def closed(filed: Dossier, office: Office) -> IntakeList:
    assert filed.filed_at is not None
    day = timezone.localdate(filed.filed_at)
    return intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=8))


def _csv(closed: IntakeList) -> list[list[str]]:
    out = io.BytesIO()
    books.write(books.Scope(closed.office, closed.day, closed.day), "csv", out)
    text = out.getvalue().decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_closed_list_holds_each_filed_dossier_once(
    closed: IntakeList, filed: Dossier, office: Office
) -> None:
    assert (closed.number, closed.row_count) == (1, 1)
    again = intake.close_list(office, closed.day, actor=None, now=timezone.now() + timedelta(days=1))
    assert again == closed
    tomorrow = closed.day + timedelta(days=1)
    following = intake.close_list(office, tomorrow, actor=None, now=closing(tomorrow))
    assert (following.number, following.row_count) == (2, 0)
    assert following.previous_digest == closed.digest
    assert following.opened_at == closed.closed_at


def test_a_list_is_not_closed_before_the_day_is_over(filed: Dossier, office: Office) -> None:
    with pytest.raises(intake.NotYet):
        intake.close_list(office, timezone.localdate() + timedelta(days=1), actor=None, now=timezone.now())


def test_numbers_start_again_each_year(office: Office) -> None:
    for day, number in (("2021-12-30", 1), ("2021-12-31", 2), ("2022-01-01", 1)):
        date = timezone.datetime.fromisoformat(day).date()
        assert intake.close_list(office, date, actor=None, now=closing(date)).number == number


def test_the_digest_shows_a_changed_row(closed: IntakeList) -> None:
    assert intake.verify(closed)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE procedures_intakerow DISABLE TRIGGER append_only")
        cursor.execute("UPDATE procedures_intakerow SET late = NOT late")
        cursor.execute("ALTER TABLE procedures_intakerow ENABLE TRIGGER append_only")
    assert not intake.verify(closed)
    with pytest.raises(CommandError, match="digest"):
        call_command("verify_history")


def test_a_closed_list_refuses_change_in_the_database(closed: IntakeList) -> None:
    for table in ("procedures_intakerow", "procedures_intakelist"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table}")


def test_the_columns_of_form_06(closed: IntakeList, filed: Dossier) -> None:
    header, row = _csv(closed)
    assert header == list(books.COLUMNS)
    named = dict(zip(header, row, strict=True))
    assert named["Mã hồ sơ"] == filed.code
    assert filed.applicant in named["Tên cá nhân, tổ chức"]
    assert named["Hình thức nộp"] == "Trực tuyến"
    assert "Chưa hẹn" in named["Hẹn trả kết quả"]


def test_no_cell_is_only_digits_that_start_with_zero(closed: IntakeList) -> None:
    """Excel would drop the zero: such numbers stand among words."""
    assert not [cell for row in _csv(closed) for cell in row if cell.isdigit() and cell.startswith("0")]


@pytest.mark.parametrize("evil", ["=1+1", "+84905", "-2", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_is_taken_for_a_formula(evil: str) -> None:
    assert exports.harmless(evil) == "'" + evil


def test_a_hostile_name_reaches_neither_spreadsheet_as_a_formula(draft: Dossier, office: Office) -> None:
    from procedures import dossiers

    draft.typed["street"] = '=HYPERLINK("http://example.com")'
    draft.save()
    dossiers.file(draft, actor=draft.owner, key="f")
    day = timezone.localdate()
    closed = intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=7))
    assert _csv(closed)[1][5].startswith("'=HYPERLINK")
    out = io.BytesIO()
    books.write(books.Scope(closed.office, closed.day, closed.day), "xlsx", out)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(out.getvalue())).get_sheet_by_index(0)
    assert any(str(cell).startswith("=HYPERLINK") for row in sheet.to_python() for cell in row)
    assert b"<f>" not in _parts(out.getvalue())


def _parts(workbook: bytes) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return b"".join(parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_command_writes_the_list_of_a_day(
    kind: str, filed: Dossier, office: Office, tmp_path: Path, time_machine: object
) -> None:
    day = timezone.localdate()
    time_machine.move_to(closing(day) + timedelta(hours=8), tick=False)  # type: ignore[attr-defined]
    path = tmp_path / f"list.{kind}"
    call_command("export_intake", office="cam-ranh", date=day, format=kind, output=path, verbosity=0)
    assert filed.code is not None
    content = path.read_bytes() if kind == "csv" else _parts(path.read_bytes())
    assert filed.code.encode() in content


def test_the_command_names_an_unknown_office(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cam-ranh"):
        call_command("export_intake", office="x", date=timezone.localdate(), output=tmp_path / "x")


def test_the_evening_job_closes_every_office_and_the_days_it_missed(
    filed: Dossier, time_machine: object
) -> None:
    time_machine.move_to(closing(timezone.localdate()) + timedelta(days=2, minutes=30), tick=False)  # type: ignore[attr-defined]
    close_intake_lists()
    mine = IntakeList.objects.filter(office__slug="cam-ranh").order_by("day")
    assert [(closed.number, closed.row_count) for closed in mine] == [(1, 1), (2, 0), (3, 0)]
    assert IntakeList.objects.filter(office__slug="ninh-hoa").count() == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_staff_download_their_own_lists_and_no_others(
    kind: str, closed: IntakeList, clerk: User, other_clerk: User, director: User, client: Client
) -> None:
    url = f"/quan-tri/procedures/intakelist/{closed.pk}/tai-ve/{kind}/"
    for user, status in ((clerk, 200), (director, 200), (other_clerk, 404)):
        client.force_login(user)
        response = client.get(url)
        assert response.status_code == status
        if status == 200:
            assert response.getvalue()


def test_closing_from_the_admin_takes_the_days_that_are_over(
    filed: Dossier, clerk: User, client: Client, time_machine: object
) -> None:
    time_machine.move_to(closing(timezone.localdate()) + timedelta(hours=8), tick=False)  # type: ignore[attr-defined]
    client.force_login(clerk)
    assert client.post("/quan-tri/procedures/intakelist/chot/").status_code == 303
    closed = IntakeList.objects.get()
    assert (closed.closed_by, closed.row_count) == (clerk, 1)
    page = client.get(f"/quan-tri/procedures/intakelist/{closed.pk}/change/").content.decode()
    assert filed.code is not None
    assert filed.code in page


def test_a_closed_list_is_printed_as_the_book_and_the_same_each_time(
    closed: IntakeList, filed: Dossier, clerk: User, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    for output in (first, second):
        day = f"{closed.day}"
        call_command("export_intake", office="cam-ranh", date=day, format="pdf", output=output, verbosity=0)
    assert first.read_bytes() == second.read_bytes()
    pdf = pypdfium2.PdfDocument(first.read_bytes())
    said = " ".join("".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    pdf.close()
    for part in ("SỔ THEO DÕI HỒ SƠ", "Số 1/", filed.code, filed.applicant, "Tổng số: 1 hồ sơ"):
        assert str(part) in said
    client = Client()
    client.force_login(clerk)
    response = client.get(f"/quan-tri/procedures/intakelist/{closed.pk}/tai-ve/pdf/")
    assert b"".join(response.streaming_content) == first.read_bytes()
