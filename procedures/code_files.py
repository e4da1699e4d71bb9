"""Codes out of a file that somebody brings: one column of a CSV or of a workbook, heads as they may be."""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from portal.text import clean, without_marks
from procedures.workflow import MoveRefused

MOST_ROWS = 20_000
_MOST_BYTES = 5 * 1024 * 1024
_HEADS = ("ma ho so", "so ho so", "ma so ho so", "ma bien nhan", "dossier", "code")
_CODE = re.compile(r"[A-Z0-9][A-Z0-9.\-/]{3,39}")
_SHOWN = 10

Table = list[list[str]]


@dataclass(frozen=True)
class CodeFile:
    """The codes of a file with the row each stood in; ``sha256`` tells the same file again."""

    codes: list[tuple[str, str]]
    sha256: str


def read(upload: "UploadedFile[bytes] | None") -> CodeFile:
    """The codes of ``upload``. Raises ``MoveRefused`` that names every row it cannot take, and why."""
    if upload is None or not upload.size:
        raise MoveRefused(_("Choose a file with the codes."), field="file")
    if upload.size > _MOST_BYTES:
        raise MoveRefused(_("This file is too large: at most 5 MB."), field="file")
    data = upload.read()
    table = _workbook(data) if data.startswith((b"PK", b"\xd0\xcf")) else _csv(data)
    if len(table) > MOST_ROWS:
        raise MoveRefused(_("At most %(n)d rows in one file.") % {"n": MOST_ROWS}, field="file")
    codes = _codes(table)
    if not codes:
        raise MoveRefused(_("There is no dossier code in this file."), field="file")
    return CodeFile(codes, hashlib.sha256(data).hexdigest())


def _workbook(data: bytes) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        return [[_shown(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, ValueError, IndexError, OSError):
        raise MoveRefused(
            _("This workbook cannot be opened; save it again as XLSX or CSV."), field="file"
        ) from None


def _shown(cell: object) -> str:
    return clean(str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell))


def _csv(data: bytes) -> Table:
    try:
        text = data.decode("utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig")
    except UnicodeDecodeError:
        raise MoveRefused(
            _("This is neither a workbook nor a CSV in UTF-8; save it again as XLSX or CSV UTF-8."),
            field="file",
        ) from None
    if "\0" in text:
        raise MoveRefused(_("This is neither a workbook nor a CSV file."), field="file")
    delimiter = max(";\t,", key="".join(text.split("\n", 20)[:20]).count)
    try:
        return [[clean(cell) for cell in row] for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    except csv.Error:
        raise MoveRefused(_("This is neither a workbook nor a CSV file."), field="file") from None


def _codes(table: Table) -> list[tuple[str, str]]:
    head, column = _column(table)
    good: list[tuple[str, str]] = []
    wrong: list[str] = []
    for number, row in enumerate(table[head:], start=head + 1):
        cell = row[column] if column < len(row) else ""
        code = "".join(cell.split()).upper()
        if _CODE.fullmatch(code) and any(c.isdigit() for c in code):
            good.append((code, str(number)))
        elif code or any(row):
            wrong.append(_row_words(number, cell))
    if wrong:
        raise MoveRefused(_refusal(wrong), field="file")
    return good


def _row_words(number: int, cell: str) -> str:
    if not cell:
        return _("row %(n)d: the code is missing") % {"n": number}
    return _("row %(n)d: “%(cell)s” is no dossier code") % {"n": number, "cell": cell[:30]}


def _refusal(wrong: list[str]) -> str:
    more = _(" and %(n)d more") % {"n": len(wrong) - _SHOWN} if len(wrong) > _SHOWN else ""
    return _("Nothing was taken over: %(rows)s.") % {"rows": "; ".join(wrong[:_SHOWN]) + more}


def _column(table: Table) -> tuple[int, int]:
    """Behind which row the codes begin, and in which column; without a head the first that holds one."""
    for number, row in enumerate(table[:20]):
        for column, cell in enumerate(row):
            if without_marks(cell).strip(" .:*") in _HEADS:
                return number + 1, column
    return 0, next(_coded(table), 0)


def _coded(table: Table) -> Iterator[int]:
    for row in table:
        for column, cell in enumerate(row):
            code = "".join(cell.split()).upper()
            if _CODE.fullmatch(code) and "-" in code and any(c.isdigit() for c in code):
                yield column
