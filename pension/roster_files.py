"""Roster files: a row a benefit, in CSV or XLSX, columns by their heads. Read once, row by row."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal import identifiers, sealing
from portal.text import bank_name, clean, without_marks

HEADS: Mapping[str, tuple[str, ...]] = {
    "insurance_number": ("ma so bhxh", "ma so", "so bhxh"),
    "full_name": ("ho va ten", "ho ten"),
    "born": ("ngay sinh", "ngay thang nam sinh", "nam sinh"),
    "phone": ("dien thoai", "so dien thoai"),
    "benefit": ("loai che do", "che do", "loai tro cap"),
    "amount": ("so tien", "muc huong", "thuc linh"),
    "method": ("hinh thuc", "hinh thuc linh", "hinh thuc chi tra"),
    "ward": ("ma xa", "ma phuong", "ma xa phuong"),
    "pay_point": ("diem chi tra", "diem chi"),
    "bank": ("ngan hang", "ma ngan hang", "bin"),
    "account": ("so tai khoan", "tai khoan"),
    "holder": ("chu tai khoan", "ten chu tai khoan"),
    "recipient": ("nguoi linh thay", "nguoi duoc uy quyen"),
    "recipient_until": ("uy quyen den", "linh thay den"),
}
NEEDED = ("insurance_number", "full_name", "born", "benefit", "amount", "method", "ward")
TITLES = (
    "Mã số BHXH", "Họ và tên", "Ngày sinh", "Điện thoại", "Loại chế độ", "Số tiền", "Hình thức", "Mã xã",
    "Điểm chi trả", "Ngân hàng", "Số tài khoản", "Chủ tài khoản", "Người lĩnh thay", "Ủy quyền đến",
)  # fmt: skip
_METHODS = {
    "tien mat": "cash", "tm": "cash", "cash": "cash",
    "tai khoan": "account", "tk": "account", "atm": "account", "chuyen khoan": "account", "ck": "account",
    "account": "account",
}  # fmt: skip
_BENEFITS = {
    "luong huu": "retirement",
    "huu tri": "retirement",
    "mat suc lao dong": "loss_of_capacity",
    "tro cap mat suc lao dong": "loss_of_capacity",
    "tai nan lao dong": "accident_disease",
    "tnld-bnn": "accident_disease",
    "tnld, bnn": "accident_disease",
    "benh nghe nghiep": "accident_disease",
    "tuat": "survivor",
    "tuat hang thang": "survivor",
    "can bo xa": "commune_cadre",
    "tro cap can bo xa": "commune_cadre",
    "qd 91": "qd91_613",
    "qd 613": "qd91_613",
    "qd91/613": "qd91_613",
    "khac": "other",
}
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_MOST = Decimal(10) ** 9  # more than anybody receives in a month


class UnreadableFile(Exception):
    """A file that is no roster; ``str()`` says why, fit for who brought it."""


class _Wrong(Exception):
    """What is wrong with a row, in words."""


@dataclass(frozen=True)
class Places:
    """What rows may name: offices by ward, banks by BIN and short name; ``only`` one office, or any."""

    offices: Mapping[str, int]
    banks: Mapping[str, str]
    only: int | None = None


Staged = tuple[Any, ...]
"""The columns of ``RosterRow`` from ``insurance_number`` on."""


def read(file: BinaryIO, places: Places, wrong: Callable[[int, str], None]) -> Iterator[tuple[int, Staged]]:
    """Every good row with its line; ``wrong`` hears of the others. Raises ``UnreadableFile``."""
    rows = rows_of(file)
    columns = _columns(rows)
    for line, cells in rows:
        if not any(cells):
            continue
        try:
            yield line, _staged(columns, cells, places)
        except _Wrong as error:
            wrong(line, str(error))
        except ValidationError as error:
            wrong(line, str(error.messages[0]))


# --- The file ------------------------------------------------------------------------------------

Line = tuple[int, Sequence[str]]


def rows_of(file: BinaryIO) -> Iterator[Line]:
    start = file.read(4)
    file.seek(0)
    return _of_workbook(file) if start[:2] == b"PK" or start == b"\xd0\xcf\x11\xe0" else _of_csv(file, start)


def _of_workbook(file: BinaryIO) -> Iterator[Line]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)  # type: ignore[arg-type]
        for line, row in enumerate(sheet.iter_rows(), start=1 + (sheet.start or (0, 0))[0]):
            yield line, [_cell(cell) for cell in row]
    except (CalamineError, ValueError, IndexError, OSError):
        raise UnreadableFile(_("This workbook cannot be opened; save it again as XLSX or CSV.")) from None


def _cell(cell: object) -> str:
    if isinstance(cell, str):
        return _tidy(cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return str(cell)


def _of_csv(file: BinaryIO, start: bytes) -> Iterator[Line]:
    coded = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(file, coded, newline="")
    try:
        sample = text.read(8192)
        text.seek(0)
        delimiter = max(";\t,", key=sample.count)
        for line, row in enumerate(csv.reader(text, delimiter=delimiter), start=1):
            yield line, [_tidy(cell) for cell in row]
    except (UnicodeError, csv.Error):
        raise UnreadableFile(
            _("This is neither a workbook nor a CSV in UTF-8; save it again as XLSX or CSV UTF-8.")
        ) from None
    finally:
        text.detach()


def _tidy(cell: str) -> str:
    """``cell`` as ``clean`` makes it; most cells are tidy already, and that is quick to see."""
    return cell.strip() if cell.isascii() and cell.isprintable() else clean(cell)


def _columns(rows: Iterator[Line]) -> dict[str, int]:
    """Where each column is, by the first row that names those needed. Raises ``UnreadableFile``."""
    missing = list(NEEDED)
    for line, cells in rows:
        heads = [without_marks(cell).strip(" .:*") for cell in cells]
        found = {name: heads.index(head) for name, known in HEADS.items() for head in known if head in heads}
        absent = [name for name in NEEDED if name not in found]
        if not absent:
            return found
        missing = min(missing, absent, key=len)
        if line >= 20:
            break
    titles = dict(zip(HEADS, TITLES, strict=True))
    names = ", ".join(titles[name] for name in missing)
    raise UnreadableFile(_("The file lacks these columns: %(names)s.") % {"names": names})


# --- A row ---------------------------------------------------------------------------------------


def _staged(columns: Mapping[str, int], cells: Sequence[str], places: Places) -> Staged:
    said = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
    get = said.get
    name = said["full_name"].upper()
    if not 2 <= len(name) <= 100:
        raise _Wrong(_("the name is missing or too long"))
    ward, office = _place(said["ward"], places)
    method = _METHODS.get(_bare(said["method"]))
    if method is None:
        raise _Wrong(_("“%(said)s” is no way of paying: cash or account") % {"said": said["method"][:30]})
    account = _account(said, places) if method == "account" else ("", "", "", "")
    return (
        _number(said["insurance_number"]),
        name,
        _bare(name),
        _born(said["born"]),
        identifiers.phone(said["phone"]) if get("phone") else "",
        (get("recipient") or "").upper()[:100],
        _until(get("recipient_until") or ""),
        _benefit(said["benefit"]),
        _amount(said["amount"]),
        method,
        ward,
        office,
        (get("pay_point") or "")[:100] if method == "cash" else "",
        *account,
    )


_bare = lru_cache(maxsize=65536)(without_marks)


def _number(said: str) -> str:
    if len(said) == 10 and said.isascii() and said.isdigit():
        return said
    # A workbook that took the number for a number has lost the noughts in front.
    if said.isascii() and said.isdigit() and len(said) < 10:
        raise _Wrong(_("the social insurance number %(said)s has lost digits") % {"said": said})
    return identifiers.insurance_number(said)


def _place(said: str, places: Places) -> tuple[str, int]:
    ward = said.zfill(5)
    office = places.offices.get(ward)
    if office is None:
        raise _Wrong(_("no ward of the province has the code %(said)s") % {"said": said[:20]})
    if places.only is not None and office != places.only:
        raise _Wrong(_("the ward %(said)s belongs to another office") % {"said": said})
    return ward, office


@lru_cache(maxsize=65536)
def _born(said: str) -> str:
    if len(said) == 4 and said.isdigit():
        return said
    if found := _DAY.fullmatch(said):
        day, month, year = map(int, found.groups())
    elif re.fullmatch(r"\d{4}-\d{2}-\d{2}( 00:00:00)?", said):
        year, month, day = map(int, said[:10].split("-"))
    else:
        raise _Wrong(_("“%(said)s” is no date of birth") % {"said": said[:20]})
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        raise _Wrong(_("“%(said)s” is no date of birth") % {"said": said[:20]}) from None


def _until(said: str) -> date | None:
    return date.fromisoformat(_born(said)) if len(said) > 4 else None


def _benefit(said: str) -> str:
    found = _BENEFITS.get(_bare(said)) or (said if said in _BENEFITS.values() else "")
    if not found:
        raise _Wrong(_("“%(said)s” is no benefit the portal knows") % {"said": said[:40]})
    return found


def _amount(said: str) -> Decimal:
    digits = said.replace(".", "").replace(",", "").replace(" ", "").rstrip("đ")
    if not (digits.isascii() and digits.isdigit()) or not 0 < (amount := Decimal(digits)) < _MOST:
        raise _Wrong(_("“%(said)s” is no amount in whole đồng") % {"said": said[:30]})
    return amount


def _account(said: Mapping[str, str], places: Places) -> tuple[str, str, str, str]:
    """BIN, sealed number, fingerprint, holder."""
    bank = places.banks.get(_bare(said.get("bank", "")))
    if bank is None:
        raise _Wrong(_("no bank is called “%(said)s”") % {"said": said.get("bank", "")[:40]})
    number = identifiers.bank_account(said.get("account", ""))
    holder = bank_name(said.get("holder", ""))[:100]
    if not holder:
        raise _Wrong(_("the account holder is missing"))
    return bank, sealing.seal(number), account_print(bank, number), holder


def account_print(bank: str, number: str) -> str:
    """Alike for the same account of the same bank."""
    return sealing.fingerprint(f"{bank}:{number}")


def sample(rows: Iterable[Sequence[str]]) -> bytes:
    """A file with the heads this reads, for who prepares one."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([TITLES, *rows])
    return ("\ufeff" + out.getvalue()).encode()
