import io
import random
from datetime import timedelta
from typing import Any

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.models import AccessLog, User
from procedures import corrections, demo, intake, parcels, reconciling
from procedures.corrections import Wish
from procedures.deadlines import closing
from procedures.models import Dossier, IntakeList, Office, Reconciliation
from tests.conftest import file_draft, make_draft

BEGIN = "/quan-tri/procedures/reconciliation/moi/"


@pytest.fixture
def listed(db: None) -> list[Dossier]:
    """Three dossiers of Cam Ranh on today's list."""
    made = []
    for seed in range(3):
        user = demo.citizen(demo.person(random.Random(seed + 50), "22429"))
        made.append(file_draft(make_draft(user, random.Random(seed))))
    day = timezone.localdate()
    intake.close_list(
        Office.objects.get(slug="cam-ranh"), day, actor=None, now=closing(day) + timedelta(hours=8)
    )
    return made


@pytest.fixture
def work(listed: list[Dossier], clerk: User, client: Client) -> Reconciliation:
    client.force_login(clerk)
    today = f"{timezone.localdate():%d/%m/%Y}"
    said = {"from_day": today, "to_day": today, "source": "book", "key": "k"}
    for _time in range(2):  # pressed twice
        assert client.post(BEGIN, said).status_code == 303
    return Reconciliation.objects.get()


def _do(client: Client, work: Reconciliation, doing: str, **said: Any) -> Any:
    return client.post(f"/quan-tri/procedures/reconciliation/{work.pk}/viec/{doing}/", said)


def _scan(client: Client, work: Reconciliation, code: object, key: str = "") -> Any:
    return _do(client, work, "quet", ma=str(code), key=key or f"k{code}".replace(".", ""))


def test_scanned_codes_are_matched_missing_extra_and_double(
    work: Reconciliation, listed: list[Dossier], client: Client
) -> None:
    first, second, third = (str(dossier.code) for dossier in listed)
    _scan(client, work, first)
    _scan(client, work, second.lower())
    _scan(client, work, second, key="again")
    _scan(client, work, second, key="again")  # sent twice
    _scan(client, work, "BHXH056.02-200101-0001")
    told = reconciling.compare(work)
    assert (told.expected, told.matched, told.missing, told.extra, told.double) == (3, 2, 1, 1, 1)
    assert {(d.kind, d.code) for d in told.differences} == {
        ("missing", third),
        ("extra", "BHXH056.02-200101-0001"),
        ("double", second),
    }
    page = client.get(f"/quan-tri/procedures/reconciliation/{work.pk}/change/").content.decode()
    assert f"reason-{third}" in page


def test_it_goes_on_at_another_device_and_with_a_colleague(
    work: Reconciliation, listed: list[Dossier], client: Client, supervisor: User
) -> None:
    _scan(client, work, listed[0].code)
    elsewhere = Client()
    elsewhere.force_login(supervisor)
    page = elsewhere.get(f"/quan-tri/procedures/reconciliation/{work.pk}/change/").content.decode()
    assert str(listed[0].code) in page
    _scan(elsewhere, work, listed[1].code)
    assert reconciling.compare(work).matched == 2


def test_a_scan_by_mistake_is_taken_out(work: Reconciliation, client: Client) -> None:
    _scan(client, work, "BHXH056.02-200101-0001")
    _do(client, work, "bo", so=str(work.found.get().pk))
    assert not work.found.exists()


def test_a_tracking_number_stands_for_its_dossier(
    work: Reconciliation, listed: list[Dossier], clerk: User, client: Client
) -> None:
    listed[0].postal_items.create(direction="in", tracking="RB123456785VN", recorded_by=clerk)
    _scan(client, work, "RB123456785VN")
    assert work.found.get().code == listed[0].code


def test_the_parcels_of_the_mailroom_are_taken_over_once(
    listed: list[Dossier], clerk: User, client: Client
) -> None:
    today = timezone.localdate()
    parcels.receive(str(listed[0].code), actor=clerk, key="p", now=timezone.now())
    work = reconciling.begin(today, today, "parcels", actor=clerk, key="x", now=timezone.now())
    client.force_login(clerk)
    for _time in range(2):
        assert _do(client, work, "buu-pham").status_code == 303
    assert [found.code for found in work.found.all()] == [listed[0].code]


def test_corrections_count_in(
    work: Reconciliation, listed: list[Dossier], supervisor: User, client: Client
) -> None:
    wish = Wish(kind="strike", reason="Nộp trùng", position="1")
    corrections.correct(IntakeList.objects.get(), wish, actor=supervisor, key="c", now=timezone.now())
    assert reconciling.compare(work).expected == 2


def test_nothing_of_another_office_is_told(work: Reconciliation, client: Client) -> None:
    user = demo.citizen(demo.person(random.Random(90), "22528"))
    theirs = file_draft(make_draft(user, random.Random(90)))
    assert theirs.office is not None and theirs.office.slug != "cam-ranh"
    _scan(client, work, theirs.code)
    (extra,) = [d for d in reconciling.compare(work).differences if d.kind == "extra"]
    assert "không" in extra.hint
    assert theirs.office.name not in extra.hint


# --- Files ---------------------------------------------------------------------------------------


