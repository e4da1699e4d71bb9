import csv
import hashlib
import io
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from python_calamine import CalamineWorkbook

from portal import outbox
from portal.models import AccessLog, OutboxMessage, User
from procedures import books, demo, downloads, intake
from procedures.books import Scope
from procedures.deadlines import closing
from procedures.models import Dossier, Export, IntakeList, Office
from procedures.tasks import close_intake_lists, tidy_exports
from tests.conftest import file_draft, make_draft

EXPORT = "/quan-tri/procedures/intakelist/xuat/"


@pytest.fixture
def offices(filed: Dossier) -> list[IntakeList]:
    """Two offices' lists of today, and tomorrow's, which are empty."""
    who = demo.person(random.Random(3), "22528")
    file_draft(make_draft(demo.citizen(who), random.Random(3)))
    today = timezone.localdate()
    return [
        intake.close_list(office, day, actor=None, now=closing(day) + timedelta(hours=8))
        for day in (today, today + timedelta(days=1))
        for office in Office.objects.filter(dossiers__isnull=False).distinct()
    ]


def _scope(slug: str | None, days: int = 2) -> Scope:
    today = timezone.localdate()
    office = Office.objects.get(slug=slug) if slug else None
    return Scope(office, today, today + timedelta(days=days - 1))


def _form(**said: str) -> dict[str, str]:
    today = timezone.localdate()
    return {
        "from_day": f"{today:%d/%m/%Y}",
        "to_day": f"{today + timedelta(days=1):%d/%m/%Y}",
        "office": "cam-ranh",
        "kind": "csv",
        "key": "k",
        **said,
    }


def _lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def _answer(client: Client, **said: str) -> bytes:
    response = client.post(EXPORT, _form(**said))
    assert response.status_code == 200, response.content.decode()[:300]
    return b"".join(response.streaming_content)


def test_the_whole_province_is_one_file_with_office_day_and_number(
    offices: list[IntakeList], director: User, client: Client
) -> None:
    client.force_login(director)
    head, *lines = _lines(_answer(client, office=""))
    assert head == [*books.LIST_COLUMNS, *books.COLUMNS]
    assert len({line[0] for line in lines}) == 2
    assert len(lines) == 2
    assert AccessLog.objects.get().what == "intake export csv"


def test_a_workbook_of_several_days_has_the_totals_on_a_second_sheet(
    offices: list[IntakeList], clerk: User, filed: Dossier, client: Client
) -> None:
    client.force_login(clerk)
    book = CalamineWorkbook.from_filelike(io.BytesIO(_answer(client, kind="xlsx")))
    rows, totals = (book.get_sheet_by_index(n).to_python() for n in (0, 1))
    assert [row[4] for row in rows[3:]] == [filed.code]
    assert ["Trực tuyến", 1.0] in totals


