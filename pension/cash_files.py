"""The return of a paying point as a file: CSV or XLSX, a row a line of its cash list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from django.utils.translation import gettext as _

from pension.models import CashOutcome
from pension.roster_files import UnreadableFile, rows_of
from portal.text import without_marks

Reason = CashOutcome.Reason
HEADS: Mapping[str, tuple[str, ...]] = {
    "position": ("stt", "so thu tu"),
    "number": ("ma so bhxh", "ma so", "so bhxh"),
    "amount": ("so tien", "thuc linh"),
    "result": ("ket qua", "ket qua chi tra"),
    "day": ("ngay", "ngay chi", "ngay tra", "ngay chi tra"),
    "reason": ("ly do", "ly do chua nhan"),
}
TITLES = {
    "position": "STT",
    "number": "Mã số BHXH",
    "amount": "Số tiền",
    "result": "Kết quả",
    "day": "Ngày",
    "reason": "Lý do",
}
COLUMNS = ("STT", "Mã số BHXH", "Họ và tên", "Người nhận", "Chế độ", "Số tiền", "Kết quả", "Ngày", "Lý do")
NEEDED = ("position", "number", "amount", "result")
_PAID = {"da tra", "da chi", "da nhan", "da linh", "da chi tra", "x", "1"}
_LEFT = {"chua nhan", "chua linh", "khong nhan", "khong linh", "chua tra", "chua chi", "0"}
_REASONS = {
    "vang": Reason.ABSENT,
    "khong den": Reason.ABSENT,
    "chua den": Reason.ABSENT,
    "chuyen di": Reason.MOVED,
    "da chuyen di": Reason.MOVED,
    "chuyen noi o": Reason.MOVED,
    "mat": Reason.DIED,
    "da mat": Reason.DIED,
    "chet": Reason.DIED,
}


@dataclass(frozen=True)
class Said:
    """What a row says; ``number`` and ``amount`` are compared with the line of the list."""

    position: int
    number: str
    amount: Decimal
    paid: bool
    on: date | None
    reason: str = ""
    note: str = ""


class _Wrong(Exception):
    """What is wrong with a row, in words."""


def read(file: BinaryIO, wrong: Callable[[int, str], None]) -> Iterator[tuple[int, Said]]:
    """Every row that can be understood, with its line; ``wrong`` hears of the others.

    Rows without a number of their own (sums, signatures) are passed over. Raises ``UnreadableFile``.
    """
    rows = rows_of(file)
    columns = _columns(rows)
    for line, cells in rows:
        get = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        if not get["position"].isdigit() and not get["number"]:
            continue
        try:
            yield line, _said(get)
        except _Wrong as error:
            wrong(line, str(error))


def _columns(rows: Iterator[tuple[int, Sequence[str]]]) -> dict[str, int]:
    missing: list[str] = list(NEEDED)
    for line, cells in rows:
        heads = [without_marks(cell).strip(" .:*") for cell in cells]
        found = {name: heads.index(head) for name, known in HEADS.items() for head in known if head in heads}
        absent = [name for name in NEEDED if name not in found]
        if not absent:
            return found
        missing = min(missing, absent, key=len)
        if line >= 20:
            break
    names = ", ".join(TITLES[name] for name in missing)
    raise UnreadableFile(_("The file lacks these columns: %(names)s.") % {"names": names})


def _said(get: Mapping[str, str]) -> Said:
    if not (get["position"].isascii() and get["position"].isdigit() and len(get["position"]) < 9):
        raise _Wrong(_("the number of the row is missing"))
    paid = _paid(get["result"])
    reason, note = ("", "") if paid else reason_of(get.get("reason", ""))
    return Said(
        int(get["position"]),
        get["number"].zfill(10),
        _amount(get["amount"]),
        paid,
        _day(get.get("day", "")),
        reason,
        note,
    )


def _paid(said: str) -> bool:
    bare = without_marks(said)
    if bare not in _PAID | _LEFT:
        raise _Wrong(_("“%(said)s” is no result: “Đã trả” or “Chưa nhận”") % {"said": said[:30]})
    return bare in _PAID


def reason_of(said: str) -> tuple[str, str]:
    """The reason behind what the post wrote, and its words where they are no reason we know."""
    bare = without_marks(said)
    if bare in _REASONS or bare in Reason.values:
        return str(_REASONS.get(bare, bare)), ""
    if not bare:
        return "", ""
    return Reason.OTHER.value, said[:200]


def _amount(said: str) -> Decimal:
    digits = said.replace(".", "").replace(",", "").replace(" ", "").rstrip("đ")
    if not (digits.isascii() and digits.isdigit() and len(digits) < 13):
        raise _Wrong(_("“%(said)s” is no amount in whole đồng") % {"said": said[:30]})
    return Decimal(digits)


def _day(said: str) -> date | None:
    """Raises ``_Wrong`` for what is no day; None where nothing is said."""
    if not said:
        return None
    day = day_of(said)
    if day is None:
        raise _Wrong(_("“%(said)s” is no day: write 05/08/2021") % {"said": said[:20]})
    return day


def day_of(said: str) -> date | None:
    """05/08/2021 or 2021-08-05; None for anything else."""
    parts = said.strip()[:10].replace(".", "/").replace("-", "/").split("/")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    day, month, year = parts if len(parts[2]) == 4 else reversed(parts)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