def _workbook(rows: list[list[Any]]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet()
    for n, row in enumerate(rows):
        page.write_row(n, 0, row)
    book.close()
    return out.getvalue()


def _upload(client: Client, work: Reconciliation, data: bytes, name: str = "so.csv") -> Any:
    return _do(client, work, "tep", file=SimpleUploadedFile(name, data))


@pytest.mark.parametrize(
    "rows",
    [
        [["{}"]],
        [["STT", "Mã hồ sơ", "Tên"], [1, "{}", "A"]],
        [["SỔ CÔNG VĂN"], [], ["stt", "  MÃ HỒ SƠ: "], [1, " {} "], ["", ""]],
        [["Tên", "Số hồ sơ"], ["A", "{}"]],
    ],
)
@pytest.mark.parametrize("kind", ["csv", "csv16", "semicolon", "xlsx"])
def test_files_are_taken_with_the_heads_they_have(
    rows: list[list[Any]], kind: str, work: Reconciliation, listed: list[Dossier], client: Client
) -> None:
    filled = [[str(cell).replace("{}", str(listed[0].code)) for cell in row] for row in rows]
    text = "\r\n".join((";" if kind == "semicolon" else ",").join(row) for row in filled)
    data = _workbook(filled) if kind == "xlsx" else text.encode("utf-16" if kind == "csv16" else "utf-8-sig")
    for _time in range(2):  # the same file again adds nothing
        response = _upload(client, work, data, f"so.{kind}")
        assert response.status_code == 303, response.content.decode()[-3000:]
    assert [found.code for found in work.found.all()] == [listed[0].code]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Hãy chọn tệp"),
        (b"Ma ho so\r\nBHXH056.02-200101-0001\r\nNguyen Van A\r\n", "dòng 3"),
        (b"Ma ho so,Ten\r\nBHXH056.02-200101-0001,A\r\n,B\r\n", "dòng 3"),
        (b"PK\x03\x04 broken", "XLSX"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "XLSX"),
        (b"xin chao", "dòng 1"),
    ],
)
def test_a_bad_file_is_refused_with_row_and_reason_and_nothing_is_kept(
    data: bytes, told: str, work: Reconciliation, client: Client
) -> None:
    response = _upload(client, work, data)
    assert response.status_code == 422
    assert told in response.content.decode()
    assert not work.found.exists()


# --- Signing off ---------------------------------------------------------------------------------


def test_it_is_signed_off_by_name_once_every_difference_has_a_reason(
    work: Reconciliation, listed: list[Dossier], clerk: User, client: Client
) -> None:
    _scan(client, work, listed[0].code)
    second, third = (str(dossier.code) for dossier in listed[1:])
    response = _do(client, work, "ky", **{f"reason-{second}": "Đang ở bưu cục"})
    assert response.status_code == 422
    assert "Đang ở bưu cục" in response.content.decode()  # nothing typed is lost
    assert _do(client, work, "ky", **{f"reason-{third}": "Chưa nhận"}).status_code == 303
    work.refresh_from_db()
    assert (work.signed_by, work.result["matched"]) == (clerk, 1)
    page = client.get(f"/quan-tri/procedures/reconciliation/{work.pk}/change/").content.decode()
    assert clerk.full_name in page
    assert "Đang ở bưu cục" in page
    assert 'name="ma"' not in page


def test_after_signing_nothing_changes_neither_here_nor_in_the_database(
    work: Reconciliation, listed: list[Dossier], client: Client
) -> None:
    for dossier in listed:
        _scan(client, work, dossier.code)
    assert _do(client, work, "ky").status_code == 303
    assert _scan(client, work, "BHXH056.02-200101-0001").status_code == 422
    assert _do(client, work, "ky").status_code == 422
    assert _do(client, work, "ly-do", **{"reason-X": "x"}).status_code == 422
    for statement in (
        "DELETE FROM procedures_foundcode",
        "UPDATE procedures_foundcode SET code = 'X'",
        "UPDATE procedures_reconciliation SET digest = 'X'",
        "DELETE FROM procedures_reconciliation",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        work.found.create(code="X", key="x", added_by=work.started_by)


def test_a_supervisor_sees_which_are_not_signed_off(
    work: Reconciliation, supervisor: User, client: Client
) -> None:
    client.force_login(supervisor)
    address = "/quan-tri/procedures/reconciliation/?ky=chua"
    assert f"/reconciliation/{work.pk}/change/" in client.get(address).content.decode()
    Reconciliation.objects.filter(pk=work.pk).update(
        signed_at=timezone.now(), signed_by=supervisor, result={}, digest="x"
    )
    assert f"/reconciliation/{work.pk}/change/" not in client.get(address).content.decode()


@pytest.mark.parametrize("doing", ["quet", "tep", "buu-pham", "bo", "ly-do", "ky"])
def test_who_looks_on_does_not_work_on_it(
    doing: str, work: Reconciliation, director: User, client: Client
) -> None:
    client.force_login(director)
    assert _do(client, work, doing, ma="X", key="k").status_code == 403
    assert not work.found.exists()


@pytest.mark.parametrize(
    "said",
    [{"from_day": "x"}, {"to_day": "01/01/2020"}, {"from_day": "01/01/2020"}, {"source": "x"}],
)
def test_a_wrong_beginning_is_refused(said: dict[str, str], clerk: User, client: Client, db: None) -> None:
    client.force_login(clerk)
    today = f"{timezone.localdate():%d/%m/%Y}"
    response = client.post(BEGIN, {"from_day": today, "to_day": today, "source": "book", "key": "k", **said})
    assert response.status_code == 422
    assert not Reconciliation.objects.exists()


def test_every_look_leaves_a_row_and_takes_a_known_number_of_queries(
    work: Reconciliation, listed: list[Dossier], clerk: User, client: Client
) -> None:
    page = f"/quan-tri/procedures/reconciliation/{work.pk}/change/"
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    for dossier in listed:
        _scan(client, work, dossier.code)
    client.get("/quan-tri/")
    with CaptureQueriesContext(connection) as many:
        client.get(page)
    assert len(many) <= len(few) + 1 <= 16
    assert AccessLog.objects.filter(user=clerk, what=f"reconciliation {work.pk}").count() == 3
