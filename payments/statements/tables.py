"""CSV of a bank, read as its saved columns say. Excel and banks write UTF-8, UTF-16 or Windows-1258.

The header may stand below lines of the bank's own; sums below the table are passed over.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from payments.models import CsvMapping
from payments.statements.lines import BankLine, FileRefused, Problem, Reading, short
from portal.dated import day_in
from portal.text import without_marks

_MOST_BEFORE_HEADER = 40
# Whole đồng, thousands parted by one sign, cents of zero after the other.
_AMOUNT = re.compile(
    r"(?P<whole>\d{1,3}(?:(?P<by>[.,])\d{3}(?:(?P=by)\d{3})*)?|\d+)(?:(?P<point>[.,])0{1,2})?"
)
Cell = Callable[[str], str]
"""The text of the cell in the column of that name."""
_NEEDED = ("booked_on", "reference", "text")
_OTHERS = ("amount", "credit", "debit", "payer", "payer_account", "currency", "account")
_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(data: bytes) -> str:
    """The text of ``data``, letters composed; raises ``FileRefused`` where no encoding fits."""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return unicodedata.normalize("NFC", text)
    raise FileRefused(
        Problem(0, _("The letters of this file are in no encoding we know. Save it as “CSV UTF-8”."))
    )


def _encodings(data: bytes) -> tuple[str, ...]:
    """What ``data`` may be in, the likeliest first: a mark decides, then NULs, then what decodes."""
    if data.startswith(_MARKS):
        return ("utf-16",)
    zeros = data[:400].count(b"\0")
    if zeros:
        return ("utf-16-le", "utf-16-be") if data[1:400:2].count(0) * 2 > zeros else ("utf-16-be",)
    return ("utf-8-sig", "cp1258")


def lines(data: bytes, mapping: CsvMapping, about: Reading) -> Iterator[BankLine]:
    """The lines; raises ``FileRefused`` at the end where anything was wrong."""
    text = decoded(data)
    table = _rows(text)
    try:
        columns = _header(table, mapping)
        # Rows without day and reference are sums below the table, unless a booking follows them.
        bare: list[int] = []
        for number, row in table:
            line = _line(number, row, columns, about, bare)
            if line is not None:
                about.add(line)
                yield line
    except csv.Error as error:
        raise FileRefused(*about.problems, Problem(0, _("This is no CSV file."))) from error
    about.left_out = len(bare)
    about.end()


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that have anything in them, each with the number of the line it ends on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    return ((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))


def _delimiter(text: str) -> str:
    """What most parts the lines on top."""
    head = text[:8000]
    return max(";\t,", key=head.count)


def _header(table: Iterable[tuple[int, list[str]]], mapping: CsvMapping) -> dict[str, int]:
    """Which column holds what, by the first row that has all the names of ``mapping``."""
    wanted = {
        name: without_marks(getattr(mapping, name)) for name in (*_NEEDED, *_OTHERS) if getattr(mapping, name)
    }
    nearest: list[str] = list(wanted.values())
    for (_number, row), _tried in zip(table, range(_MOST_BEFORE_HEADER), strict=False):
        names = [without_marks(cell) for cell in row]
        missing = [name for name in wanted.values() if name not in names]
        if not missing:
            return _places(names, wanted)
        nearest = min(nearest, missing, key=len)
    titles = [getattr(mapping, what) for what, name in wanted.items() if name in nearest]
    words = _(
        "These columns were not found: %(names)s. Compare the file with the columns saved for the bank."
    )
    raise FileRefused(Problem(0, words % {"names": ", ".join(titles)}))


def _places(names: list[str], wanted: Mapping[str, str]) -> dict[str, int]:
    for name in wanted.values():
        if names.count(name) > 1:
            raise FileRefused(Problem(0, _("The column “%(name)s” stands there twice.") % {"name": name}))
    return {what: names.index(name) for what, name in wanted.items()}


# --- A row ---------------------------------------------------------------------------------------


def _line(
    number: int, row: list[str], columns: Mapping[str, int], about: Reading, bare: list[int]
) -> BankLine | None:
    def cell(what: str) -> str:
        at = columns.get(what)
        return row[at].strip() if at is not None and at < len(row) else ""

    reference, said = short(cell("reference"), 80), cell("booked_on")
    if not reference and not said:
        bare.append(number)
        return None
    _no_gaps(bare, about)
    booked_on = day_in(said)
    signed = _signed(cell("amount"), cell("credit"), cell("debit"))
    problem = _problem(cell, booked_on, reference, signed, about)
    if problem:
        about.wrong(number, problem)
    if problem or booked_on is None or signed is None:
        return None
    return BankLine(
        row=number,
        reference=reference,
        booked_on=booked_on,
        credit=signed > 0,
        amount=abs(signed),
        text=short(cell("text"), 420),
        payer=short(cell("payer"), 140),
        payer_account=short(cell("payer_account"), 40),
    )


def _no_gaps(bare: list[int], about: Reading) -> None:
    """A booking follows: what looked like sums below the table are rows with holes."""
    for number in bare:
        about.wrong(number, _("Day and reference are missing."))
    bare.clear()


def _problem(
    cell: Cell, booked_on: date | None, reference: str, signed: Decimal | None, about: Reading
) -> str:
    """What is wrong with a row, in words; "" where nothing is."""
    if booked_on is None:
        return _("The day is not a date such as 31/12/2021.")
    if not reference:
        return _("There is no reference of the bank, so it could be counted twice.")
    if cell("currency") and cell("currency").upper() not in {"VND", "VNĐ", "Đ"}:
        return _("The currency is %(currency)s; only VND is taken.") % {"currency": cell("currency")[:8]}
    theirs = re.sub(r"\W", "", cell("account")).upper()
    if theirs and theirs != about.account:
        words = _("This row is of account %(theirs)s, not of %(ours)s.")
        return words % {"theirs": theirs[:40], "ours": about.account}
    if signed is None:
        shown = " ".join(filter(None, (cell("amount"), cell("credit"), cell("debit"))))
        return _("“%(amount)s” is no amount in whole đồng.") % {"amount": shown[:40]}
    return ""


def _signed(amount: str, credit: str, debit: str) -> Decimal | None:
    """Money in above zero, out below, from one column or two; ``None`` where it is neither."""
    if amount:
        return _amount(amount) or None
    came, went = (_amount(cell) if cell not in {"", "-"} else Decimal(0) for cell in (credit, debit))
    if came is None or went is None or (came and went) or not (came or went):
        return None
    return abs(came) if came else -abs(went)


def _amount(typed: str) -> Decimal | None:
    """``1.490.000``, ``1,490,000.00``, ``(50000)``, ``-50 000 VND``: whole đồng, or ``None``."""
    bare = re.sub(r"\s|VND|VNĐ|đ|Đ|₫", "", typed)
    negative = bare.startswith("-") or (bare.startswith("(") and bare.endswith(")"))
    digits = bare.strip("+-()")
    if len(digits) > 24 or not digits.isascii():
        return None
    found = _AMOUNT.fullmatch(digits)
    if found is None or (found["by"] and found["by"] == found["point"]):
        return None
    whole = Decimal(found["whole"].replace(".", "").replace(",", ""))
    return -whole if negative else whole
