"""Daily intake lists: numbered per office and year, closed, hashed, never edited.

A list takes every filed dossier of the office that stands on none yet, so what commits while a list
is being closed goes to the next one, marked late. Columns: Sổ theo dõi hồ sơ, mẫu 06 of Thông tư
01/2018/TT-VPCP.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, BinaryIO, TextIO

import msgspec
import xlsxwriter
from django.db import transaction
from django.utils import timezone, translation

from portal.fields import PhoneField
from portal.models import User
from procedures import documents
from procedures.catalogue import definition_for
from procedures.deadlines import closing, start_of
from procedures.models import Dossier, IntakeList, IntakeRow, Office
from procedures.papers.words import (
    PARENT_AGENCY,
    PLACE,
    RECEPTION_UNIT,
    filed_by,
    filer_address,
    shown,
)

COLUMNS = (
    "STT",
    "Mã hồ sơ",
    "Tên thủ tục hành chính",
    "Số lượng hồ sơ (bộ)",
    "Tên cá nhân, tổ chức",
    "Địa chỉ, số điện thoại",
    "Cơ quan chủ trì giải quyết",
    "Nhận hồ sơ",
    "Hẹn trả kết quả",
    "Phương thức nhận kết quả",
    "Hình thức nộp",
    "Trạng thái khi chốt sổ",
    "Ghi chú",
)
_CHANNELS = {"1": "Trực tiếp", "2": "Trực tuyến", "3": "Bưu chính công ích"}


class NotYet(Exception):
    """A list cannot be closed: the day is not over, or an earlier list closed after it."""


def close_list(office: Office, day: date, *, actor: User | None, now: datetime) -> IntakeList:
    """Close the list of ``office`` for ``day`` and return it; a closed one is returned as it is.

    Raises ``NotYet`` before the end of office hours of ``day`` or when a later day is closed already.
    """
    with transaction.atomic(), translation.override("vi"):
        Office.objects.select_for_update(no_key=True).get(pk=office.pk)
        done = IntakeList.objects.filter(office=office, day=day).first()
        if done is not None:
            return done
        if now < closing(day):
            raise NotYet(f"{day:%d/%m/%Y} is not over")
        last = IntakeList.objects.filter(office=office).order_by("-day").first()
        if last is not None and last.day > day:
            raise NotYet(f"the list of {last.day:%d/%m/%Y} is closed already")
        return _close(office, day, last, actor, now)


def _close(
    office: Office, day: date, last: IntakeList | None, actor: User | None, now: datetime
) -> IntakeList:
    until = min(now, start_of(day + timedelta(days=1)))
    waiting = (
        Dossier.objects.filter(office=office, intake_row=None, filed_at__lte=until)
        .exclude(state="draft")
        .select_related("office")
        .order_by("filed_at", "id")
    )
    contents = [(d, _is_late(d, day), _content(d)) for d in waiting]
    numbered = IntakeList.objects.filter(office=office, year=day.year).order_by("-number").first()
    number = numbered.number + 1 if numbered else 1
    previous = last.digest if last else ""
    closed = IntakeList.objects.create(
        office=office,
        day=day,
        year=day.year,
        number=number,
        opened_at=last.closed_at if last else start_of(day),
        closed_at=now,
        closed_by=actor,
        row_count=len(contents),
        previous_digest=previous,
        digest=_digest(office, day, number, previous, [(late, c) for _d, late, c in contents]),
    )
    IntakeRow.objects.bulk_create(
        IntakeRow(list=closed, position=i, dossier=d, late=late, content=content)
        for i, (d, late, content) in enumerate(contents, start=1)
    )
    return closed


def _is_late(dossier: Dossier, day: date) -> bool:
    """Filed on an earlier day than the list's, so it missed the list it belonged to."""
    assert dossier.filed_at is not None
    return timezone.localdate(dossier.filed_at) < day


def _content(dossier: Dossier) -> dict[str, Any]:
    definition = definition_for(dossier)
    assert dossier.filed_at is not None and dossier.office is not None
    return {
        "code": dossier.code,
        "procedure": definition.title.vi,
        "sets": 1,
        "applicant": _applicant(dossier),
        "address": f"{filer_address(dossier)}; ĐT {PhoneField().display(dossier.phone)}",
        "office": dossier.office.name,
        "received": _moment(dossier.filed_at),
        "promised": _moment(dossier.due_at) if dossier.due_at else "Chưa hẹn: chờ hồ sơ giấy",
        "delivery": shown(dossier, "result_delivery"),
        "channel": _CHANNELS[dossier.channel],
        "state": definition.state(dossier.state).label.vi,
    }