@pytest.mark.parametrize(
    "said",
    [
        {"office": "ninh-hoa"},
        {"office": ""},
        {"from_day": "31/02/2021"},
        {"from_day": ""},
        {"to_day": "01/01/2020"},
        {"to_day": "01/01/2035"},
        {"kind": "doc"},
        {"kind": "pdf"},
        {"from_day": "01/01/2020", "to_day": "02/01/2020"},
    ],
)
def test_a_wrong_range_is_refused_with_a_reason_and_keeps_what_was_typed(
    said: dict[str, str], offices: list[IntakeList], clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    response = client.post(EXPORT, _form(**said))
    assert response.status_code == 422
    page = response.content.decode()
    assert 'id="refused"' in page
    assert _form(**said)["to_day"] in page
    assert not AccessLog.objects.exists()
    assert not Export.objects.exists()


# --- Long ones are jobs --------------------------------------------------------------------------


@pytest.fixture
def asked(offices: list[IntakeList], clerk: User, client: Client, settings: Any) -> Export:
    """An export that is long by this office's standards."""
    settings.EXPORT_ROWS_AT_ONCE = 0
    client.force_login(clerk)
    for _time in range(2):  # pressed twice
        response = client.post(EXPORT, _form())
        assert response.status_code == 303
    return Export.objects.get()


def _page(export: Export) -> str:
    return f"/quan-tri/procedures/export/{export.pk}/change/"


def test_a_long_export_is_made_by_the_worker_and_downloaded_by_the_office(
    asked: Export, client: Client, clerk: User, other_clerk: User, director: User, filed: Dossier
) -> None:
    assert asked.state == "waiting"
    page = client.get(_page(asked)).content.decode()
    assert "<progress" in page
    assert f'<noscript><p><a href="{_page(asked)}">' in page
    part = client.get(_page(asked), headers={"HX-Request": "true", "HX-Target": "tien-do"}).content.decode()
    assert part.startswith('<div id="tien-do" hx-get')
    assert "<html" not in part
    assert client.get(f"/quan-tri/procedures/export/{asked.pk}/tai-ve/").status_code == 404
    outbox.drain()
    asked.refresh_from_db()
    assert (asked.state, asked.done, asked.total) == ("done", 1, 1)
    assert "hx-get" not in client.get(_page(asked), headers={"HX-Target": "tien-do"}).content.decode()
    for user, status in ((clerk, 200), (director, 200), (other_clerk, 404)):
        client.force_login(user)
        response = client.get(f"/quan-tri/procedures/export/{asked.pk}/tai-ve/")
        assert response.status_code == status
        if status == 200:
            content = b"".join(response.streaming_content)
            assert hashlib.sha256(content).hexdigest() == asked.sha256
            assert _lines(content)[1][4] == filed.code
            assert AccessLog.objects.filter(user=user, what=f"export {asked.pk} csv").exists()


def test_a_cancelled_export_leaves_no_file(asked: Export, client: Client) -> None:
    assert client.post(f"/quan-tri/procedures/export/{asked.pk}/huy/").status_code == 303
    outbox.drain()
    asked.refresh_from_db()
    assert (asked.state, asked.file) == ("stopped", "")
    assert OutboxMessage.objects.get(topic="exports.make").state == "done"
    assert not _files()


def test_an_export_cancelled_while_it_is_made_stops(asked: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = books.many_rows

    def cancelled(scope: Scope) -> Iterator[Any]:
        yield from lines(scope)
        downloads.cancel(asked, now=timezone.now())

    monkeypatch.setattr(books, "many_rows", cancelled)
    outbox.drain()
    asked.refresh_from_db()
    assert asked.state == "stopped"
    assert OutboxMessage.objects.get(topic="exports.make").state == "done"
    assert not _files()


def _files() -> list[str]:
    return default_storage.listdir("exports")[1] if default_storage.exists("exports") else []


class Killed(BaseException):
    """The worker is gone, without a word."""


def test_after_a_killed_worker_another_makes_the_one_file(
    asked: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(scope: Scope) -> Iterator[Any]:
        raise Killed
        yield

    with monkeypatch.context() as patched:
        patched.setattr(books, "many_rows", killed)
        with pytest.raises(Killed):
            outbox.drain()
    asked.refresh_from_db()
    assert asked.state == "running"
    OutboxMessage.objects.filter(topic="exports.make").update(due_at=timezone.now())
    outbox.drain()
    asked.refresh_from_db()
    assert asked.state == "done"
    assert len(_files()) == 1


def test_a_worker_that_was_overtaken_leaves_nothing_behind(asked: Export) -> None:
    slow = outbox._claim(timezone.now())
    while slow is not None and slow.topic != "exports.make":
        slow = outbox._claim(timezone.now())
    assert slow is not None
    OutboxMessage.objects.filter(pk=slow.pk).update(attempts=slow.attempts + 1)
    with pytest.raises(downloads.Stopped):
        downloads.make(slow)
    asked.refresh_from_db()
    assert asked.state == "running"  # by the other one
    assert not _files()


def test_a_worker_that_works_long_keeps_its_message(asked: Export) -> None:
    message = OutboxMessage.objects.get(topic="exports.make")
    OutboxMessage.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert outbox.still_mine(message)
    assert outbox._claim(timezone.now()) is None or message.due_at < timezone.now()
    message.refresh_from_db()
    assert message.due_at > timezone.now()


def test_the_file_is_deleted_after_its_time(asked: Export, client: Client, time_machine: Any) -> None:
    outbox.drain()
    assert len(_files()) == 1
    time_machine.move_to(timezone.now() + timedelta(days=8))
    tidy_exports()
    asked.refresh_from_db()
    assert (asked.state, asked.file) == ("expired", "")
    assert not _files()


def test_a_long_list_is_asked_for_and_not_written_in_the_request(
    offices: list[IntakeList], clerk: User, client: Client, settings: Any
) -> None:
    settings.EXPORT_ROWS_AT_ONCE = 0
    client.force_login(clerk)
    response = client.get(f"/quan-tri/procedures/intakelist/{offices[0].pk}/tai-ve/xlsx/")
    assert response.status_code == 303
    assert response["Location"].startswith(EXPORT)


# --- Delivered -----------------------------------------------------------------------------------


def test_the_office_is_sent_a_link_and_no_names(filed: Dossier, time_machine: Any) -> None:
    Office.objects.filter(slug="cam-ranh").update(delivery_email="camranh@example.com")
    time_machine.move_to(closing(timezone.localdate()) + timedelta(minutes=29), tick=False)
    close_intake_lists()
    assert not IntakeList.objects.exists()
    time_machine.move_to(closing(timezone.localdate()) + timedelta(minutes=31), tick=False)
    for _time in range(2):
        close_intake_lists()
    outbox.drain()
    (sent,) = [m for m in mail.outbox if m.to == ["camranh@example.com"]]
    assert "/quan-tri/procedures/intakelist/san-sang/" in sent.body
    assert filed.applicant not in sent.body + sent.subject
    assert str(filed.code) not in sent.body + sent.subject


def test_the_download_desk_holds_the_lists_and_files_of_the_office(
    asked: Export, client: Client, clerk: User, other_clerk: User, offices: list[IntakeList]
) -> None:
    desk = "/quan-tri/procedures/intakelist/san-sang/"
    mine = next(closed for closed in offices if closed.office.slug == "cam-ranh")
    page = client.get(desk).content.decode()
    for kind in ("csv", "xlsx", "pdf"):
        assert f"/intakelist/{mine.pk}/tai-ve/{kind}/" in page
    assert _page(asked) in page
    client.force_login(other_clerk)
    page = client.get(desk).content.decode()
    assert f"/intakelist/{mine.pk}/" not in page
    assert _page(asked) not in page


def test_the_pages_take_as_many_queries_for_many_lists_as_for_one(
    offices: list[IntakeList], clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    desk = "/quan-tri/procedures/intakelist/san-sang/"
    mine = next(closed for closed in offices if closed.office.slug == "cam-ranh" and closed.row_count)

    def queries(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    few = queries(desk)
    assert queries(f"/quan-tri/procedures/intakelist/{mine.pk}/change/") <= 18
    for n in range(2, 8):
        day = timezone.localdate() + timedelta(days=n)
        intake.close_list(mine.office, day, actor=None, now=closing(day))
    assert queries(desk) == few <= 9


# --- The command ---------------------------------------------------------------------------------


def _run(tmp_path: Path, *words: str) -> bytes:
    output = tmp_path / "out"
    call_command("export_intake", *words, "--output", str(output), verbosity=0)
    return output.read_bytes()


def test_the_command_writes_days_and_the_province(offices: list[IntakeList], tmp_path: Path) -> None:
    today = timezone.localdate()
    days = ("--from", f"{today}", "--to", f"{today + timedelta(days=1)}")
    assert len(_lines(_run(tmp_path, "--office", "cam-ranh", *days))) == 2
    assert len(_lines(_run(tmp_path, "--all-offices", *days))) == 3
    assert _run(tmp_path, "--all-offices", *days, "--format", "xlsx").startswith(b"PK")


@pytest.mark.parametrize(
    "words",
    [
        ("--office", "cam-ranh"),
        ("--office", "cam-ranh", "--from", "2021-07-01"),
        ("--office", "cam-ranh", "--date", "2021-07-01", "--from", "2021-07-01", "--to", "2021-07-02"),
        ("--office", "cam-ranh", "--from", "2021-07-02", "--to", "2021-07-01"),
        ("--all-offices", "--from", "2021-07-01", "--to", "2021-07-02", "--format", "pdf"),
        ("--all-offices", "--office", "cam-ranh", "--date", "2021-07-01"),
    ],
)
def test_the_command_refuses_what_makes_no_sense_and_leaves_no_file(
    words: tuple[str, ...], db: None, tmp_path: Path
) -> None:
    with pytest.raises(CommandError):
        _run(tmp_path, *words)
    assert not list(tmp_path.iterdir())
