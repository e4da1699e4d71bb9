"""What closed lists say, one of them or those of many days and offices: lines, totals, files.

Corrections are noted beside the row they are about; the row itself reads as it was closed.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

import msgspec
from django.db.models import Count, F, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from procedures import documents
from procedures.exports import Row, write_rows_csv, write_rows_xlsx
from procedures.models import IntakeCorrection, IntakeList, IntakeRow, Office
from procedures.papers.words import PARENT_AGENCY, PLACE, RECEPTION_UNIT

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
LIST_COLUMNS = ("Cơ quan lập sổ", "Ngày", "Sổ số")
# The keys of a row's content that a correction may put right, with the head of their column.
CORRECTABLE = dict(
    zip(
        (
            "procedure",
            "sets",
            "applicant",
            "address",
            "office",
            "received",
            "promised",
            "delivery",
            "channel",
            "state",
        ),
        COLUMNS[2:12],
        strict=True,
    )
)
FORMATS = ("csv", "xlsx", "pdf")
LATE = "Vào sổ muộn"
# In place of a number, on lines that a correction added.
ADDED = "BS"

_XLSX_WIDTHS = (6, 24, 34, 8, 34, 40, 26, 17, 22, 20, 14, 24, 30)
_XLSX_LIST_WIDTHS = (24, 12, 10)
# Millimetres of a landscape sheet.
_WIDTHS = (9, 35, 25, 11, 29, 41, 22, 16, 16, 17, 13, 16, 12)


@dataclass(frozen=True)
class Scope:
    """The lists of ``office`` (None: of every office) from one day to another, both included."""

    office: Office | None
    from_day: date
    to_day: date

    def lists(self) -> QuerySet[IntakeList]:
        found = IntakeList.objects.filter(day__range=(self.from_day, self.to_day)).select_related("office")
        return found.filter(office=self.office) if self.office else found

    def rows(self) -> QuerySet[IntakeRow]:
        return IntakeRow.objects.filter(list__in=self.lists())

    def count(self) -> int:
        """How many lines there will be; known from the lists alone."""
        return sum(self.lists().values_list("row_count", flat=True))

    def __str__(self) -> str:
        """For the head of a file."""
        whose = self.office.name if self.office else "BHXH tỉnh Khánh Hòa – tất cả các cơ quan"
        if self.from_day == self.to_day:
            return f"{whose}, ngày {self.from_day:%d/%m/%Y}"
        return f"{whose}, từ {self.from_day:%d/%m/%Y} đến {self.to_day:%d/%m/%Y}"

    def filename(self, kind: str) -> str:
        whose = self.office.slug if self.office else "toan-tinh"
        days = f"{self.from_day:%Y%m%d}" + ("" if self.from_day == self.to_day else f"-{self.to_day:%Y%m%d}")
        return f"so-theo-doi-{whose}-{days}.{kind}"


def scope_of(intake: IntakeList) -> Scope:
    return Scope(intake.office, intake.day, intake.day)


# --- Lines ---------------------------------------------------------------------------------------


class _Line(msgspec.Struct):
    """The content of a row, read without its keys becoming a dictionary."""

    code: str
    procedure: str
    sets: int
    applicant: str
    address: str
    office: str
    received: str
    promised: str
    delivery: str
    channel: str
    state: str

    def cells(self, position: int | str, note: str) -> Row:
        return (
            position,
            self.code,
            self.procedure,
            self.sets,
            self.applicant,
            self.address,
            self.office,
            self.received,
            self.promised,
            self.delivery,
            self.channel,
            self.state,
            note,
        )


_decode = msgspec.json.Decoder(_Line).decode


def rows(intake: IntakeList, *, first: int = 1, last: int | None = None) -> Iterator[Row]:
    """The lines of a closed list in the order of ``COLUMNS``, from position ``first`` to ``last``."""
    found = intake.rows.filter(position__gte=first)
    if last is not None:
        found = found.filter(position__lte=last)
    return _lines(found.order_by("position"), _corrections(IntakeCorrection.objects.filter(list=intake)))


def _lines(found: QuerySet[IntakeRow], corrected: "Corrections") -> Iterator[Row]:
    raw = found.annotate(raw=Cast("content", TextField()))
    for pk, position, late, content in raw.values_list("pk", "position", "late", "raw").iterator(2000):
        note = LATE if late else ""
        if pk in corrected.notes:
            note = "; ".join(filter(None, [note, *corrected.notes[pk]]))
        yield _decode(content).cells(position, note)


def added(intake: IntakeList) -> list[Row]:
    """Lines that corrections added to a closed list."""
    return [cells for _list, cells in _corrections(intake.corrections.all()).added]


def many_rows(scope: Scope) -> Iterator[Row]:
    """The lines of many lists, each after its office, day and number; added ones come last."""
    corrected = _corrections(IntakeCorrection.objects.filter(list__in=scope.lists()))
    found = scope.rows().annotate(raw=Cast("content", TextField()))
    ordered = found.order_by("list__office__number", "list__day", "position")
    heads = {closed.pk: _head(closed) for closed in scope.lists()}
    for pk, of, position, late, content in ordered.values_list(
        "pk", "list_id", "position", "late", "raw"
    ).iterator(2000):
        note = LATE if late else ""
        if pk in corrected.notes:
            note = "; ".join(filter(None, [note, *corrected.notes[pk]]))
        yield (*heads[of], *_decode(content).cells(position, note))
    for of, cells in corrected.added:
        yield (*heads[of], *cells)


def _head(closed: IntakeList) -> tuple[str, str, str]:
    return closed.office.name, f"{closed.day:%d/%m/%Y}", f"{closed.number}/{closed.year}"


@dataclass(frozen=True)
class Corrections:
    """What corrections note beside rows, by the row, and the lines they add, by the list."""

    notes: dict[int, list[str]]
    added: list[tuple[int, Row]]


def _corrections(made: QuerySet[IntakeCorrection]) -> Corrections:
    """Corrections are few: all of them are read at once."""
    notes: dict[int, list[str]] = {}
    lines: list[tuple[int, Row]] = []
    for correction in made.order_by("year", "number"):
        if correction.row_id is None:
            line = msgspec.convert(correction.content, _Line)
            lines.append((correction.list_id, line.cells(ADDED, words_of(correction))))
        else:
            notes.setdefault(correction.row_id, []).append(words_of(correction))
    return Corrections(notes, lines)


def words_of(correction: IntakeCorrection) -> str:
    """What a correction says, for the note beside its row."""
    paper = f"Phiếu điều chỉnh số {correction}"
    if correction.kind == IntakeCorrection.Kind.STRIKE:
        return f"{paper}: gạch dòng này"
    if correction.kind == IntakeCorrection.Kind.ADD:
        return f"{paper}: ghi thêm dòng này"
    return f"{paper}: cột “{CORRECTABLE[correction.column]}” sửa thành “{correction.should}”"


# --- Totals --------------------------------------------------------------------------------------

Totals = list[tuple[str, list[tuple[str, int]]]]


def totals(found: QuerySet[IntakeRow]) -> Totals:
    """How many rows by procedure, way of filing and state, as the rows say it, most first."""
    return [
        (title, _count_by(found, key))
        for title, key in (
            ("Theo thủ tục", "procedure"),
            ("Theo hình thức nộp", "channel"),
            ("Theo trạng thái", "state"),
        )
    ]


def _count_by(found: QuerySet[IntakeRow], key: str) -> list[tuple[str, int]]:
    said = found.order_by().annotate(said=KeyTextTransform(key, "content"))
    counted = said.values("said").annotate(n=Count("pk")).order_by(F("n").desc(), "said")
    return [(row["said"], row["n"]) for row in counted]


# --- Files ---------------------------------------------------------------------------------------


def write_pdf(intake: IntakeList, out: BinaryIO) -> None:
    """Write ``intake`` as the printed book (mẫu 06); the same list gives the same bytes."""
    made = intake.corrections.select_related("made_by", "row").order_by("year", "number")
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
        rows=tuple(tuple(str(cell) for cell in row) for row in _all(intake)),
        row_count=intake.row_count,
        closed_by=intake.closed_by.full_name if intake.closed_by else None,
        digest=intake.digest,
        totals=tuple(
            f"{title}: {'; '.join(f'{said} {n}' for said, n in counted)}."
            for title, counted in totals(intake.rows.all())
            if counted
        ),
        corrections=tuple(_printed(correction) for correction in made),
    )
    out.write(documents.render(book, made_at=intake.closed_at))


def _printed(correction: IntakeCorrection) -> str:
    place = f", dòng {correction.row.position}" if correction.row else ""
    who = f"{correction.made_by.full_name}, {correction.made_at:%d/%m/%Y}"
    return (
        f"{words_of(correction)}{place}. Lý do: {correction.reason} ({who}; SHA-256 {correction.digest[:12]})"
    )


def _all(intake: IntakeList) -> Iterator[Row]:
    yield from rows(intake)
    yield from added(intake)


Told = Callable[[Iterator[Row]], Iterator[Row]]
"""Goes along with the rows as they are written."""


class NoSuchFile(Exception):
    """A book is printed a day at a time, for one office."""


def write(scope: Scope, kind: str, out: BinaryIO, *, told: Told = lambda lines: lines) -> None:
    """Write the lists of ``scope`` as ``kind``; for one office and day without the columns that name them.

    Raises ``NoSuchFile`` for a printed book of more than one list.
    """
    single = _single(scope)
    if kind == "pdf":
        if single is None:
            raise NoSuchFile
        write_pdf(single, out)
        return
    columns: Sequence[str] = COLUMNS if single else LIST_COLUMNS + COLUMNS
    lines = told(_all(single) if single else many_rows(scope))
    if kind == "csv":
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        write_rows_csv(text, columns, lines)
        text.detach()
        return
    write_rows_xlsx(
        out,
        columns,
        lines,
        title=f"SỔ THEO DÕI HỒ SƠ – {scope}",
        sheet="Sổ theo dõi",
        widths=_XLSX_WIDTHS if single else _XLSX_LIST_WIDTHS + _XLSX_WIDTHS,
        totals=totals(scope.rows()),
    )


def _single(scope: Scope) -> IntakeList | None:
    if scope.office is None or scope.from_day != scope.to_day:
        return None
    return scope.lists().select_related("closed_by").first()