def _applicant(dossier: Dossier) -> str:
    number = f" (mã số BHXH {dossier.insurance_number})" if dossier.insurance_number else ""
    return f"{filed_by(dossier)}{number}"


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value):%H:%M %d/%m/%Y}"


def _digest(
    office: Office, day: date, number: int, previous: str, contents: list[tuple[bool, dict[str, Any]]]
) -> str:
    content = [office.slug, day.isoformat(), number, previous, contents]
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


def verify(intake: IntakeList) -> bool:
    """Whether the rows of a closed list are still those its digest was taken over."""
    contents = [(row.late, row.content) for row in intake.rows.order_by("position")]
    expected = _digest(intake.office, intake.day, intake.number, intake.previous_digest, contents)
    return intake.digest == expected and intake.row_count == len(contents)


def days_to_close(office: Office, today: date) -> list[date]:
    """Days up to ``today`` that have no list yet, oldest first: also those a stopped server missed."""
    last = IntakeList.objects.filter(office=office).order_by("-day").first()
    if last is None:
        first = Dossier.objects.filter(office=office).exclude(state="draft").order_by("filed_at").first()
        start = timezone.localdate(first.filed_at) if first and first.filed_at else today
    else:
        start = last.day + timedelta(days=1)
    return [start + timedelta(days=n) for n in range((today - start).days + 1)]


# --- Exports -------------------------------------------------------------------------------------


def rows(intake: IntakeList) -> Iterator[tuple[str | int, ...]]:
    """The lines of a closed list in the order of ``COLUMNS``."""
    for row in intake.rows.order_by("position").iterator(chunk_size=2000):
        c = row.content
        yield (
            row.position,
            c["code"],
            c["procedure"],
            c["sets"],
            c["applicant"],
            c["address"],
            c["office"],
            c["received"],
            c["promised"],
            c["delivery"],
            c["channel"],
            c["state"],
            "Vào sổ muộn" if row.late else "",
        )


def write_csv(intake: IntakeList, out: TextIO) -> None:
    """Write ``intake`` as CSV that Excel opens with Vietnamese intact: UTF-8 with a mark, CRLF."""
    out.write("\ufeff")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows(intake):
        writer.writerow([harmless(cell) for cell in row])


def harmless(cell: str | int) -> str:
    """A cell no spreadsheet takes for a formula; digits that start with 0 stay as they are typed."""
    shown_cell = str(cell)
    if shown_cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + shown_cell
    return shown_cell


def write_xlsx(intake: IntakeList, out: BinaryIO) -> None:
    """Write ``intake`` as a workbook in constant memory; text stays text."""
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "in_memory": False,
        },
    )
    sheet = book.add_worksheet(f"{intake.day:%d-%m-%Y}")
    bold, wrap = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"text_wrap": True})
    for column, width in enumerate((6, 24, 34, 8, 34, 40, 26, 17, 22, 20, 14, 24, 14)):
        sheet.set_column(column, column, width)
    sheet.write_string(
        0,
        0,
        f"SỔ THEO DÕI HỒ SƠ số {intake.number}/{intake.year} – {intake.office.name}, "
        f"ngày {intake.day:%d/%m/%Y}",
        bold,
    )
    _write_row(sheet, 2, COLUMNS, bold)
    for number, row in enumerate(rows(intake), start=3):
        _write_row(sheet, number, row, wrap)
    book.close()


# Millimetres of a landscape sheet.
_WIDTHS = (9, 35, 25, 11, 29, 41, 22, 16, 16, 17, 13, 16, 12)


def write_pdf(intake: IntakeList, out: BinaryIO) -> None:
    """Write ``intake`` as the printed book (mẫu 06); the same list gives the same bytes."""
    closer = intake.closed_by.full_name if intake.closed_by else None
    book = documents.TrackingBook(
        parent_agency=PARENT_AGENCY,
        agency=intake.office.name,
        reception_unit=RECEPTION_UNIT,
        place=PLACE,
        issued_at=intake.closed_at,
        number=f"{intake.number}/{intake.year}",
        day=intake.day,
        columns=COLUMNS,
        widths=_WIDTHS,
        rows=tuple(tuple(str(cell) for cell in row) for row in rows(intake)),
        closed_by=closer,
        digest=intake.digest,
    )
    out.write(documents.render(book, made_at=intake.closed_at))


def _write_row(sheet: Any, number: int, cells: Iterable[str | int], style: Any) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell, style)
        else:
            sheet.write_string(number, column, cell, style)
