"""The file of a change: CSV or XLSX, one operation a row."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

COLUMNS = ("viec", "ma", "thanh", "ten", "huyen", "co_quan", "so")
MOST_BYTES, MOST_ROWS = 256 * 1024, 2000
EXAMPLE = (
    ("gop-xa", "22408", "22411", "Phường Cam Phúc", "", "", ""),
    ("chia-xa", "22477", "22477", "Xã Cam Thịnh Tây", "569", "", ""),
    ("chia-xa", "22477", "22999", "Xã Cam Thịnh Nam", "569", "", ""),
    ("doi-ten-xa", "22486", "", "Xã đảo Bình Ba", "", "", ""),
    ("chuyen-xa", "22435", "", "", "569", "", ""),
    ("phu-trach", "575", "", "", "", "cam-ranh", ""),
    ("bo-co-quan", "khanh-son", "cam-ranh", "", "", "", ""),
)


class Unreadable(Exception):
    """A file that is no table of operations; ``str()`` says why."""


@dataclass
class Row:
    """One line of the file: what was understood (``said``) or why it is refused (``problem``)."""

    number: int
    cells: dict[str, str] = field(default_factory=dict)
    said: str = ""
    problem: str = ""

    @property
    def doing(self) -> str:
        return self.cells["viec"]


def read(content: bytes) -> list[Row]:
    """The rows of a file; raises ``Unreadable``."""
    if not content:
        raise Unreadable(_("The file is empty."))
    if len(content) > MOST_BYTES:
        raise Unreadable(_("The file is too large: at most 256 KB."))
    lines = list(_workbook(content) if content.startswith(b"PK") else _csv(content))
    if not lines:
        raise Unreadable(_("The file is empty."))
    header = _header(lines[0])
    rows = [Row(n, _cells(header, line)) for n, line in enumerate(lines[1:], start=2) if any(line)]
    if not rows:
        raise Unreadable(_("The file has a header and no row."))
    if len(rows) > MOST_ROWS:
        raise Unreadable(_("The file has more than %(most)d rows.") % {"most": MOST_ROWS})
    return rows


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        said = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(_("The file is not in UTF-8. In Excel: save as “CSV UTF-8”, or as XLSX.")) from None
    if "\0" in said:
        raise Unreadable(_("This is neither a CSV file nor an XLSX workbook."))
    separator = ";" if said.partition("\n")[0].count(";") > said.partition("\n")[0].count(",") else ","
    try:
        for line in csv.reader(io.StringIO(said, newline=""), delimiter=separator, strict=True):
            yield [cell.strip() for cell in line]
    except csv.Error:
        raise Unreadable(_("A quotation mark in the file is never closed.")) from None


def _workbook(content: bytes) -> Iterator[list[str]]:
    from python_calamine import CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        lines = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS + 2)
    except Exception as error:  # the library raises errors of many kinds
        raise Unreadable(_("This is neither a CSV file nor an XLSX workbook.")) from error
    for line in lines:
        yield [_text(cell) for cell in line]


def _text(cell: object) -> str:
    """A cell as typed: Excel makes numbers of codes."""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip()  # type: ignore[call-overload]


def _header(line: Sequence[str]) -> dict[str, int]:
    found = {cell.lower(): place for place, cell in enumerate(line) if cell}
    missing = [name for name in COLUMNS if name not in found]
    unknown = [name for name in found if name not in COLUMNS]
    if missing or unknown:
        raise Unreadable(
            _("The first row must name the columns %(columns)s. Missing: %(missing)s. Unknown: %(unknown)s.")
            % {
                "columns": ", ".join(COLUMNS),
                "missing": ", ".join(missing) or "–",
                "unknown": ", ".join(unknown)[:200] or "–",
            }
        )
    return found


def _cells(header: dict[str, int], line: Sequence[str]) -> dict[str, str]:
    return {name: line[place] if place < len(line) else "" for name, place in header.items()}


def example(rows: Sequence[Sequence[str]] = EXAMPLE) -> bytes:
    """The template with ``rows``, as CSV that Excel opens with Vietnamese intact."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([COLUMNS, *rows])
    return out.getvalue().encode("utf-8-sig")
