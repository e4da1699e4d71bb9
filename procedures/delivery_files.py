"""The post office's delivery file as it is read: CSV in UTF-8, columns by their header, `,` or `;`.

No format of the post is known to us, so this is ours: a header names the columns in any order, in
Vietnamese with or without marks or in English; other columns are passed over.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from portal.dated import day_in
from portal.identifiers import compact
from portal.text import clean, without_marks
from procedures.models import DeliveryRow, Shipment
from procedures.workflow import MoveRefused

Outcome, Reason = DeliveryRow.Outcome, Shipment.Reason
MOST_ROWS = 20_000
# Headers without marks, by what stands below them; the first of each is the one we name.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "tracking": ("ma van don", "so hieu buu gui", "so hieu", "ma buu gui", "tracking number", "tracking"),
    "status": ("trang thai", "ket qua", "ket qua phat", "status"),
    "on": ("ngay", "ngay phat", "ngay cap nhat", "date"),
    "person": ("nguoi ky nhan", "nguoi nhan", "signed by"),
    "reason": ("ly do", "ly do khong phat duoc", "reason"),
}
_NEEDED = {"tracking": "Mã vận đơn", "status": "Trạng thái", "on": "Ngày"}
_STATUSES: Mapping[str, str] = {
    **dict.fromkeys(
        ("da phat", "phat thanh cong", "thanh cong", "da giao", "delivered"), Outcome.DELIVERED.value
    ),
    **dict.fromkeys(
        ("khong phat duoc", "phat khong thanh cong", "khong thanh cong", "chuyen hoan", "da chuyen hoan",
         "hoan tra", "undelivered", "returned"),
        Outcome.FAILED.value,
    ),
    **dict.fromkeys(
        ("dang phat", "dang van chuyen", "da nhan", "cho phat", "in transit"), Outcome.UNDERWAY.value
    ),
}  # fmt: skip
_REASONS = (
    ("sai dia chi", Reason.ADDRESS),
    ("dia chi", Reason.ADDRESS),
    ("wrong address", Reason.ADDRESS),
    ("tu choi", Reason.REFUSED),
    ("refused", Reason.REFUSED),
    ("khong den nhan", Reason.UNCLAIMED),
    ("qua han", Reason.UNCLAIMED),
    ("not collected", Reason.UNCLAIMED),
    ("chuyen di", Reason.MOVED),
    ("chuyen cho o", Reason.MOVED),
    ("moved", Reason.MOVED),
    ("vang", Reason.ABSENT),
    ("khong co nguoi", Reason.ABSENT),
    ("khong gap", Reason.ABSENT),
    ("nobody", Reason.ABSENT),
)


@dataclass
class Line:
    """A row of the file; ``outcome`` is what it claims, ``why`` what is wrong with it."""

    number: int
    tracking: str
    status: str
    on: date | None
    person: str
    reason: str
    outcome: str
    why: str = ""


def read(data: bytes, *, today: date) -> list[Line]:
    """The rows of a file, one by one; raises ``MoveRefused`` where it is no such file as a whole."""
    rows = rows_in(decoded(data))
    _number, header = next(rows, (0, []))
    columns = _columns(header)
    try:
        lines = [_line(number, row, columns, today) for number, row in rows if any(c.strip() for c in row)]
    except csv.Error as error:
        raise MoveRefused(_("This is no CSV file: %(error)s") % {"error": error}) from error
    if not lines:
        raise MoveRefused(_("The file has a header but no rows."))
    if len(lines) > MOST_ROWS:
        raise MoveRefused(_("The file has more than %(count)d rows; split it.") % {"count": MOST_ROWS})
    return lines


def decoded(data: bytes) -> str:
    """The text of a CSV file in UTF-8; raises ``MoveRefused`` for anything else."""
    if not data.strip():
        raise MoveRefused(_("This file is empty."))
    try:
        words = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = "\0"
    if "\0" in words:
        raise MoveRefused(
            _(
                "The file is not in UTF-8 (perhaps Windows-1258 or a workbook), so names would come out "
                "wrong. Open it in Excel, choose “Save as”, “CSV UTF-8”, and upload it again."
            )
        )
    return words


def rows_in(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with the number of the line each ends on."""
    head = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    for row in reader:
        yield reader.line_num, row


def _columns(header: list[str]) -> dict[str, int]:
    """Which column holds what."""
    names = [without_marks(name) for name in header]
    found: dict[str, int] = {}
    for what, known in HEADERS.items():
        places = [names.index(name) for name in known if name in names]
        if places:
            found[what] = places[0]
        if any(names.count(name) > 1 for name in known):
            raise MoveRefused(_("The column “%(name)s” stands there twice.") % {"name": header[places[0]]})
    if missing := [name for what, name in _NEEDED.items() if what not in found]:
        raise MoveRefused(
            _("These columns are missing in the first row: %(names)s.") % {"names": ", ".join(missing)}
        )
    return found


def _line(number: int, row: list[str], columns: Mapping[str, int], today: date) -> Line:
    cells = {what: clean(row[at]) if at < len(row) else "" for what, at in columns.items()}
    on = day_in(cells["on"])
    outcome = _STATUSES.get(without_marks(cells["status"]), Outcome.WRONG.value)
    line = Line(
        number=number,
        tracking=compact(cells["tracking"])[:40],
        status=cells["status"][:60],
        on=on,
        person=cells.get("person", "")[:200],
        reason=cells.get("reason", "")[:200],
        outcome=outcome,
    )
    line.why = _problem(line, today)
    if line.why:
        line.outcome = Outcome.WRONG.value
    return line


def _problem(line: Line, today: date) -> str:
    if not line.tracking:
        return _("There is no tracking number.")
    if line.outcome == Outcome.WRONG:
        return _("This status is not known.")
    if line.on is None:
        return _("The day is not a date such as 31/12/2021.")
    if line.on > today:
        return _("The day lies ahead.")
    return ""


def reason_of(words: str) -> str:
    """Why it was not delivered, as far as ``words`` say."""
    bare = without_marks(words)
    return next((reason.value for said, reason in _REASONS if said in bare), Reason.OTHER.value)
